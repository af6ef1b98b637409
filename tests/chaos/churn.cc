#include "tests/chaos/churn.h"

#include <poll.h>

#include <utility>

namespace farstat::testing {
namespace {

constexpr int kBeatMs = 50;
constexpr size_t kReplacedPerBeat = 2;

}  // namespace

Churn::Churn(int listeners, int connections) {
  const MutexLock lock(moving_);
  for (int i = 0; i < listeners; ++i) {
    Group& group = groups_.emplace_back();
    group.listener = sources::Listen("127.0.0.1", 64);
    group.port = sources::LocalAddress(group.listener).port();
    ports_.push_back(group.port);
    for (int j = 0; j < connections; ++j) Open(group);
  }
  thread_ = std::thread([this] {
    while (!stopping_) {
      poll(nullptr, 0, kBeatMs);
      const MutexLock beat(moving_);
      Move();
    }
  });
}

Churn::~Churn() {
  stopping_ = true;
  thread_.join();
}

void Churn::Open(Group& group) {
  sources::Socket client = sources::ConnectTo("127.0.0.1", group.port);
  sources::Socket server = sources::Accept(group.listener);
  group.connections.emplace_back(std::move(client), std::move(server));
  ++opened_;
}

void Churn::Move() {
  for (Group& group : groups_) {
    for (size_t i = 0; i < kReplacedPerBeat && !group.connections.empty(); ++i) {
      // Both ends at once, so that nothing of it remains.
      group.connections.front().first.Reset();
      group.connections.front().second.Reset();
      group.connections.pop_front();
      Open(group);
    }
    // One of those that stay, so that rows change, too.
    const int busy = group.connections.back().first.fd();
    char bytes[512] = {};
    EXPECT_EQ(send(busy, bytes, sizeof(bytes), MSG_NOSIGNAL), static_cast<ssize_t>(sizeof(bytes)));
    EXPECT_GT(recv(group.connections.back().second.fd(), bytes, sizeof(bytes), 0), 0);
  }
}

}  // namespace farstat::testing
