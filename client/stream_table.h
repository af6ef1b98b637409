// Applies the frames of a subscription. After a frame that completes a tick, the sections hold
// exactly what the agent's tables held at that tick.

#ifndef FARSTAT_CLIENT_STREAM_TABLE_H_
#define FARSTAT_CLIENT_STREAM_TABLE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "client/family.h"
#include "client/section.h"

namespace farstat::client {

// A time of which nothing is known but its end: what came and went meanwhile was never seen.
struct Gap {
  enum class Reason {
    // Another agent process: what it counts may have begun anew.
    kAgentRestarted,
    // The agent no longer knew what was missing, or frames were lost, so it sent a full set.
    kResync,
    // Readings were merged into one, because they were not taken fast enough.
    kSkippedTicks,
  };
  Reason reason = Reason::kResync;
  // By the agent's clock: of the newest reading before, and of the first one after. What heartbeats
  // said in between (nothing changes) is not counted as known.
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfinitePast();
  // Readings that were merged; 0 unless that is the reason.
  uint64_t skipped_ticks = 0;
};

// "AGENT_RESTARTED", "RESYNC", "SKIPPED_TICKS".
absl::string_view GapReasonName(Gap::Reason reason);

// What one frame did.
struct Change {
  v1::FrameHeader header;
  // The section that the frame was about; null if it was about the whole stream.
  const Section* section = nullptr;
  std::vector<const Row*> rows;
  // Keys of rows that are gone.
  std::vector<std::unique_ptr<Message>> removed;
  bool totals_changed = false;
  bool status_changed = false;
  // A full set of the section is complete.
  bool sync_ended = false;
  bool heartbeat = false;
  // The frame completed a tick of its section, and none is missing any more; or a heartbeat said
  // that nothing changed.
  bool tick_complete = false;
  // The frame ends a gap in what is known of its section.
  absl::optional<Gap> gap;
  absl::optional<v1::Accepted> accepted;
  absl::optional<v1::Goodbye> goodbye;
};

class StreamTable {
 public:
  explicit StreamTable(const Family& family) : family_(family) {}

  // A new stream begins; what is known stays, so that it can be resumed.
  void BeginStream();
  // Takes what it needs out of `frame`, a subscription response. DATA_LOSS: frames are missing or
  // contradict each other, so the table may differ from the agent's; begin again without a token.
  absl::StatusOr<Change> Apply(Message& frame);

  // In the order of the families.
  const std::map<int, Section>& sections() const { return sections_; }
  // The table is empty after this.
  std::vector<Section> TakeSections();
  // To resume after the newest complete tick; empty if that is not possible.
  const std::string& resume_token() const { return resume_token_; }
  void ForgetResumeToken() { resume_token_.clear(); }
  // Every family that was asked for was complete once, or is unavailable.
  bool has_complete_tick() const { return has_complete_tick_; }

 private:
  Section& SectionFor(const Family& family);
  absl::StatusOr<const Family*> FamilyOf(const v1::FrameHeader& header, v1::Family named) const;
  void BeginTick(Section& section, const v1::FrameHeader& header);
  absl::Status ApplyBody(Message& frame, const FieldDescriptor& body, Change& change);
  absl::Status ApplyStatistics(Message& statistics, Change& change);
  absl::Status ApplySyncBegin(const v1::SyncBegin& begin, Change& change);
  absl::Status ApplySyncEnd(const v1::SyncEnd& end, Change& change);
  absl::Status ApplyStatus(const v1::SectionStatus& status, Change& change);
  absl::Status ApplyAccepted(const v1::Accepted& accepted, Change& change);
  void ApplyHeartbeat(Change& change);
  void CompleteTick(const v1::FrameHeader& header, Change& change);
  // From the newest complete tick of `family` on, nothing is known until the next one. Nothing to
  // note if there was none.
  void NoteGap(int family, Gap::Reason reason);
  // Into `change`, if the frame ends one.
  void EndGap(Change& change);
  // Every family that was asked for is complete, or is known to be unavailable.
  bool EveryFamilyCame() const;

  const Family& family_;
  std::map<int, Section> sections_;
  // By family: when the newest complete tick was.
  std::map<int, absl::Time> complete_times_;
  // The same across restarts of the agent, and the gaps that have begun and not ended.
  std::map<int, absl::Time> known_until_;
  std::map<int, Gap> open_gaps_;
  uint64_t sequence_ = 0;
  uint64_t agent_start_id_ = 0;
  std::string resume_token_;
  bool has_complete_tick_ = false;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_STREAM_TABLE_H_
