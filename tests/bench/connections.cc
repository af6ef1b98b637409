#include "tests/bench/connections.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace farstat::bench {
namespace {

// One process holds so many: both ends fit under a limit of 8,192 open files.
constexpr int kPerProcess = 3000;

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

// A little traffic over a connection.
void Exchange(int client, int server) {
  char bytes[512] = {};
  Check(write(client, bytes, sizeof(bytes)) == sizeof(bytes), "write");
  Check(read(server, bytes, sizeof(bytes)) > 0, "read");
}

// Opens the connections, says so through `ready`, and waits to be killed; if busy, with traffic
// over each connection every second.
[[noreturn]] void Hold(int count, bool busy, int ready) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  std::vector<std::pair<int, int>> ends;
  Check(bind(listener, any, size) == 0 && listen(listener, 128) == 0, "listen");
  Check(getsockname(listener, any, &size) == 0, "getsockname");
  for (int i = 0; i < count; ++i) {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    Check(client >= 0 && connect(client, any, size) == 0, "connect");
    const int server = accept(listener, nullptr, nullptr);
    Check(server >= 0, "accept");
    // So that the counters are not all zero.
    Exchange(client, server);
    ends.emplace_back(client, server);
  }
  Check(write(ready, "", 1) == 1, "ready");
  while (!busy) pause();
  while (true) {
    sleep(1);  // allow(sleep): the beat of the traffic
    for (const auto& [client, server] : ends) Exchange(client, server);
  }
}

}  // namespace

bool EnterOwnNetwork() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  ifreq loopback = {};
  std::strncpy(loopback.ifr_name, "lo", sizeof(loopback.ifr_name) - 1);
  const int handle = socket(AF_INET, SOCK_DGRAM, 0);
  bool up = ioctl(handle, SIOCGIFFLAGS, &loopback) == 0;
  loopback.ifr_flags |= IFF_UP | IFF_RUNNING;
  up = up && ioctl(handle, SIOCSIFFLAGS, &loopback) == 0;
  close(handle);
  return up;
}

Connections::Connections(int count, bool busy) {
  int ready[2];
  Check(pipe(ready) == 0, "pipe");
  for (int left = count; left > 0; left -= kPerProcess) {
    const pid_t pid = fork();
    Check(pid >= 0, "fork");
    if (pid == 0) Hold(std::min(left, kPerProcess), busy, ready[1]);
    holders_.push_back(pid);
  }
  close(ready[1]);
  for (size_t i = 0; i < holders_.size(); ++i) {
    char byte;
    Check(read(ready[0], &byte, 1) == 1, "a process that holds connections failed");
  }
  close(ready[0]);
}

Connections::~Connections() {
  for (const pid_t pid : holders_) kill(pid, SIGKILL);
  for (const pid_t pid : holders_) waitpid(pid, nullptr, 0);
}

}  // namespace farstat::bench
