// What all commands over targets have in common: an outcome per target, the list of those that did
// not answer, the exit code, and an orderly end when somebody interrupts.

#ifndef FARSTAT_CLIENT_COMMAND_H_
#define FARSTAT_CLIENT_COMMAND_H_

#include <map>
#include <vector>

#include "client/agent_link.h"
#include "client/notes.h"
#include "client/options.h"
#include "client/output.h"
#include "client/presenter.h"

namespace farstat::client {

// What a command works with.
struct CommandContext {
  const Runtime& runtime;
  const Options& options;
  const std::vector<Target>& targets;
  Presenter& presenter;
  Output& output;
  Notes& notes;
};

class TargetsCommand {
 public:
  explicit TargetsCommand(const CommandContext& context) : context_(context) {}
  virtual ~TargetsCommand() = default;
  TargetsCommand(const TargetsCommand&) = delete;
  TargetsCommand& operator=(const TargetsCommand&) = delete;

  // Runs the loop until all is done; gives the exit code.
  int Run();
  // On the loop: prints what there is and ends.
  void Interrupt();

 protected:
  virtual void Start() = 0;
  // The end comes before everything is done: gives their outcome to targets that are well as they
  // are.
  virtual void Conclude() {}
  // Why `target` failed, if the end came for `reason` before it had an outcome.
  virtual Failure Overtaken(const Target& target, const Failure& reason) const;
  // Ends everything that is under way. What has no outcome yet gets one in Finish.
  virtual void CancelAll() = 0;

  void Answered(const Target& target);
  void Failed(const Target& target, const Failure& failure);
  bool HasOutcome(const Target& target) const { return outcomes_.count(&target) > 0; }
  // Ends the loop. Targets without outcome failed for `reason`.
  void End(const Failure& reason);
  // Ends the loop if every target has its outcome or if nobody reads any more.
  void EndIfDone();
  void ShowProgress();

  const CommandContext context_;

 private:
  Summary Summarize();
  void ListFailures(const Summary& summary);

  // Empty failure message: answered.
  struct Outcome {
    bool answered = false;
    Failure failure;
  };
  std::map<const Target*, Outcome> outcomes_;
  size_t failed_count_ = 0;
  bool ended_ = false;
  bool interrupted_ = false;
  SteadyTime began_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_COMMAND_H_
