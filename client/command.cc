#include "client/command.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "common/status.h"

namespace farstat::client {

int TargetsCommand::Run() {
  const Options& options = context_.options;
  began_ = SystemClock().Steady();
  if (options.deadline < absl::InfiniteDuration()) {
    context_.runtime.loop.After(options.deadline, [this, deadline = options.deadline] {
      End({FailureClass::kRpcTimeout,
           absl::StrCat("not finished when --deadline (", HumanDuration(deadline), ") had passed"),
           false});
    });
  }
  Start();
  if (!ended_) context_.runtime.loop.Run();
  // First, so that what is given back now starts nothing.
  context_.runtime.slots.Clear();
  CancelAll();
  const Summary summary = Summarize();
  context_.presenter.Finish(summary);
  context_.output.Flush();
  context_.notes.ClearProgress();
  if (context_.output.error() != 0) {
    context_.notes.Line(
        absl::StrCat("writing to standard output failed: ", ErrnoText(context_.output.error())));
    return kExitUsage;
  }
  // The reader has had enough (| head): that is no error of anybody's.
  if (context_.output.reader_left()) return kExitOk;
  ListFailures(summary);
  return summary.exit_code;
}

void TargetsCommand::Interrupt() {
  interrupted_ = true;
  Conclude();
  End({FailureClass::kRpcTimeout, "interrupted before it answered", false});
}

Failure TargetsCommand::Overtaken(const Target& /*target*/, const Failure& reason) const {
  return reason;
}

void TargetsCommand::Answered(const Target& target) {
  outcomes_[&target].answered = true;
  ShowProgress();
}

void TargetsCommand::Failed(const Target& target, const Failure& failure) {
  outcomes_[&target].failure = failure;
  ++failed_count_;
  ShowProgress();
}

void TargetsCommand::End(const Failure& reason) {
  if (ended_) return;
  ended_ = true;
  for (const Target& target : context_.targets) {
    if (!HasOutcome(target)) Failed(target, Overtaken(target, reason));
  }
  context_.runtime.loop.Stop();
}

void TargetsCommand::EndIfDone() {
  if (outcomes_.size() == context_.targets.size() || context_.output.closed()) End({});
}

void TargetsCommand::ShowProgress() {
  if (context_.targets.size() < 2) return;
  context_.notes.Progress(absl::StrFormat("%d of %d targets done, %d failed", outcomes_.size(),
                                          context_.targets.size(), failed_count_));
}

Summary TargetsCommand::Summarize() {
  Summary summary;
  summary.targets = context_.targets.size();
  summary.took = absl::FromChrono(SystemClock().Steady() - began_);
  summary.interrupted = interrupted_;
  for (const Target& target : context_.targets) {
    const Outcome& outcome = outcomes_[&target];
    if (outcome.answered) {
      ++summary.answered;
    } else {
      summary.failures.push_back({&target, outcome.failure});
    }
  }
  if (interrupted_) {
    summary.exit_code = kExitInterrupted;
  } else if (!summary.failures.empty()) {
    summary.exit_code = summary.answered == 0 ? kExitAllFailed : kExitSomeFailed;
  }
  return summary;
}

void TargetsCommand::ListFailures(const Summary& summary) {
  if (summary.failures.empty()) return;
  if (summary.targets == 1) {
    const FailedTarget& failed = summary.failures[0];
    context_.notes.Line(absl::StrCat(Printable(failed.target->name), ": ",
                                     FailureClassName(failed.failure.failure_class), ": ",
                                     Printable(failed.failure.message)));
    return;
  }
  std::string text = absl::StrCat("farstat: ", summary.failures.size(), " of ", summary.targets,
                                  " targets did not answer:\n");
  size_t name_width = 0;
  for (const FailedTarget& failed : summary.failures) {
    name_width = std::max(name_width, TextWidth(failed.target->name));
  }
  for (const FailedTarget& failed : summary.failures) {
    const std::string name = Printable(failed.target->name);
    absl::StrAppend(&text, "  ", name, std::string(name_width - TextWidth(name), ' '), "  ",
                    FailureClassName(failed.failure.failure_class), ": ",
                    Printable(failed.failure.message), "\n");
  }
  context_.notes.Block(text);
}

}  // namespace farstat::client
