#include "client/run.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "client/command_line.h"
#include "client/get.h"
#include "client/json_presenter.h"
#include "client/operation.h"
#include "client/query.h"
#include "client/signals.h"
#include "client/table_presenter.h"
#include "client/terminal.h"
#include "client/view.h"
#include "client/watch.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::client {
namespace {

// The columns there are to fit into; 0 if nothing says.
size_t WindowOf(const Options& options, int output) {
  if (options.width > 0) return options.width;
  return IsTerminal(output) ? SizeOfWindow(output).columns : 0;
}

std::unique_ptr<Presenter> MakePresenter(const Options& options, size_t targets, Output& output,
                                         Notes& notes, int file_descriptor) {
  const bool color = WantsColor(file_descriptor, options.color);
  const bool watching = options.command == Command::kWatch;
  switch (options.format) {
    case Format::kJsonLines:
      return std::make_unique<JsonLinesPresenter>(output, options);
    case Format::kJson:
      return std::make_unique<JsonPresenter>(output, options, targets > 1 && !watching);
    case Format::kTable:
    case Format::kWide:
      break;
  }
  if (watching && IsTerminal(file_descriptor)) {
    return std::make_unique<LivePresenter>(output, notes, options, color);
  }
  return std::make_unique<TablePresenter>(
      output, notes, options,
      TableSettings{WindowOf(options, file_descriptor), color, targets > 1});
}

std::unique_ptr<TargetsCommand> MakeCommand(const CommandContext& context, size_t window) {
  const Options& options = context.options;
  switch (options.command) {
    case Command::kAgentInfo:
      return std::make_unique<AnswerCommand>(
          context, Question{"/farstat.v1.AgentService/GetAgentInfo",
                            std::make_unique<v1::GetAgentInfoRequest>(),
                            v1::GetAgentInfoResponse::descriptor(), "agent_info", nullptr});
    case Command::kAgentStatus:
      return std::make_unique<AnswerCommand>(
          context, Question{"/farstat.v1.AgentService/GetAgentStatus",
                            std::make_unique<v1::GetAgentStatusRequest>(),
                            v1::GetAgentStatusResponse::descriptor(), "agent_status", nullptr});
    case Command::kEstatsEnable:
    case Command::kEstatsDisable:
    case Command::kClearRas:
      return std::make_unique<AnswerCommand>(context, OperationQuestion(options));
    default:
      break;
  }
  const std::vector<Column> columns = ColumnsToFill(options, window);
  if (options.command == Command::kWatch) {
    const bool prompt = options.is_table() || options.count > 0;
    // A live display begins at once; the others would begin with a table of dashes.
    const bool rates = options.rate && options.is_table() && !context.presenter.is_live();
    return std::make_unique<WatchCommand>(context, SubscribeRequest(options, columns, prompt),
                                          WatchCommand::Settings{options.count, rates, false});
  }
  if (options.rate) {
    return std::make_unique<WatchCommand>(context, SubscribeRequest(options, columns, true),
                                          WatchCommand::Settings{1, true, true});
  }
  return std::make_unique<GetCommand>(context, GetRequest(options, columns));
}

// Without certificates only this host can be asked.
absl::Status CheckTransport(const Options& options, const std::vector<Target>& targets) {
  if (!options.tls.empty()) {
    const std::vector<std::string> problems = CheckTlsFiles(options.tls, absl::Now());
    return problems.empty() ? absl::OkStatus()
                            : absl::FailedPreconditionError(absl::StrJoin(problems, "\nfarstat: "));
  }
  for (const Target& target : targets) {
    if (target.IsLoopback()) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "target ", target.name, " is not this host, and over the network farstat speaks ",
        "mutual TLS only: give --ca, --cert and --key"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Target>> TargetsOf(const Options& options, std::istream& input) {
  absl::StatusOr<std::vector<Target>> targets = ParseTargets(options.targets, input);
  if (!targets.ok()) return targets;
  targets = SelectByTags(*std::move(targets), options.tags);
  if (!targets.ok()) return targets;
  const absl::Status transport = CheckTransport(options, *targets);
  if (!transport.ok()) return transport;
  return targets;
}

int Execute(const Options& options, const std::vector<Target>& targets, int output, int errors,
            bool own_process) {
  Output data(output);
  Notes notes(errors);
  EventLoop loop;
  TargetsCommand* running = nullptr;
  if (own_process) HandleSignals(loop.poster(), [&running] { running->Interrupt(); });

  LinkSettings settings;
  settings.dial = {options.tls, options.server_name, options.connect_timeout,
                   /*streaming=*/options.command == Command::kWatch};
  settings.timeout = options.timeout;
  settings.changes_host = options.changes_hosts();
  settings.release_disables = options.release_disables;
  const std::unique_ptr<Dialer> dialer = MakeDialer(loop, settings.dial);
  Workers workers(std::min(options.max_parallel, targets.size()));
  Slots slots(options.max_parallel);
  const Runtime runtime = {loop, *dialer, slots, ProbingDiagnosis(workers, loop), settings};
  const std::unique_ptr<Presenter> presenter =
      MakePresenter(options, targets.size(), data, notes, output);
  const CommandContext context = {runtime, options, targets, *presenter, data, notes};
  const std::unique_ptr<TargetsCommand> command = MakeCommand(context, WindowOf(options, output));
  running = command.get();
  const int exit_code = command->Run();
  // Without the destructors, which wait for other threads.
  if (own_process) std::_Exit(exit_code);
  return exit_code;
}

}  // namespace

int RunCli(const std::vector<std::string>& arguments, std::istream& input, int output, int errors,
           bool own_process) {
  Output data(output);
  Notes notes(errors);
  const CommandLine command_line = ParseCommandLine(arguments);
  if (!command_line.options.has_value()) {
    data.Write(command_line.out);
    data.Flush();
    if (!command_line.error.empty()) notes.Line(command_line.error);
    return command_line.exit_code;
  }
  const Options& options = *command_line.options;
  if (options.command == Command::kVersion) {
    data.Write(absl::StrCat("farstat ", FARSTAT_VERSION, " (", LibraryVersions(), ")\n"));
    data.Flush();
    return kExitOk;
  }
  if (options.command == Command::kListColumns) {
    data.Write(DescribeColumns(*options.family));
    data.Flush();
    return kExitOk;
  }
  const absl::StatusOr<std::vector<Target>> targets = TargetsOf(options, input);
  if (!targets.ok()) {
    notes.Line(targets.status().message());
    return kExitUsage;
  }
  return Execute(options, *targets, output, errors, own_process);
}

}  // namespace farstat::client
