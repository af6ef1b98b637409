// TCP connections that open, carry a little traffic and close, by the hundred a second.

#ifndef FARSTAT_TESTS_CHAOS_CHURN_H_
#define FARSTAT_TESTS_CHAOS_CHURN_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "common/mutex.h"
#include "tests/support/loopback_sockets.h"

namespace farstat::testing {

class Churn {
 public:
  // On so many listeners, each with so many connections at any time.
  Churn(int listeners, int connections);
  ~Churn();
  Churn(const Churn&) = delete;
  Churn& operator=(const Churn&) = delete;

  const std::vector<uint32_t>& ports() const { return ports_; }
  // Connections that were opened so far.
  uint64_t opened() const { return opened_; }
  // From its return on nothing moves, until Resume.
  void Pause() ABSL_EXCLUSIVE_LOCK_FUNCTION(moving_) { moving_.Lock(); }
  void Resume() ABSL_UNLOCK_FUNCTION(moving_) { moving_.Unlock(); }

 private:
  struct Group {
    sources::Socket listener;
    uint16_t port = 0;
    // The ends of each, oldest first.
    std::deque<std::pair<sources::Socket, sources::Socket>> connections;
  };

  void Open(Group& group);
  void Move() ABSL_EXCLUSIVE_LOCKS_REQUIRED(moving_);

  // Held while connections move.
  Mutex moving_;
  std::vector<Group> groups_ ABSL_GUARDED_BY(moving_);
  std::vector<uint32_t> ports_;
  std::atomic<uint64_t> opened_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CHAOS_CHURN_H_
