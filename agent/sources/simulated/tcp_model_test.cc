#include "agent/sources/simulated/tcp_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::simulated {
namespace {

using windows::TcpRow;
using windows::TcpRowOwnerModule;

constexpr char kOffice[] = R"(
  processes { name: "svchost.exe" service: "Dnscache" }
  processes { name: "outlook.exe" }
  processes { name: "guard.exe" locked: true }
  paths { name: "wan" rtt_ms: 30 jitter_ms: 3 up_mbps: 20 loss: 0.0005 }
  listeners { process: "svchost.exe" port: 445 }
  connections {
    name: "mail" count: 30 processes: "outlook.exe" peers: "203.0.113.0/24"
    peers: "2001:db8:9::/64" ipv6_share: 0.3 port: 443 path: "wan" lifetime_s: 20
    traffic { out_unlimited: true in_kbps: 400 }
  }
)";

// A simulated host with nothing but its TCP.
class TcpHost {
 public:
  explicit TcpHost(const std::string& tcp = kOffice, uint64_t seed = 1, bool administrator = true) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(tcp, scenario_.mutable_tcp()));
    EXPECT_TRUE(CheckTcpScenario(scenario_.tcp()).ok()) << CheckTcpScenario(scenario_.tcp());
    scenario_.set_not_administrator(!administrator);
    world_.emplace(scenario_, seed, clock_);
    model_.emplace(scenario_.tcp(), *world_);
    model_->Fill(api_);
  }

  const windows::Api& api() const { return api_; }
  TcpModel& model() { return *model_; }
  void Advance(double seconds) { clock_.Advance(absl::Seconds(seconds)); }

  std::vector<TcpRowOwnerModule> Rows() const {
    std::vector<uint64_t> buffer;
    uint32_t bytes = 0;
    while (api_.get_extended_tcp_table(buffer.data(), &bytes, 0, windows::kAddressFamilyInet,
                                       windows::kTcpTableOwnerModuleAll,
                                       0) == windows::kErrorInsufficientBuffer) {
      buffer.resize(bytes / 8 + 1);
      bytes = static_cast<uint32_t>(buffer.size() * 8);
    }
    uint32_t count = 0;
    if (!buffer.empty()) std::memcpy(&count, buffer.data(), sizeof(count));
    std::vector<TcpRowOwnerModule> rows(count);
    if (count > 0) std::memcpy(rows.data(), buffer.data() + 1, count * sizeof(rows[0]));
    return rows;
  }

  std::vector<TcpRow> Established() const {
    std::vector<TcpRow> rows;
    for (const TcpRowOwnerModule& row : Rows()) {
      if (row.state != windows::kTcpStateEstablished) continue;
      rows.push_back({row.state, row.local_addr, row.local_port, row.remote_addr, row.remote_port});
    }
    return rows;
  }

 private:
  Scenario scenario_;
  testing::ManualClock clock_;
  absl::optional<World> world_;
  absl::optional<TcpModel> model_;
  windows::Api api_;
};

TEST(TcpModel, HasTheConnectionsOfTheScenario) {
  TcpHost host;
  host.Advance(60);
  EXPECT_GE(host.Established().size(), 15u);
  EXPECT_LE(host.Established().size(), 30u);
}

TEST(TcpModel, EstatsAreOffUntilSwitchedOn) {
  TcpHost host;
  const TcpRow row = host.Established().front();
  uint8_t rw = 9;
  windows::EstatsPathRod rod = {};
  const auto get = [&] {
    return host.api().get_per_tcp_connection_estats(&row, windows::kEstatsPath, &rw, 0, sizeof(rw),
                                                    nullptr, 0, 0, reinterpret_cast<uint8_t*>(&rod),
                                                    0, sizeof(rod));
  };
  EXPECT_EQ(get(), windows::kSuccess);
  EXPECT_EQ(rw, 0);
  EXPECT_GT(rod.cur_mss, 100000u);
  const uint8_t on = 1;
  EXPECT_EQ(host.api().set_per_tcp_connection_estats(&row, windows::kEstatsPath, &on, 0, 1, 0),
            windows::kSuccess);
  EXPECT_EQ(get(), windows::kSuccess);
  EXPECT_EQ(rw, 1);
  EXPECT_EQ(rod.count_rtt, 0u);
  EXPECT_EQ(rod.sample_rtt, windows::kEstatsNoValue);
  host.Advance(0.5);
  EXPECT_EQ(get(), windows::kSuccess);
  EXPECT_GT(rod.count_rtt, 0u);
  EXPECT_LT(rod.sample_rtt, 1000u);
}

}  // namespace
}  // namespace farstat::sources::simulated
