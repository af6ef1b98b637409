// A simulated host with nothing but its TCP, and the calls that tests make of it.

#ifndef FARSTAT_TESTS_SUPPORT_SIMULATED_TCP_H_
#define FARSTAT_TESTS_SUPPORT_SIMULATED_TCP_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/tcp_class.h"
#include "agent/sources/simulated/tcp_model.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/win32_status.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::testing {

class SimulatedTcp {
 public:
  // `tcp` is a TcpScenario as text.
  explicit SimulatedTcp(const std::string& tcp, uint64_t seed = 1, bool administrator = true) {
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(tcp, scenario_.mutable_tcp()));
    const absl::Status status = sources::simulated::CheckTcpScenario(scenario_.tcp());
    EXPECT_TRUE(status.ok()) << status;
    scenario_.set_not_administrator(!administrator);
    world_.emplace(scenario_, seed, clock_);
    model_.emplace(scenario_.tcp(), *world_);
    model_->Fill(api_);
  }

  const sources::windows::Api& api() const { return api_; }
  sources::simulated::TcpModel& model() { return *model_; }
  const sources::simulated::World& world() const { return *world_; }
  void Advance(double seconds) { clock_.Advance(absl::Seconds(seconds)); }

  // A table of GetExtendedTcpTable.
  template <typename Row>
  std::vector<Row> Table(uint32_t family, uint32_t table_class, bool sorted = false) const {
    constexpr size_t kFirstRow = alignof(Row) > 4 ? alignof(Row) : 4;
    std::vector<uint64_t> buffer(1);
    uint32_t bytes = 8;
    while (api_.get_extended_tcp_table(buffer.data(), &bytes, sorted ? 1 : 0, family, table_class,
                                       0) == sources::windows::kErrorInsufficientBuffer) {
      buffer.resize(bytes / 8 + 1);
      bytes = static_cast<uint32_t>(buffer.size() * 8);
    }
    uint32_t count = 0;
    std::memcpy(&count, buffer.data(), sizeof(count));
    std::vector<Row> rows(count);
    if (count == 0) return rows;
    std::memcpy(rows.data(), reinterpret_cast<const char*>(buffer.data()) + kFirstRow,
                count * sizeof(Row));
    return rows;
  }

  std::vector<sources::windows::TcpRowOwnerModule> Rows() const {
    return Table<sources::windows::TcpRowOwnerModule>(sources::windows::kAddressFamilyInet,
                                                      sources::windows::kTcpTableOwnerModuleAll);
  }
  std::vector<sources::windows::Tcp6RowOwnerModule> Rows6() const {
    return Table<sources::windows::Tcp6RowOwnerModule>(sources::windows::kAddressFamilyInet6,
                                                       sources::windows::kTcpTableOwnerModuleAll);
  }
  // IPv4 connections in a state, as EStats want them named.
  std::vector<sources::windows::TcpRow> InState(uint32_t state) const {
    std::vector<sources::windows::TcpRow> rows;
    for (const sources::windows::TcpRowOwnerModule& row : Rows()) {
      if (row.state != state) continue;
      rows.push_back({row.state, row.local_addr, row.local_port, row.remote_addr, row.remote_port});
    }
    return rows;
  }
  std::vector<sources::windows::TcpRow> Established() const {
    return InState(sources::windows::kTcpStateEstablished);
  }

  uint32_t Switch(const sources::windows::TcpRow& row, uint32_t type, bool on) const {
    if (type == sources::windows::kEstatsBandwidth) {
      const sources::windows::EstatsBandwidthRw rw = {on ? 1 : 0, on ? 1 : 0};
      return api_.set_per_tcp_connection_estats(&row, type, reinterpret_cast<const uint8_t*>(&rw),
                                                0, sizeof(rw), 0);
    }
    const uint8_t rw = on ? 1 : 0;
    return api_.set_per_tcp_connection_estats(&row, type, &rw, 0, sizeof(rw), 0);
  }

  // Reads a group that has a switch of its own; false: Windows said no, or it is off.
  template <typename Rod>
  bool Read(const sources::windows::TcpRow& row, uint32_t type, Rod& rod) const {
    alignas(8) uint8_t rw[8] = {};
    const uint32_t rw_size = type == sources::windows::kEstatsBandwidth ? 8 : 1;
    const uint32_t code =
        api_.get_per_tcp_connection_estats(&row, type, rw, 0, rw_size, nullptr, 0, 0,
                                           reinterpret_cast<uint8_t*>(&rod), 0, sizeof(rod));
    return code == sources::windows::kSuccess && rw[0] == 1;
  }

 private:
  sources::simulated::Scenario scenario_;
  ManualClock clock_;
  absl::optional<sources::simulated::World> world_;
  absl::optional<sources::simulated::TcpModel> model_;
  sources::windows::Api api_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_SIMULATED_TCP_H_
