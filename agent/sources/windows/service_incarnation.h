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
    const uint64_t before = ProcessStart();
    absl::Status status = read();
    if (!status.ok()) return status;
    uint64_t after = ProcessStart();
    if (after != before) {
      status = read();
      after = ProcessStart();
    }
    if (status.ok()) Note(after);
    return status;
  }

  // A number that is another one after every restart that ReadWithin noticed.
  uint64_t number() const { return number_; }
  // Calls into Windows so far.
  uint64_t native_calls() const { return native_calls_; }

 private:
  // 0: not known.
  uint64_t ProcessStart();
  void Note(uint64_t process_start);

  const Api& api_;
  const char* const service_;
  uint64_t process_start_ = 0;
  uint64_t number_ = 0;
  uint64_t native_calls_ = 0;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_SERVICE_INCARNATION_H_
