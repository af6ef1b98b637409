#include "agent/sources/simulated/tcp_collection.h"

namespace farstat::sources::simulated {
namespace {

// The counters and ranges of a group: from `first` to before `end`.
struct Members {
  int first_counter;
  int counter_end;
  int first_range;
  int range_end;
};

Members MembersOf(TcpGroup group) {
  switch (group) {
    case kDataGroup:
      return {kDataBytesOut, kDataEnd, 0, 0};
    case kSndCongGroup:
      return {kDataEnd, kSndCongEnd, kSsCwndRange, kSndCongRangeEnd};
    case kPathGroup:
      return {kSndCongEnd, kPathEnd, kSndCongRangeEnd, kPathRangeEnd};
    case kSendBuffGroup:
      return {0, 0, kPathRangeEnd, kSendBuffRangeEnd};
    case kRecGroup:
      return {kPathEnd, kRecEnd, kSendBuffRangeEnd, kRecRangeEnd};
    case kObsRecGroup:
      return {kRecEnd, kObsRecEnd, kRecRangeEnd, kObsRecRangeEnd};
    case kFineRttGroup:
      return {kObsRecEnd, kFineRttEnd, kObsRecRangeEnd, kTcpRangeCount};
    case kOutboundGroup:
      return {kFineRttEnd, kOutboundEnd, 0, 0};
    case kInboundGroup:
      return {kOutboundEnd, kInboundEnd, 0, 0};
    case kTcpGroupEnd:
      break;
  }
  return {};
}

}  // namespace

void TcpCollection::SwitchOn(TcpGroup group, bool resets) {
  if (collected_[group]) return;
  const Members members = MembersOf(group);
  const bool goes_on = was_collected_[group] && !resets;
  for (int i = members.first_counter; i < members.counter_end; ++i) {
    const uint64_t shown = goes_on ? baseline_[i] : 0;
    baseline_[i] = flow_.Counter(static_cast<TcpCounter>(i)) - shown;
  }
  if (!goes_on) {
    flow_.RestartRanges(members.first_range, members.range_end);
    if (was_collected_[group]) counted_before_[group] = 0;
  }
  collected_[group] = was_collected_[group] = true;
}

void TcpCollection::SwitchOff(TcpGroup group) {
  if (!collected_[group]) return;
  const Members members = MembersOf(group);
  for (int i = members.first_counter; i < members.counter_end; ++i) {
    baseline_[i] = Counted(group, static_cast<TcpCounter>(i));
  }
  collected_[group] = false;
}

uint64_t TcpCollection::Counted(TcpGroup group, TcpCounter counter) const {
  return collected_[group] ? flow_.Counter(counter) - baseline_[counter] : baseline_[counter];
}

}  // namespace farstat::sources::simulated
