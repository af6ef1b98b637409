// What systemd is told by a service of Type=notify (sd_notify(3)). A datagram, so no library.

#ifndef FARSTAT_AGENT_SERVICE_SYSTEMD_H_
#define FARSTAT_AGENT_SERVICE_SYSTEMD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "agent/service/supervisor.h"

namespace farstat::service {

class Systemd : public Supervisor {
 public:
  // Tells the socket of that name, NOTIFY_SOCKET's value; "@" begins an abstract one. Empty: nobody
  // is told. PrepareStopSignals has been called: a signal ends the service.
  explicit Systemd(std::string socket_name) : socket_name_(std::move(socket_name)) {}

  void Serving(absl::string_view where) override;
  std::string WaitForStop() override;
  void Stopping() override;
  // Shown by systemctl status.
  void Status(absl::string_view text) const;

 private:
  void Notify(absl::string_view message) const;

  const std::string socket_name_;
};

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_SYSTEMD_H_
