// The counters of one connection's EStats: totals that never fall while the connection lives.
//
// Unlike widen.h this does not take a whole set for cleared at once. Switching a group off and on
// again clears all of its counters before Windows 10 1709 and only some since: when there is reason
// to believe that it happened, the counters that fell began anew, and the others went on.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_TCP_COUNTERS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_TCP_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "agent/sources/windows/tcp_estats.h"
#include "agent/sources/windows/tcp_members.h"
#include "agent/sources/windows/widen.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// A counter of 64 bits: it does not wrap, but Windows may begin it anew.
class GrowingCounter {
 public:
  uint64_t total() const { return total_; }
  void CountOn(uint64_t value) {
    total_ += value - last_;
    last_ = value;
  }
  void BeginAnew(uint64_t value) {
    total_ += value;
    last_ = value;
  }
  bool Fell(uint64_t value) const { return value < last_; }

 private:
  uint64_t total_ = 0;
  uint64_t last_ = 0;
};

// When a collection read its counters, and what it found out about reading them in time.
struct CounterReading {
  SteadyTime steady;
  absl::Time wall;
  // Read again within this time: no counter wraps sooner, unless it counts many times faster than
  // between the newest two readings. Infinite: nothing was read that can wrap.
  absl::Duration revisit_within = absl::InfiniteDuration();
};

// The counters of one group, as far as no template is needed.
class CounterSet {
 public:
  const AccumulationHistory& history() const { return history_; }

  // The group was seen switched off: what it counts next may have begun anew.
  void SeenOff() { was_off_ = true; }

 protected:
  struct Counters {
    absl::Span<WidenedCounter> narrow;
    absl::Span<GrowingCounter> wide;
  };

  // Takes in the counters among `members` of the structure at `values`. No round trip took longer
  // than `round_trip_ms`; 0: not known.
  void Read(absl::Span<const Member> members, const void* values, double round_trip_ms,
            Counters counters, CounterReading& reading);

 private:
  void ReadAgain(absl::Span<const Member> members, const void* values, double round_trip_ms,
                 Counters counters, CounterReading& reading);

  AccumulationHistory history_;
  absl::optional<SteadyTime> last_;
  bool was_off_ = false;
};

constexpr size_t CountMembers(absl::Span<const Member> members, MemberKind kind) {
  size_t count = 0;
  for (const Member& member : members) count += member.kind == kind ? 1 : 0;
  return count;
}

template <typename Group>
class GroupCounters : public CounterSet {
 public:
  void Read(const typename Group::Struct& values, CounterReading& reading) {
    double round_trip_ms = 0;
    if constexpr (std::is_same_v<Group, PathGroup>) {
      // A round trip of 0.9 ms is told as 0.
      if (values.max_rtt != kEstatsNoValue) round_trip_ms = values.max_rtt + 1.0;
    }
    CounterSet::Read(Group::kMembers, &values, round_trip_ms,
                     {absl::MakeSpan(narrow_), absl::MakeSpan(wide_)}, reading);
  }

  // Totals in the order of the group's members of that kind.
  const WidenedCounter* narrow() const { return narrow_.data(); }
  const GrowingCounter* wide() const { return wide_.data(); }

 private:
  std::array<WidenedCounter, CountMembers(Group::kMembers, MemberKind::kCounter32)> narrow_;
  std::array<GrowingCounter, CountMembers(Group::kMembers, MemberKind::kCounter64)> wide_;
};

// The counters of one connection. Null: never read.
struct TcpCounters {
  std::unique_ptr<GroupCounters<DataGroup>> data;
  std::unique_ptr<GroupCounters<SendCongestionGroup>> send_congestion;
  std::unique_ptr<GroupCounters<PathGroup>> path;
  std::unique_ptr<GroupCounters<ReceiveGroup>> receive;

  // Takes in those that were delivered, and notes those that are off.
  void Read(const TcpEstats& estats, CounterReading& reading);
  // How the totals of `groups` came about.
  AccumulationHistory History(PartMask groups) const;
};

// The groups with counters in them.
inline constexpr PartMask kCountedGroups =
    GroupBit(v1::TCP_GROUP_DATA) | GroupBit(v1::TCP_GROUP_SEND_CONGESTION) |
    GroupBit(v1::TCP_GROUP_PATH) | GroupBit(v1::TCP_GROUP_RECEIVE);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_TCP_COUNTERS_H_
