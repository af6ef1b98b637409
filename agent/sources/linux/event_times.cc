#include "agent/sources/linux/event_times.h"

namespace farstat::sources {
namespace {

// Sweeping costs as much as looking at every socket, so it waits until it is worth while.
constexpr size_t kSweepSlack = 1024;

int64_t Steady(int64_t before, int64_t fresh) {
  const int64_t moved = fresh > before ? fresh - before : before - fresh;
  return before != 0 && moved <= EventTimes::kToleranceMs ? before : fresh;
}

}  // namespace

LastEvents EventTimes::Settle(uint64_t cookie, const LastEvents& fresh) {
  const auto [entry, inserted] = known_.try_emplace(cookie, Known{fresh, 0});
  Known& known = entry->second;
  if (!inserted) {
    known.events.data_sent = Steady(known.events.data_sent, fresh.data_sent);
    known.events.data_received = Steady(known.events.data_received, fresh.data_received);
    known.events.ack_received = Steady(known.events.ack_received, fresh.ack_received);
  }
  if (known.collection != collection_) ++seen_;
  known.collection = collection_;
  return known.events;
}

void EventTimes::EndCollection() {
  if (known_.size() > 2 * seen_ + kSweepSlack) {
    absl::erase_if(known_,
                   [this](const auto& entry) { return entry.second.collection != collection_; });
  }
  ++collection_;
  seen_ = 0;
}

}  // namespace farstat::sources
