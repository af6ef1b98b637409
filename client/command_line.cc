#include "client/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/raw_options.h"
#include "client/suggest.h"

namespace farstat::client {
namespace {

constexpr char kMainExamples[] = R"(Examples:
  farstat get tcp                              this host's TCP connections
  farstat get tcp -t web1,web2 --ca ca.pem --cert me.pem --key me-key.pem
  farstat watch tcp --rate                     what moves, every second
  farstat get host -o jsonl -t @fleet.txt      everything, for a program
  farstat agent info -t web1 …                 who answers there, and what it can deliver
  farstat estats enable --groups data,path --all … what Windows does not count by itself

Exit codes: 0 every target answered; 1 wrong usage or a local error; 2 some targets failed;
3 all failed; 130 interrupted.)";

constexpr char kGetExamples[] = R"(Examples:
  farstat get tcp                                connections of this host
  farstat get tcp --state established --sort rtt the slowest round trips first
  farstat get tcp --remote 10.0.0.0/8 --port 443 --limit 20
  farstat get tcp --process nginx --columns state,remote,rtt,cur_rto_ms,process
  farstat get tcp --rate                         bytes per second, from two readings
  farstat get tcp --columns help                 every column there is
  farstat get host -t @fleet.txt --tag role=web -o jsonl

Families: host (all of them), ras, tcp, ipsec, ike.
--sort: numbers largest first, text from A to Z; --sort=-rtt turns it round.)";

constexpr char kWatchExamples[] = R"(Examples:
  farstat watch tcp                              redraws every second, Ctrl-C ends it
  farstat watch tcp --rate --sort out            the busiest senders
  farstat watch tcp --interval 5s --count 3 | cat
  farstat watch tcp --estats data,path --all     Windows counts these as long as this runs
  farstat watch host -t @fleet.txt -o jsonl      changes only, for a program

A lost agent is tried again, ever more slowly, and the stream resumes. If no target at all answers
at first, watch ends, unless --keep-trying is given.
What --estats has switched on is switched off at the end, unless --release keep is given.)";

constexpr char kEstatsExamples[] = R"(Examples:
  farstat estats enable --groups data,path --all -t web1 … until the connections end
  farstat estats enable --groups all --remote 10.0.0.0/8 --ttl 10m --release disable
                             for ten minutes, also for connections that come meanwhile
  farstat estats disable --groups bandwidth --port 443
  farstat watch tcp --estats data,path --port 443          only as long as somebody watches

Without a selection (--local, --remote, --port, --pid, --process) --all must be given.
Windows switches these statistics per connection and group, and all programs of the host share the
switches: switching off disturbs other readers. Needs the role operator at the agent.
Groups: data, send_congestion, path, send_buffer, receive, observed_receive, bandwidth, fine_rtt; all.
SWITCHED and BEFORE count groups, once for each connection: switched now, and as asked for already.)";

constexpr char kClearExamples[] = R"(Examples:
  farstat clear ras --entry Office -t laptop7 …  one VPN, whatever number of connections it has
  farstat clear ras --links --state connected    every connection that is up, and its links
  farstat clear ras --all                        all of them

--entry takes a name as it is, commas included; give it several times for several entries. Without a
selection (--entry, --state) --all must be given.
Every program of the host sees zero then, the status window of Windows included; the totals that
farstat shows go on. Needs the role operator at the agent.)";

constexpr char kAgentExamples[] = R"(Examples:
  farstat agent info                             identity, what it can deliver, limits
  farstat agent status -t web1 …                 sources, subscribers, its own use of the host)";

class Parser {
 public:
  Parser() : app_("farstat: netstat from afar", "farstat") {
    app_.require_subcommand(1);
    app_.footer(kMainExamples);
    app_.set_help_flag("-h,--help", "This help");
    app_.set_version_flag("--version", std::string("farstat ") + FARSTAT_VERSION);
    AddGet();
    AddWatch();
    AddAgent();
    AddEstats();
    AddClear();
    CLI::App* version = app_.add_subcommand("version", "Version of this program");
    version->callback([this] { raw_.command = Command::kVersion; });
  }

  CommandLine Parse(std::vector<std::string> arguments) {
    CommandLine result;
    result.exit_code = kExitUsage;
    if (arguments.empty()) {
      result.error = absl::StrCat("what is to be done?\n", app_.help());
      return result;
    }
    result.error = UnknownCommand(app_, arguments, 0);
    if (!result.error.empty()) return result;
    JoinReversedSort(arguments);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 wants the last argument first.
    try {
      app_.parse(arguments);
      // allow(exceptions): CLI11 throws
    } catch (const CLI::ParseError& error) {
      return Explain(error);
    }
    result.error = EmptyFlag();
    if (!result.error.empty()) return result;
    absl::StatusOr<Options> options = CheckOptions(raw_);
    if (!options.ok()) {
      result.error = absl::StrCat(options.status().message());
      return result;
    }
    result.options = *std::move(options);
    result.exit_code = kExitOk;
    return result;
  }

 private:
  // `type` is what the help calls the value.
  void AddText(CLI::App* command, const char* flag, const char* type, std::string& value,
               const char* help) {
    command->add_option(flag, value, help)->type_name(type);
  }

  // Given several times or with commas; each time takes one argument.
  void AddList(CLI::App* command, const char* flag, const char* type,
               std::vector<std::string>& values, const char* help) {
    command->add_option(flag, values, help)->type_name(type)->allow_extra_args(false)->take_all();
  }

  void AddTargets(CLI::App* command) {
    AddList(
        command, "-t,--target", "TARGET", raw_.targets,
        "HOST[:PORT], with commas and repeatedly; @FILE or - for a list; default 127.0.0.1:9847");
    AddList(command, "--tag", "TAG", raw_.tags, "Only targets with this tag: KEY=VALUE or KEY");
    AddText(command, "--ca", "FILE", raw_.ca,
            "File with the CA that agents' certificates are from");
    AddText(command, "--cert", "FILE", raw_.cert, "File with this side's certificate");
    AddText(command, "--key", "FILE", raw_.key, "File with its private key");
    AddText(command, "--server-name", "NAME", raw_.server_name,
            "Name that the agent's certificate has, if it is not the target's");
    AddText(command, "--max-parallel", "N", raw_.max_parallel, "Targets asked at once (128)");
    AddText(command, "--connect-timeout", "TIME", raw_.connect_timeout, "To connect (3s)");
    AddText(command, "--timeout", "TIME", raw_.timeout,
            "For each call, once connected (5s; 30s where hosts are changed)");
    AddText(command, "--deadline", "TIME", raw_.deadline, "For all targets together (none)");
  }

  void AddOutput(CLI::App* command) {
    AddText(command, "-o,--output", "FORMAT", raw_.output, "table, wide, json or jsonl");
    AddText(command, "--color", "WHEN", raw_.color, "auto, always or never");
    AddText(command, "--width", "N", raw_.width, "Columns of the table, instead of the window's");
  }

  // So that nobody changes everything by leaving something out.
  void AddAll(CLI::App* command) {
    command->add_flag("--all", raw_.all_connections,
                      "Switch or clear every connection: must be given where nothing is selected");
  }

  // Which connections.
  void AddConnections(CLI::App* command) {
    AddList(command, "--local", "CIDR", raw_.local,
            "Only rows with a local address in this CIDR range");
    AddList(command, "--remote", "CIDR", raw_.remote, "Only rows with a remote address in it");
    AddList(command, "--port", "PORTS", raw_.ports,
            "Only connections with this local or remote port: 443, 8000-8100");
    AddList(command, "--pid", "PID", raw_.pids, "Only connections of this process");
    AddList(command, "--process", "NAME", raw_.processes,
            "Only connections of processes of this name");
  }

  void AddSelection(CLI::App* command) {
    command->add_option("family", raw_.family, "host, ras, tcp, ipsec or ike")->type_name("");
    AddConnections(command);
    AddList(command, "--state", "STATE", raw_.states, "Only rows in this state");
    AddList(command, "--groups", "GROUPS", raw_.groups,
            "Only these groups of fields: path,sndcong");
    command->add_flag("--owner", raw_.owner, "Also the owning process, which costs more");
    AddList(command, "--columns", "COLUMNS", raw_.columns,
            "Columns of the table; help lists them, all is all");
    AddText(command, "--sort", "COLUMN", raw_.sort,
            "Column to sort by, -COLUMN for the other way round");
    AddText(command, "--limit", "N", raw_.limit, "At most so many rows; 0 is all");
    command->add_flag("--rate", raw_.rate, "Counters as their growth per second");
    AddText(command, "--interval", "TIME", raw_.interval,
            "Time between readings (the agent's default, 1s)");
  }

  void AddGet() {
    CLI::App* get = app_.add_subcommand("get", "One snapshot per target");
    get->footer(kGetExamples);
    AddSelection(get);
    AddTargets(get);
    AddOutput(get);
    get->callback([this] { raw_.command = Command::kGet; });
  }

  void AddWatch() {
    CLI::App* watch = app_.add_subcommand("watch", "A subscription per target: what changes");
    watch->footer(kWatchExamples);
    AddSelection(watch);
    AddText(watch, "--count", "N", raw_.count, "End after so many readings of each target");
    AddText(watch, "--duration", "TIME", raw_.duration, "End after this long");
    watch->add_flag("--keep-trying", raw_.keep_trying, "Go on also if no target answers at first");
    AddList(watch, "--estats", "GROUPS", raw_.estats,
            "Have these groups of EStats switched on meanwhile (Windows): data,path");
    AddAll(watch);
    AddRelease(watch, "At the end of --estats: disable what was switched on, or keep (disable)");
    AddTargets(watch);
    AddOutput(watch);
    watch->callback([this] { raw_.command = Command::kWatch; });
  }

  void AddAgent() {
    CLI::App* agent = app_.add_subcommand("agent", "The agents themselves");
    agent->footer(kAgentExamples);
    agent->require_subcommand(1);
    CLI::App* info = agent->add_subcommand("info", "Who answers, what it can deliver, its limits");
    info->footer(kAgentExamples);
    CLI::App* status = agent->add_subcommand("status", "How the agent is doing");
    status->footer(kAgentExamples);
    for (CLI::App* command : {info, status}) {
      AddTargets(command);
      AddOutput(command);
    }
    info->callback([this] { raw_.command = Command::kAgentInfo; });
    status->callback([this] { raw_.command = Command::kAgentStatus; });
  }

  // `help` names the default in parentheses.
  void AddRelease(CLI::App* command, const char* help) {
    AddText(command, "--release", "WHAT", raw_.release, help);
    AddReason(command);
  }

  void AddReason(CLI::App* command) {
    AddText(command, "--reason", "TEXT", raw_.reason, "Why, for the agent's log");
  }

  void AddEstats() {
    CLI::App* estats = app_.add_subcommand("estats", "Switch TCP extended statistics (Windows)");
    estats->footer(kEstatsExamples);
    estats->require_subcommand(1);
    CLI::App* enable = estats->add_subcommand("enable", "Switch groups on");
    CLI::App* disable = estats->add_subcommand("disable", "Switch groups off");
    for (CLI::App* command : {enable, disable}) {
      command->footer(kEstatsExamples);
      AddList(command, "--groups", "GROUPS", raw_.groups, "Groups to switch: path,sndcong; or all");
      AddConnections(command);
      AddAll(command);
      AddText(command, "--ttl", "TIME", raw_.ttl,
              "For so long, also connections that come meanwhile: 10m");
    }
    AddRelease(enable,
               "At the end of --ttl: keep as they are, or disable what was switched on (keep)");
    AddReason(disable);
    for (CLI::App* command : {enable, disable}) {
      AddTargets(command);
      AddOutput(command);
    }
    enable->callback([this] { raw_.command = Command::kEstatsEnable; });
    disable->callback([this] { raw_.command = Command::kEstatsDisable; });
  }

  void AddClear() {
    CLI::App* clear = app_.add_subcommand("clear", "Set counters of Windows to zero");
    clear->footer(kClearExamples);
    clear->require_subcommand(1);
    CLI::App* ras = clear->add_subcommand("ras", "Counters of RAS connections");
    ras->footer(kClearExamples);
    AddList(ras, "--entry", "NAME", raw_.entries,
            "Only connections of this phonebook entry; repeatedly for several");
    AddList(ras, "--state", "STATE", raw_.states, "Only connections in this state");
    AddAll(ras);
    ras->add_flag("--links", raw_.all_links, "The counters of each link, too");
    AddReason(ras);
    AddTargets(ras);
    AddOutput(ras);
    ras->callback([this] { raw_.command = Command::kClearRas; });
  }

  static std::vector<std::string> CommandNames(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
    }
    return names;
  }

  // CLI11 only says that something was not expected.
  static std::string UnknownCommand(const CLI::App& app, const std::vector<std::string>& arguments,
                                    size_t position) {
    const std::vector<std::string> names = CommandNames(app);
    if (names.empty() || position >= arguments.size()) return "";
    const std::string& name = arguments[position];
    if (absl::StartsWith(name, "-")) return "";
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return absl::StrCat("unknown command \"", name, "\".", Suggestion(name, names));
    }
    return UnknownCommand(*app.get_subcommand(name), arguments, position + 1);
  }

  // "--sort -rtt": the value looks like a flag.
  static void JoinReversedSort(std::vector<std::string>& arguments) {
    for (size_t i = 0; i + 1 < arguments.size(); ++i) {
      const std::string& value = arguments[i + 1];
      if (arguments[i] != "--sort" || value.size() < 2 || value[0] != '-' || value[1] == '-')
        continue;
      arguments[i] = absl::StrCat("--sort=", value);
      arguments.erase(arguments.begin() + static_cast<ptrdiff_t>(i) + 1);
    }
  }

  // The command that was chosen, down to "agent info".
  const CLI::App& Chosen() const {
    const CLI::App* chosen = &app_;
    while (!chosen->get_subcommands().empty()) chosen = chosen->get_subcommands().front();
    return *chosen;
  }

  // A flag with an empty value, such as --ttl "$TTL" where TTL is not set, is not one that was left
  // out. Lists are told apart later.
  std::string EmptyFlag() const {
    for (const CLI::Option* option : Chosen().get_options()) {
      if (option->get_lnames().empty() ||
          option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll) {
        continue;
      }
      const std::vector<std::string>& values = option->results();
      if (std::find(values.begin(), values.end(), "") != values.end()) {
        const std::string flag = absl::StrCat("--", option->get_lnames().front());
        return absl::StrCat(flag, " \"\" says nothing: give a value, or leave ", flag,
                            " out (is a variable of the shell empty?)");
      }
    }
    return "";
  }

  static std::vector<std::string> FlagNames(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames())
        names.push_back(absl::StrCat("--", name));
    }
    return names;
  }

  CommandLine Explain(const CLI::ParseError& error) const {
    CommandLine result;
    if (error.get_exit_code() == 0) {  // Help or version was asked for.
      std::ostringstream out;
      std::ostringstream ignored;
      app_.exit(error, out, ignored);
      result.out = out.str();
      return result;
    }
    result.exit_code = kExitUsage;
    const std::string more = absl::StrCat(" See farstat ", CommandPath(), "--help.");
    const std::vector<std::string> unexpected = app_.remaining(/*recurse=*/true);
    if (unexpected.empty()) {
      result.error = absl::StrCat(error.what(), ".", more);
    } else if (absl::StartsWith(unexpected[0], "-")) {
      const std::string name = unexpected[0].substr(0, unexpected[0].find('='));
      const std::string nearest = Nearest(name, FlagNames(Chosen()));
      result.error =
          absl::StrCat("unknown flag ", name, ".",
                       nearest.empty() ? more : absl::StrCat(" Did you mean ", nearest, "?"));
    } else {
      result.error = absl::StrCat("\"", unexpected[0], "\" is too much here.", more);
    }
    return result;
  }

  std::string CommandPath() const {
    std::string path;
    for (const CLI::App* app = &app_; !app->get_subcommands().empty();) {
      app = app->get_subcommands().front();
      absl::StrAppend(&path, app->get_name(), " ");
    }
    return path;
  }

  CLI::App app_;
  RawOptions raw_;
};

}  // namespace

CommandLine ParseCommandLine(const std::vector<std::string>& arguments) {
  return Parser().Parse(arguments);
}

}  // namespace farstat::client
