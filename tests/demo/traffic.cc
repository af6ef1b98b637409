// demo_traffic: live TCP traffic on loopback, so that there is something to see: a bulk transfer, a
// receiver that does not read, a request and its answer a few times a second, and a server that
// only listens. Prints its server's port, and runs until it is killed or its standard input is
// closed.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

constexpr auto kStep = std::chrono::milliseconds(20);
// Each step sends so much in bulk: about 6 MB/s, which leaves the processor alone.
constexpr size_t kBulkBytesPerStep = 128 << 10;
constexpr int kStepsPerRequest = 10;

struct Connection {
  int client;
  int server;
};

void Check(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::exit(1);
}

int Listen(sockaddr_in& address) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  Check(bind(listener, any, size) == 0 && listen(listener, 16) == 0, "listen");
  Check(getsockname(listener, any, &size) == 0, "getsockname");
  return listener;
}

Connection Connect(int listener, const sockaddr_in& address) {
  const int client = socket(AF_INET, SOCK_STREAM, 0);
  Check(connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
        "connect");
  const int server = accept(listener, nullptr, nullptr);
  Check(server >= 0, "accept");
  return {client, server};
}

// Sends without waiting: a receiver that does not read must not stop the others.
void SendSome(int handle, std::vector<char>& bytes) {
  send(handle, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

void ReceiveAll(int handle, std::vector<char>& buffer) {
  while (recv(handle, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) {
  }
}

bool StandardInputClosed() {
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  char byte;
  return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

}  // namespace

int main() {
  sockaddr_in address;
  const int listener = Listen(address);
  const Connection bulk = Connect(listener, address);
  const Connection stalled = Connect(listener, address);
  const Connection requests = Connect(listener, address);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);

  std::vector<char> data(kBulkBytesPerStep, 'x');
  std::vector<char> buffer(1 << 20);
  std::vector<char> request(200, 'q');
  std::vector<char> answer(4000, 'a');
  for (int step = 0; !StandardInputClosed(); ++step) {
    SendSome(bulk.client, data);
    ReceiveAll(bulk.server, buffer);
    SendSome(stalled.client, data);
    if (step % kStepsPerRequest == 0) {
      SendSome(requests.client, request);
      ReceiveAll(requests.server, buffer);
      SendSome(requests.server, answer);
      ReceiveAll(requests.client, buffer);
    }
    std::this_thread::sleep_for(kStep);  // allow(sleep): a steady pace is what it is for
  }
  return 0;
}
