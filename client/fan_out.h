// Many targets, a bounded number of them at once.

#ifndef FARSTAT_CLIENT_FAN_OUT_H_
#define FARSTAT_CLIENT_FAN_OUT_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace farstat::client {

// Places for what may go on at the same time. On the event loop's thread.
class Slots {
 public:
  explicit Slots(size_t count) : free_(count) {}

  // Calls `start` when a place is free, at once if one is. Whoever started gives it back.
  void Acquire(std::function<void()> start) {
    waiting_.push_back(std::move(start));
    StartWaiting();
  }
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
      const std::function<void()> start = std::move(waiting_.front());
      waiting_.pop_front();
      start();
    }
  }

  size_t free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FAN_OUT_H_
