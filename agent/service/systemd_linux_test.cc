#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "agent/service/systemd.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

// Listens as systemd does.
class Listener {
 public:
  explicit Listener(const std::string& name) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(bind(handle_, reinterpret_cast<sockaddr*>(&address), size), 0);
  }
  ~Listener() { close(handle_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::string Next() const {
    char text[256];
    const ssize_t size = recv(handle_, text, sizeof(text), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<size_t>(size));
  }

 private:
  const int handle_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

TEST(SystemdTest, IsToldOfEachState) {
  const TestFolder folder;
  for (const std::string& name :
       {folder.Path("notify"), "@farstat-test-" + std::to_string(getpid())}) {
    const Listener listener(name);
    Systemd systemd(name);
    systemd.Serving("serving on here");
    EXPECT_EQ(listener.Next(), "READY=1\nSTATUS=serving on here");
    systemd.Stopping();
    EXPECT_EQ(listener.Next(), "STOPPING=1\nSTATUS=stopping");
    systemd.Status("does not start");
    EXPECT_EQ(listener.Next(), "STATUS=does not start");
  }
}

TEST(SystemdTest, WithoutSystemdNobodyIsTold) {
  Systemd nobody("");
  nobody.Serving("here");
  Systemd gone("/nonexistent/socket");
  gone.Stopping();
  Systemd too_long("/" + std::string(500, 'x'));
  too_long.Stopping();
}

}  // namespace
}  // namespace farstat::service
