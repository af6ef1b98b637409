#include "agent/sources/windows/tcp_counters.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>

namespace farstat::sources::windows {
namespace {

constexpr double kRound = 4294967296.0;  // 2^32
constexpr double kUnbounded = std::numeric_limits<double>::infinity();
constexpr double kLargestPayload = 65535;

// A counter that went at some speed is not expected to go so many times faster soon after.
constexpr double kFasterNext = 8;
// Far shorter than the segments of any connection take to go round.
constexpr absl::Duration kLongestRevisit = absl::Minutes(5);

// The largest structure has so many words.
constexpr size_t kMaxWords = sizeof(EstatsPathRod) / sizeof(uint32_t);

template <typename T>
T ValueAt(const void* values, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(values) + offset, sizeof(value));
  return value;
}

// What happened between two readings.
struct Between {
  std::chrono::nanoseconds gap;
  double round_trip_ms;
  // By how much the counters of 32 bits have grown, modulo 2^32, by their offset in words.
  std::array<uint32_t, kMaxWords> growth;

  uint32_t GrowthAt(size_t offset) const { return growth[offset / sizeof(uint32_t)]; }

  // How much a sum can have grown at most, judged by the events that it is over.
  double MostByEvents(const CounterBound& bound) const {
    if (bound.per_event == PerEvent::kUnknown || CanWrapUnseen(gap, kSegmentsPerSecond)) {
      return kUnbounded;
    }
    const double events = GrowthAt(bound.events_at);
    if (bound.per_event == PerEvent::kSegment) return events * kLargestPayload;
    if (round_trip_ms == 0) return kUnbounded;
    if (bound.per_event == PerEvent::kRoundTrip) return events * round_trip_ms;
    return events * kBytesPerSecond * round_trip_ms / kMillisecondsPerSecond;
  }
  // The counter fell, and it cannot have wrapped.
  bool WasClearedBetween(const Member& member) const {
    const uint32_t growth_if_wrapped = GrowthAt(member.offset);
    return WasCleared(growth_if_wrapped, gap, member.bound.fastest) ||
           growth_if_wrapped > MostByEvents(member.bound);
  }
  // The counter has moved, and may have gone round once more than shows. (That it went round and
  // shows the same as before is too unlikely.)
  bool MayHaveGoneRound(const Member& member) const {
    return GrowthAt(member.offset) != 0 && CanWrapUnseen(gap, member.bound.fastest) &&
           MostByEvents(member.bound) >= kRound;
  }
  absl::Duration RevisitWithin(const Member& member) const {
    const double seconds = std::chrono::duration<double>(gap).count();
    if (seconds <= 0) return kLongestRevisit;
    const double expected = GrowthAt(member.offset) / seconds * kFasterNext;
    return WrapTime(std::min(expected, member.bound.fastest));
  }
};

// Calls `narrow(member, counter, value)` for each counter of 32 bits and `wide(counter, value)` for
// each of 64.
template <typename Counters, typename Narrow, typename Wide>
void ForEachCounter(absl::Span<const Member> members, const void* values, const Counters& counters,
                    Narrow&& narrow, Wide&& wide) {
  size_t next_narrow = 0;
  size_t next_wide = 0;
  for (const Member& member : members) {
    if (member.kind == MemberKind::kCounter32) {
      narrow(member, counters.narrow[next_narrow++], ValueAt<uint32_t>(values, member.offset));
    } else if (member.kind == MemberKind::kCounter64) {
      wide(counters.wide[next_wide++], ValueAt<uint64_t>(values, member.offset));
    }
  }
}

template <typename Group>
void ReadGroup(const TcpEstats& estats, const typename Group::Struct& values,
               std::unique_ptr<GroupCounters<Group>>& counters, CounterReading& reading) {
  if ((estats.delivered & GroupBit(Group::kGroup)) != 0) {
    if (counters == nullptr) counters = std::make_unique<GroupCounters<Group>>();
    counters->Read(values, reading);
  } else if ((estats.off & GroupBit(Group::kGroup)) != 0 && counters != nullptr) {
    counters->SeenOff();
  }
}

template <typename Group>
void MergeGroup(PartMask groups, const std::unique_ptr<GroupCounters<Group>>& counters,
                AccumulationHistory& history) {
  if ((groups & GroupBit(Group::kGroup)) != 0 && counters != nullptr) {
    history.Merge(counters->history());
  }
}

}  // namespace

void TcpCounters::Read(const TcpEstats& estats, CounterReading& reading) {
  ReadGroup(estats, estats.data, data, reading);
  ReadGroup(estats, estats.send_congestion, send_congestion, reading);
  ReadGroup(estats, estats.path, path, reading);
  ReadGroup(estats, estats.receive, receive, reading);
}

AccumulationHistory TcpCounters::History(PartMask groups) const {
  AccumulationHistory history;
  MergeGroup(groups, data, history);
  MergeGroup(groups, send_congestion, history);
  MergeGroup(groups, path, history);
  MergeGroup(groups, receive, history);
  return history;
}

void CounterSet::Read(absl::Span<const Member> members, const void* values, double round_trip_ms,
                      Counters counters, CounterReading& reading) {
  reading.revisit_within = std::min(reading.revisit_within, kLongestRevisit);
  if (!last_) {
    ForEachCounter(
        members, values, counters,
        [](const Member&, WidenedCounter& counter, uint32_t value) { counter.BeginAnew(value); },
        [](GrowingCounter& counter, uint64_t value) { counter.BeginAnew(value); });
    history_.since = reading.wall;
  } else {
    ReadAgain(members, values, round_trip_ms, counters, reading);
  }
  last_ = reading.steady;
  was_off_ = false;
}

void CounterSet::ReadAgain(absl::Span<const Member> members, const void* values,
                           double round_trip_ms, Counters counters, CounterReading& reading) {
  Between between = {reading.steady - *last_, round_trip_ms, {}};
  bool cleared = was_off_;
  ForEachCounter(
      members, values, counters,
      [&](const Member& member, const WidenedCounter& counter, uint32_t value) {
        between.growth[member.offset / sizeof(uint32_t)] = counter.Difference(value);
      },
      [&](const GrowingCounter& counter, uint64_t value) { cleared |= counter.Fell(value); });
  ForEachCounter(
      members, values, counters,
      [&](const Member& member, const WidenedCounter& counter, uint32_t value) {
        cleared |= counter.Fell(value) && between.WasClearedBetween(member);
      },
      [](const GrowingCounter&, uint64_t) {});

  if (cleared) ++history_.resets;
  // Nobody said so: it may have been cleared more than once, or just before it was read.
  if (cleared && !was_off_) history_.uncertain = true;
  ForEachCounter(
      members, values, counters,
      [&](const Member& member, WidenedCounter& counter, uint32_t value) {
        const bool uncertain = between.MayHaveGoneRound(member);
        history_.uncertain |= uncertain;
        if (counter.Fell(value) && (cleared || uncertain)) {
          // What it shows now was counted in any case; a whole round more may not have been.
          counter.BeginAnew(value);
          return;
        }
        history_.wraps += counter.CountOn(value) ? 1 : 0;
        reading.revisit_within = std::min(reading.revisit_within, between.RevisitWithin(member));
      },
      [](GrowingCounter& counter, uint64_t value) {
        if (counter.Fell(value)) {
          counter.BeginAnew(value);
        } else {
          counter.CountOn(value);
        }
      });
}

}  // namespace farstat::sources::windows
