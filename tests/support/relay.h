// A relay between a client and a server on loopback, which can stop passing anything on while the
// connections stay open: what a network does that loses its packets.

#ifndef FARSTAT_TESTS_SUPPORT_RELAY_H_
#define FARSTAT_TESTS_SUPPORT_RELAY_H_

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "common/mutex.h"

namespace farstat::testing {

class Relay {
 public:
  // `server` is "127.0.0.1:PORT".
  explicit Relay(const std::string& server);
  // Closes all connections.
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Where clients connect to.
  const std::string& address() const { return address_; }
  // From now on everything is received and nothing is passed on.
  void Swallow();
  // Connections made from now on are passed on again. Those from before have lost bytes and stay
  // dead, without learning of it.
  void Restore();

 private:
  void Accept();
  void Pass(int from, int to, size_t number);
  // What happens to the bytes of the connection with this number.
  bool Swallows(size_t number);

  const int server_port_;
  int listener_ = -1;
  std::string address_;
  Mutex mutex_;
  bool swallowing_ ABSL_GUARDED_BY(mutex_) = false;
  // Connections with smaller numbers are dead.
  size_t first_living_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<int> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  std::thread accepting_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_RELAY_H_
