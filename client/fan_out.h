// Many targets, a bounded number of them at once.

#ifndef FARSTAT_CLIENT_FAN_OUT_H_
#define FARSTAT_CLIENT_FAN_OUT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace farstat::client {

// Places for what may go on at the same time. On the event loop's thread.
class Slots {
 public:
  explicit Slots(size_t count) : free_(count) {}

  using Ticket = uint64_t;

  // Calls `start` when a place is free, at once if one is. Whoever started gives it back.
  Ticket Acquire(std::function<void()> start) {
    const Ticket ticket = next_ticket_++;
    waiting_.emplace(ticket, std::move(start));
    StartWaiting();
    return ticket;
  }
  // Waits no longer. Harmless for one that has started.
  void Withdraw(Ticket ticket) { waiting_.erase(ticket); }
  void Release() {
    ++free_;
    StartWaiting();
  }
  // Those that wait never start.
  void Clear() { waiting_.clear(); }

 private:
  void StartWaiting() {
    while (free_ > 0 && !waiting_.empty()) {
      --free_;
      const std::function<void()> start = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      start();
    }
  }

  size_t free_;
  Ticket next_ticket_ = 0;
  // In the order in which they came.
  std::map<Ticket, std::function<void()>> waiting_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FAN_OUT_H_
