// Turns ages into points in time that stand still while nothing happens.
//
// The kernel says how long ago a socket last sent or received. Clock minus age is not quite the
// same in every collection: the kernel rounds ages to its timer tick (up to 10 ms), and some time
// passes between its reading of the clock and ours. Without more ado every idle connection would
// look changed all the time, and subscribers would be sent all of them at every tick. So the time
// that was found first is kept until a later one differs by more than that noise.

#ifndef FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_
#define FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_

#include <cstdint>

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

  // To be called when all sockets were seen: forgets those that are gone.
  void EndCollection();

  size_t size() const { return known_.size(); }

 private:
  struct Known {
    LastEvents events;
    uint64_t collection;
  };

  absl::flat_hash_map<uint64_t, Known> known_;
  uint64_t collection_ = 1;
  size_t seen_ = 0;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_LINUX_EVENT_TIMES_H_
