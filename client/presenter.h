// Where results go: a table for people, one JSON document, or JSON lines for programs.

#ifndef FARSTAT_CLIENT_PRESENTER_H_
#define FARSTAT_CLIENT_PRESENTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/diagnose.h"
#include "client/family.h"
#include "client/section.h"
#include "client/stream_table.h"
#include "client/target.h"

namespace farstat::client {

// Something happened to the connection to a target.
struct TargetEvent {
  enum class State {
    kConnected,
    // Lost or not reached; it will be tried again.
    kDisconnected,
    // Given up.
    kFailed,
  };
  State state = State::kConnected;
  // kConnected: the stream goes on where it had been.
  bool resumed = false;
  // Not for kConnected.
  Failure failure;
  // kDisconnected.
  absl::Duration retry_in = absl::ZeroDuration();
  // When the agent was last heard by the stream that is lost, or (kConnected) that was.
  absl::optional<absl::Time> lost_since;
};

absl::string_view TargetStateName(TargetEvent::State state);

struct FailedTarget {
  const Target* target = nullptr;
  Failure failure;
};

// How a command ended.
struct Summary {
  size_t targets = 0;
  size_t answered = 0;
  std::vector<FailedTarget> failures;
  absl::Duration took;
  bool interrupted = false;
  int exit_code = 0;
};

class Presenter {
 public:
  virtual ~Presenter() = default;

  using Sections = std::shared_ptr<const std::vector<Section>>;
  // One snapshot of a target.
  virtual void Snapshot(const Target& target, const Sections& sections) = 0;
  // A frame of a target's subscription was applied. The table outlives the presenter's next call.
  virtual void Changed(const Target& target, const StreamTable& table, const Change& change) = 0;
  // An answer that is no statistics: `kind` is what README.md calls it.
  virtual void Answer(const Target& target, const std::string& kind, const Message& answer) = 0;
  virtual void TargetChanged(const Target& /*target*/, const TargetEvent& /*event*/) {}
  // A live display draws itself anew; others have nothing to do.
  virtual void Redraw() {}
  virtual bool is_live() const { return false; }
  virtual void Finish(const Summary& summary) = 0;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_PRESENTER_H_
