// A subscriber on a real socket, while connections open and close by the thousand: when it has
// applied its frames it holds exactly what a fresh snapshot shows.

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "farstat/v1/tcp.grpc.pb.h"
#include "tests/support/process.h"

namespace farstat::testing {
namespace {

using Frame = v1::SubscribeTcpStatisticsResponse;

// Opens and closes loopback connections, several at a time, on a listener of its own.
class Churn {
 public:
  Churn() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(listener_, Any(), size), 0);
    EXPECT_EQ(listen(listener_, 512), 0);
    EXPECT_EQ(getsockname(listener_, Any(), &size), 0);
    thread_ = std::thread([this] { Loop(); });
  }
  // Ends with `kept` connections open.
  ~Churn() {
    Stop();
    for (const int handle : kept_) close(handle);
    close(listener_);
  }
  void Stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  uint32_t port() const { return ntohs(address_.sin_port); }
  int opened() const { return opened_; }

 private:
  sockaddr* Any() { return reinterpret_cast<sockaddr*>(&address_); }
  void Loop() {
    std::vector<int> open;
    while (!stopping_) {
      for (int i = 0; i < 50; ++i) {
        const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(connect(client, Any(), sizeof(address_)), 0);
        open.push_back(client);
        open.push_back(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
        ++opened_;
      }
      if (open.size() < 400) continue;
      for (size_t i = 0; i < 100; ++i) {
        // Reset instead of TIME_WAIT: sockets that are gone are really gone.
        const linger now = {1, 0};
        setsockopt(open[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
        close(open[i]);
      }
      open.erase(open.begin(), open.begin() + 100);
    }
    kept_ = std::move(open);
  }

  int listener_;
  sockaddr_in address_ = {};
  std::atomic<bool> stopping_{false};
  std::atomic<int> opened_{0};
  std::vector<int> kept_;
  std::thread thread_;
};

using Rows = std::map<std::string, std::string>;

// Applies a frame to the rows that a client holds.
void Apply(const Frame& frame, Rows& rows, std::set<std::string>& in_set) {
  if (frame.has_sync_begin()) in_set.clear();
  for (const auto& row : frame.statistics().connections()) {
    rows[row.key().SerializeAsString()] = row.SerializeAsString();
    in_set.insert(row.key().SerializeAsString());
  }
  for (const auto& key : frame.statistics().removed_connections()) {
    rows.erase(key.SerializeAsString());
  }
  if (!frame.has_sync_end()) return;
  for (auto row = rows.begin(); row != rows.end();) {
    row = in_set.count(row->first) != 0 ? std::next(row) : rows.erase(row);
  }
}

TEST(ChurnTest, SubscriberEndsWithExactlyTheTable) {
  RunningAgent agent;
  auto channel =
      grpc::CreateChannel(agent.address(), grpc::experimental::LocalCredentials(LOCAL_TCP));
  const auto stub = v1::TcpService::NewStub(channel);
  Churn churn;
  v1::TcpQuery query;
  query.mutable_filter()->add_ports()->set_first(churn.port());

  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  v1::SubscribeTcpStatisticsRequest request;
  *request.mutable_query() = query;
  request.mutable_options()->mutable_interval()->set_nanos(100'000'000);
  const auto reader = stub->SubscribeTcpStatistics(&context, request);
  Rows rows;
  std::set<std::string> in_set;
  Frame frame;
  uint64_t sequence = 0;
  int complete = 0;
  int removed = 0;
  while (complete < 15 && reader->Read(&frame)) {
    ASSERT_EQ(frame.header().sequence(), ++sequence);
    Apply(frame, rows, in_set);
    removed += frame.statistics().removed_connections_size();
    if (frame.header().tick_complete()) ++complete;
  }
  EXPECT_GT(churn.opened(), 1000);
  EXPECT_GT(removed, 100);

  churn.Stop();
  // The snapshot collects anew, so the stream is complete once it has passed the snapshot's tick.
  grpc::ClientContext get_context;
  v1::GetTcpStatisticsRequest get;
  *get.mutable_query() = query;
  v1::GetTcpStatisticsResponse snapshot;
  ASSERT_TRUE(stub->GetTcpStatistics(&get_context, get, &snapshot).ok());
  ASSERT_TRUE(snapshot.next_page_token().empty());
  Rows expected;
  for (const auto& row : snapshot.statistics().connections()) {
    expected[row.key().SerializeAsString()] = row.SerializeAsString();
  }
  EXPECT_GT(expected.size(), 100u);
  while (rows != expected && reader->Read(&frame)) {
    ASSERT_EQ(frame.header().sequence(), ++sequence);
    Apply(frame, rows, in_set);
  }
  EXPECT_EQ(rows.size(), expected.size());
  EXPECT_TRUE(rows == expected);
  context.TryCancel();
  reader->Finish();
}

}  // namespace
}  // namespace farstat::testing
