// Tells the restarts of a service apart: its counters begin anew with it.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_SERVICE_INCARNATION_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_SERVICE_INCARNATION_H_

#include <cstdint>

#include "absl/status/status.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::windows {

class ServiceIncarnation {
 public:
  // `service` is a name such as kIkeService. `api` must outlive this.
  ServiceIncarnation(const Api& api, const char* service) : api_(api), service_(service) {}

  // Calls `read()`, which reads counters of the service, and learns whose they are. If the service
  // restarts around the call it is read once more.
  template <typename Read>
  absl::Status ReadWithin(const Read& read) {
    const Seen before = Look();
    absl::Status status = read();
    if (!status.ok()) return status;
    Seen after = Look();
    if (after.state != before.state || after.process_start != before.process_start) {
      status = read();
      after = Look();
    }
    if (status.ok()) Note(after);
    return status;
  }

  // A number that is another one after every restart that ReadWithin noticed.
  uint64_t number() const { return number_; }
  // Calls into Windows so far.
  uint64_t native_calls() const { return native_calls_; }

 private:
  // What the service control manager says; 0: not known.
  struct Seen {
    uint32_t state = 0;
    uint64_t process_start = 0;
  };

  Seen Look();
  // Counters were read of the service that was seen so.
  void Note(const Seen& seen);

  const Api& api_;
  const char* const service_;
  uint64_t process_start_ = 0;
  // The newest state that is known.
  uint32_t state_ = 0;
  // The service was seen not to run since counters were last read of it.
  bool has_ended_ = false;
  uint64_t number_ = 0;
  uint64_t native_calls_ = 0;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_SERVICE_INCARNATION_H_
