#include "tests/bench/windows_tick_bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "agent/feed/table.h"
#include "agent/sources/simulated/host.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/tcp_source.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::bench {
namespace {

namespace windows = sources::windows;

// Own cost per row and group-call.
constexpr double kBarUs = 3;

constexpr int kGroups = 3;
constexpr sources::PartMask kParts =
    sources::PartBit(0) | sources::PartBit(sources::kTcpConnectionsPart) |
    windows::GroupBit(v1::TCP_GROUP_DATA) | windows::GroupBit(v1::TCP_GROUP_SEND_CONGESTION) |
    windows::GroupBit(v1::TCP_GROUP_PATH);

double CpuUs() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

// A quarter over IPv6. All of them send and receive all the time, so that every row changes.
sources::simulated::Scenario Busy(int connections) {
  sources::simulated::Scenario scenario;
  const std::string text = absl::StrFormat(
      R"(tcp {
           processes { name: "server.exe" }
           connections {
             name: "clients" count: %d processes: "server.exe" inbound: true port: 443
             peers: "198.18.0.0/15" peers: "2001:db8:9::/48" ipv6_share: 0.25
             traffic { out_kbps: 400 in_kbps: 100 }
           }
           estats { enabled { share: 1 } }
         })",
      connections);
  if (!google::protobuf::TextFormat::ParseFromString(text, &scenario)) std::exit(1);
  return scenario;
}

class TableSink : public sources::RowSink {
 public:
  explicit TableSink(feed::Table& table) : table_(table) {}
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    table_.Put(
        {kind == sources::RowKind::kTotals, row.bytes(), row.part_ends(), row.key(), row.facts()});
  }

 private:
  feed::Table& table_;
};

// The calls of a tick, and nothing else but what it takes to make them.
class OnlyCalls {
 public:
  explicit OnlyCalls(const windows::Api& api) : api_(api), ipv4_(4 << 20), ipv6_(4 << 20) {}

  // CPU time of them.
  double Run() {
    const double before = CpuUs();
    native_calls_ = 0;
    List(windows::kAddressFamilyInet, ipv4_);
    List(windows::kAddressFamilyInet6, ipv6_);
    ReadAll<windows::TcpTableOwnerModule>(ipv4_, api_.get_per_tcp_connection_estats);
    ReadAll<windows::Tcp6TableOwnerModule>(ipv6_, api_.get_per_tcp6_connection_estats);
    return CpuUs() - before;
  }
  uint64_t native_calls() const { return native_calls_; }

 private:
  void List(uint32_t family, windows::AlignedBuffer& table) {
    uint32_t bytes = table.size();
    Expect(family == windows::kAddressFamilyInet
               ? api_.get_tcp_table2(static_cast<windows::TcpTable2*>(table.data()), &bytes, 0)
               : api_.get_tcp6_table2(static_cast<windows::Tcp6Table2*>(table.data()), &bytes, 0));
    bytes = table.size();
    Expect(api_.get_extended_tcp_table(table.data(), &bytes, 0, family,
                                       windows::kTcpTableOwnerModuleAll, 0));
  }
  template <typename Table, typename Call>
  void ReadAll(windows::AlignedBuffer& buffer, const Call& call) {
    const auto& table = *static_cast<const Table*>(buffer.data());
    for (uint32_t i = 0; i < table.num_entries; ++i) {
      if (table.table[i].state == windows::kTcpStateEstablished) Read(table.table[i], call);
    }
  }
  template <typename Listed, typename Call>
  void Read(const Listed& listed, const Call& call) {
    const auto row = Named(listed);
    const auto read = [&](uint32_t type, auto& rod, uint8_t* ros, uint32_t ros_size) {
      windows::EstatsRw rw;
      Expect(call(&row, type, reinterpret_cast<uint8_t*>(&rw), 0, sizeof(rw), ros, 0, ros_size,
                  reinterpret_cast<uint8_t*>(&rod), 0, sizeof(rod)));
    };
    windows::EstatsDataRod data;
    read(windows::kEstatsData, data, nullptr, 0);
    windows::EstatsSndCongRos limit;
    windows::EstatsSndCongRod congestion;
    read(windows::kEstatsSndCong, congestion, reinterpret_cast<uint8_t*>(&limit), sizeof(limit));
    windows::EstatsPathRod path;
    read(windows::kEstatsPath, path, nullptr, 0);
  }
  static windows::TcpRow Named(const windows::TcpRowOwnerModule& from) {
    return {from.state, from.local_addr, from.local_port, from.remote_addr, from.remote_port};
  }
  static windows::Tcp6Row Named(const windows::Tcp6RowOwnerModule& from) {
    windows::Tcp6Row row;
    row.state = from.state;
    std::copy(from.local_addr, from.local_addr + 16, row.local_addr);
    row.local_scope_id = from.local_scope_id;
    row.local_port = from.local_port;
    std::copy(from.remote_addr, from.remote_addr + 16, row.remote_addr);
    row.remote_scope_id = from.remote_scope_id;
    row.remote_port = from.remote_port;
    return row;
  }
  void Expect(uint32_t code) {
    ++native_calls_;
    if (code == windows::kSuccess) return;
    std::fprintf(stderr, "a simulated call failed with %u\n", code);
    std::exit(1);
  }

  const windows::Api& api_;
  windows::AlignedBuffer ipv4_;
  windows::AlignedBuffer ipv6_;
  uint64_t native_calls_ = 0;
};

// CPU time of a tick as the feed makes it.
double RunTick(windows::TcpSource& source, feed::Table& table, sources::Outcome& outcome) {
  const double before = CpuUs();
  TableSink sink(table);
  table.BeginTick();
  outcome = source.Collect(kParts, sink);
  if (!outcome.status.ok() || !outcome.partial.ok()) {
    std::fprintf(stderr, "%s\n", std::string(outcome.status.message()).c_str());
    std::exit(1);
  }
  table.EndTick({}, outcome.partial);
  return CpuUs() - before;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::vector<Figure> MeasureWindowsTick(int connections, int rounds) {
  testing::ManualClock clock;
  sources::simulated::Host host(Busy(connections), /*seed=*/1, clock);
  windows::TcpSource source(host.api(), clock);
  feed::Table table;
  OnlyCalls only_calls(host.api());
  sources::Outcome outcome;
  RunTick(source, table, outcome);
  std::vector<double> ticks, calls, own;
  for (int round = 0; round < rounds; ++round) {
    clock.Advance(absl::Seconds(1));
    only_calls.Run();  // The simulation catches up with the clock on nobody's account.
    calls.push_back(only_calls.Run());
    ticks.push_back(RunTick(source, table, outcome));
    own.push_back((ticks.back() - calls.back()) / (kGroups * connections));
  }
  const std::string what = absl::StrFormat(
      "CPU, median of %d alternating rounds, %d simulated connections, %d groups, %d calls per "
      "tick, %d without the collector, every row changed",
      rounds, connections, kGroups, outcome.native_calls, only_calls.native_calls());
  return {
      {"windows tick per call", Median(own), kBarUs, "us", 1,
       "what collector and table add to each row and group-call, against 3 us. " + what},
      {"windows tick / calls", Median(ticks) / 1e3, Median(calls) / 1e3, "ms", 0,
       "a whole tick, against a loop that only makes the same simulated calls. " + what},
  };
}

}  // namespace farstat::bench
