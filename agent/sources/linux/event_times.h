// Turns ages into points in time that stand still while nothing happens.
//
// The kernel says how long ago a socket last sent or received. Clock minus age is not quite the
// same in every collection: the kernel rounds ages to its timer tick (up to 10 ms), and some time
// passes between its reading of the clock and ours. Without more ado every idle connection would
// look changed all the time, and subscribers would be sent all of them at every tick. So the time
// that was found first is kept until a later one differs by more than that noise.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_
#define FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace farstat::sources {

// When something last happened on a socket, in milliseconds since 1970. 0: never, or not known.
struct LastEvents {
  int64_t data_sent = 0;
  int64_t data_received = 0;
  int64_t ack_received = 0;
};

class EventTimes {
 public:
  // Twice the noise with the slowest timer tick. A published time is wrong by no more than this.
  static constexpr int64_t kToleranceMs = 20;

  // The times to publish for the socket with this cookie, now that `fresh` were computed.
  LastEvents Settle(uint64_t cookie, const LastEvents& fresh);

  // To be called after each collection, whole or not: forgets the sockets that were not seen in it.
  void EndCollection();

  // Sockets remembered from the collection before.
  size_t size() const { return known_.size(); }

 private:
  struct Known {
    uint64_t cookie;
    LastEvents events;
  };

  const Known* Find(uint64_t cookie);

  // The collection before and the one under way, in the order in which the kernel lists sockets.
  // That order hardly changes, so a socket is looked for where the one after its neighbour was:
  // walking memory in order cost a quarter of what a hash table did.
  std::vector<Known> known_;
  std::vector<Known> seen_;
  size_t expected_ = 0;
  // Where in known_ each cookie is; made when a socket is not where it was expected.
  absl::flat_hash_map<uint64_t, size_t> index_;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_
