// Loopback connections in child processes, in a network namespace of their own where that is
// allowed.

#ifndef FARSTAT_TESTS_BENCH_CONNECTIONS_H_
#define FARSTAT_TESTS_BENCH_CONNECTIONS_H_

#include <sys/types.h>

#include <vector>

namespace farstat::bench {

// Moves this process into a new network namespace with a loopback interface, so that only our own
// sockets are measured. False: not allowed; the host's own sockets are then measured too.
bool EnterOwnNetwork();

// Holds established connections until it is destroyed: two sockets each. Busy ones send and receive
// every second.
class Connections {
 public:
  explicit Connections(int count, bool busy = false);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

 private:
  std::vector<pid_t> holders_;
};

}  // namespace farstat::bench

#endif  // FARSTAT_TESTS_BENCH_CONNECTIONS_H_
