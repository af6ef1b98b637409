#include "agent/sources/linux/event_times.h"

#include <algorithm>

namespace farstat::sources {
namespace {

// A few sockets that have gone are stepped over before the index is asked.
constexpr size_t kStep = 8;

int64_t Steady(int64_t before, int64_t fresh) {
  const int64_t moved = fresh > before ? fresh - before : before - fresh;
  return before != 0 && moved <= EventTimes::kToleranceMs ? before : fresh;
}

}  // namespace

const EventTimes::Known* EventTimes::Find(uint64_t cookie) {
  const size_t end = std::min(known_.size(), expected_ + kStep);
  for (size_t at = expected_; at < end; ++at) {
    if (known_[at].cookie != cookie) continue;
    expected_ = at + 1;
    return &known_[at];
  }
  if (index_.empty()) {
    index_.reserve(known_.size());
    for (size_t at = 0; at < known_.size(); ++at) index_.emplace(known_[at].cookie, at);
  }
  const auto found = index_.find(cookie);
  if (found == index_.end()) return nullptr;
  expected_ = found->second + 1;
  return &known_[found->second];
}

LastEvents EventTimes::Settle(uint64_t cookie, const LastEvents& fresh) {
  Known& now = seen_.emplace_back(Known{cookie, fresh});
  if (const Known* before = Find(cookie)) {
    now.events.data_sent = Steady(before->events.data_sent, fresh.data_sent);
    now.events.data_received = Steady(before->events.data_received, fresh.data_received);
    now.events.ack_received = Steady(before->events.ack_received, fresh.ack_received);
  }
  return now.events;
}

void EventTimes::EndCollection() {
  known_.swap(seen_);
  seen_.clear();
  index_.clear();
  expected_ = 0;
}

}  // namespace farstat::sources
