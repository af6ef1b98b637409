// farstat-agent: serves the statistics of this host.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/config.h"
#include "agent/service/configure.h"
#include "agent/service/doctor.h"
#include "agent/service/foreground.h"
#include "agent/service/host_paths.h"
#include "agent/service/installation.h"
#include "agent/service/serve.h"
#include "agent/service/service.h"
#include "agent/service/terminal_colours.h"
#include "agent/stop_signal.h"
#include "common/version.h"

namespace farstat {
namespace {

constexpr int kExitFailed = 1;

constexpr char kRunExamples[] = R"(Examples:
  farstat-agent run
      Serve programs of this host on 127.0.0.1:9847.
  farstat-agent run --listen 0.0.0.0:9847 --ca ca.pem --cert agent.pem --key agent.key
      Serve the network by mutual TLS.
  farstat-agent run --config /etc/farstat/agent.textproto
      With settings from a file; flags override it.)";

constexpr char kServiceNotes[] =
    R"(It is started by the system, with the settings file that configure writes:
  Windows   net start farstat-agent       (farstat-agent install registers it)
  Linux     systemctl start farstat-agent (the package brings the unit)
It ends with 0, 1 (failed), 2 (settings, or files they name), 3 (an address cannot be
had), 4 (another agent runs), 5 (stuck).)";

constexpr char kInstallExamples[] = R"(Examples, as administrator:
  farstat-agent install
      Register the service, its event source and its folder, or bring them up to date.
  farstat-agent install --start
      And start it.
On Linux the package does it: apt install ./farstat-agent_*.deb.)";

constexpr char kUninstallExamples[] = R"(Examples, as administrator:
  farstat-agent uninstall
      Stop and remove the service, its event source, logs and state. Settings and
      certificates stay.
On Linux the package does it: apt remove farstat-agent.)";

constexpr char kConfigureExamples[] = R"(Examples:
  farstat-agent configure --listen 0.0.0.0:9847 --ca ca.pem --cert agent.pem --key agent.key
      Have the service serve the network by mutual TLS.
  farstat-agent configure --operator '*.ops.example' --log-level debug
      Change these settings, keep the others.
  farstat-agent configure --check
      Would the service start with its settings? All problems, exit code 0 or 1.)";

constexpr char kDoctorExamples[] = R"(Examples:
  farstat-agent doctor
      Look at settings, certificates, rights, services, ports and every family.
  farstat-agent doctor --json
      The same for machines.
Exit code: 0 all is well, 1 there are warnings, 2 something fails.)";

// What the command line says.
struct Arguments {
  AgentFlags flags;
  bool check = false;
  bool reset = false;
  bool start = false;
  bool json = false;
};

// Prints each line of an error for people.
int Fail(const absl::Status& status) {
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "farstat-agent: %.*s\n", static_cast<int>(line.size()), line.data());
  }
  return kExitFailed;
}

int Print(const absl::StatusOr<std::string>& text) {
  if (!text.ok()) return Fail(text.status());
  std::fputs(text->c_str(), stdout);
  return 0;
}

int PrintLines(const absl::StatusOr<std::vector<std::string>>& lines) {
  if (!lines.ok()) return Fail(lines.status());
  return Print(absl::StrJoin(*lines, "\n") + "\n");
}

int Run(const Arguments& arguments) {
  PrepareStopSignals();
  service::ServeOptions options;
  options.flags = arguments.flags;
  service::Foreground foreground;
  const service::Outcome outcome = service::Serve(options, foreground);
  if (outcome.code == service::ExitCode::kOk) return 0;
  return Fail(absl::UnavailableError(absl::StrJoin(outcome.problems, "\n")));
}

int RunService(const Arguments& arguments) {
  absl::Status error;
  const int exit_code = service::RunAsService(arguments.flags.config_file, error);
  return error.ok() ? exit_code : Fail(error);
}

int Configure(const Arguments& arguments) {
  AgentFlags flags = arguments.flags;
  if (flags.config_file.empty()) flags.config_file = service::ThisHostsPaths().settings_file;
  return arguments.check ? Print(service::CheckConfiguration(flags.config_file))
                         : Print(service::Configure(flags, arguments.reset));
}

int Doctor(const Arguments& arguments) {
  const service::DoctorReport report = service::ExamineThisHost(arguments.flags.config_file);
  Print(arguments.json ? service::DoctorJson(report)
                       : service::DoctorText(report, service::HasColours(stdout)));
  return service::DoctorExitCode(report);
}

void AddSettings(AgentFlags& flags, CLI::App& verb) {
  verb.add_option("--listen", flags.listen,
                  "Address to serve, HOST:PORT; may be repeated. Default: 127.0.0.1:9847");
  verb.add_option("--ca", flags.ca, "CA certificates that clients' certificates must come from");
  verb.add_option("--cert", flags.certificate, "Certificate of this agent");
  verb.add_option("--key", flags.key, "Private key of that certificate");
  verb.add_option("--operator", flags.operators,
                  "Name in clients' certificates whose calls may change the host; may be repeated");
  verb.add_flag("--local-operators", flags.local_operators,
                "Programs of this host may also change it, with the agent's rights (without TLS)");
  verb.add_option("--state-directory", flags.state_directory,
                  "Folder for what must outlive the agent");
  verb.add_option("--max-streams", flags.max_streams, "Streams served at once. Default: 2000");
  verb.add_option("--max-streams-per-peer", flags.max_streams_per_peer,
                  "Of these, for one peer, by its address. Default: three quarters of them");
  verb.add_option("--stalled-stream-timeout", flags.stalled_stream_timeout_s,
                  "Seconds after which a stream that is not read is ended. Default: 60");
  verb.add_option("--max-collection-cpu-percent", flags.max_collection_cpu_percent,
                  "What collecting a family may cost, in hundredths of a processor core; costlier "
                  "ones are collected less often. Default: 10");
  verb.add_option("--log-level", flags.log_level, "trace, debug, info (default), warn or error");
}

// A verb, what it is for, and what it does with its arguments.
struct Verb {
  const char* name;
  const char* description;
  const char* footer;
  int (*run)(const Arguments& arguments);
};

int Version(const Arguments& /*arguments*/) {
  return Print(absl::StrCat("farstat-agent ", kVersion, "\n"));
}
int Install(const Arguments& arguments) {
  return PrintLines(service::InstallHere(arguments.start));
}
int Uninstall(const Arguments& /*arguments*/) { return PrintLines(service::UninstallHere()); }

constexpr Verb kVerbs[] = {
    {"run", "Serve in the foreground until a signal or Ctrl-C.", kRunExamples, &Run},
    {"service", "Serve as the system's service.", kServiceNotes, &RunService},
    {"install", "Register the service with Windows.", kInstallExamples, &Install},
    {"uninstall", "Remove the service from Windows.", kUninstallExamples, &Uninstall},
    {"configure", "Write or check the service's settings.", kConfigureExamples, &Configure},
    {"doctor", "Look for what keeps the agent from serving.", kDoctorExamples, &Doctor},
    {"version", "Print the version.", "Example:\n  farstat-agent version", &Version},
};

void AddOptions(Arguments& arguments, CLI::App& verb) {
  const std::string name = verb.get_name();
  const bool takes_file = name == "run" || name == "configure" || name == "doctor" ||
                          (name == "service" && service::TakesSettingsFile());
  if (takes_file) {
    verb.add_option("--config", arguments.flags.config_file,
                    name == "run"
                        ? std::string("File with settings (protobuf text format)")
                        : "Settings file. Default: " + service::ThisHostsPaths().settings_file);
  }
  if (name == "run" || name == "configure") AddSettings(arguments.flags, verb);
  if (name == "configure") {
    CLI::Option* check = verb.add_flag("--check", arguments.check, "Only check what is there");
    verb.add_flag("--reset", arguments.reset, "Begin from the defaults, not from what is there")
        ->excludes(check);
  }
  if (name == "install") verb.add_flag("--start", arguments.start, "Also start the service");
  if (name == "doctor") verb.add_flag("--json", arguments.json, "Print JSON");
}

absl::Status UnknownVerb(const char* given) {
  const auto name = [](std::string* out, const Verb& verb) { out->append(verb.name); };
  return absl::InvalidArgumentError(absl::StrCat("there is no verb \"", given, "\"; there are ",
                                                 absl::StrJoin(kVerbs, ", ", name)));
}

int Main(int argc, char** argv) {
  CLI::App app("Serves the TCP, RAS, IPsec and IKE statistics of this host over gRPC.",
               "farstat-agent");
  app.require_subcommand(1);
  app.footer("farstat-agent VERB --help tells more about a verb, with examples.");
  Arguments arguments;
  for (const Verb& verb : kVerbs) {
    CLI::App* added = app.add_subcommand(verb.name, verb.description);
    added->footer(verb.footer);
    AddOptions(arguments, *added);
  }
  const auto is_given = [&](const CLI::App* verb) { return verb->get_name() == argv[1]; };
  if (argc > 1 && argv[1][0] != '-' && app.get_subcommands(is_given).empty()) {
    return Fail(UnknownVerb(argv[1]));
  }
  try {
    app.parse(argc, argv);
    // allow(exceptions): CLI11 throws
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitFailed;
  }
  for (const Verb& verb : kVerbs) {
    if (app.got_subcommand(verb.name)) return verb.run(arguments);
  }
  return kExitFailed;
}

}  // namespace
}  // namespace farstat

int main(int argc, char** argv) { return farstat::Main(argc, argv); }
