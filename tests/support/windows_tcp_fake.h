// A Windows whose TCP connections a test fills in by hand.

#ifndef FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_FAKE_H_
#define FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_FAKE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "agent/sources/windows/api.h"

namespace farstat::testing {

using sources::windows::Api;

// A connection, and what its EStats show. Numbers of ports and addresses are as Windows has them.
struct FakeTcp {
  bool ipv6 = false;
  sources::windows::TcpRowOwnerModule row = {};
  sources::windows::Tcp6RowOwnerModule row6 = {};
  uint32_t offload_state = 0;
  // What GetOwnerModuleFromTcpEntry says; empty: 1168.
  std::u16string module;

  // By EstatsType: whether it is switched on, and the code of reading it.
  std::array<bool, 9> on = {};
  std::array<uint32_t, 9> codes = {};
  sources::windows::EstatsBandwidthRw bandwidth_switches = {};
  sources::windows::EstatsSynOptsRos syn_opts = {};
  sources::windows::EstatsDataRod data = {};
  sources::windows::EstatsSndCongRos snd_cong_limit = {};
  sources::windows::EstatsSndCongRod snd_cong = {};
  sources::windows::EstatsPathRod path = {};
  sources::windows::EstatsSendBuffRod send_buff = {};
  sources::windows::EstatsRecRod rec = {};
  sources::windows::EstatsObsRecRod obs_rec = {};
  sources::windows::EstatsBandwidthRod bandwidth = {};
  sources::windows::EstatsFineRttRod fine_rtt = {};

  void SwitchAll(bool enable) {
    on.fill(enable);
    bandwidth_switches = {enable ? 1 : 0, enable ? 1 : 0};
  }
  void Fail(uint32_t code) { codes.fill(code); }
};

class FakeTcpWindows {
 public:
  FakeTcpWindows();
  // The entries point here.
  FakeTcpWindows(const FakeTcpWindows&) = delete;
  FakeTcpWindows& operator=(const FakeTcpWindows&) = delete;

  // An established connection of IPv4 from 192.0.2.1, and of IPv6 from fe80::1, with this remote
  // port; made at `created`, by process 100. Its address does not change.
  FakeTcp& AddIpv4(uint16_t remote_port, int64_t created);
  FakeTcp& AddIpv6(uint16_t remote_port, int64_t created);
  // A port as Windows has it: in network order, with `garbage` above.
  static uint32_t Port(uint16_t port, uint32_t garbage = 0);

  Api api;
  std::deque<FakeTcp> connections;
  // The code of GetExtendedTcpTable by class and family, and of the other tables.
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> extended_codes;
  uint32_t table2_code = 0;
  uint32_t table6_2_code = 0;
  // The table grows so many times between being sized and being fetched.
  int growths = 0;
  // How often each call was made, and how often EStats of each type were read.
  std::map<std::string, int> calls;
  std::array<int, 9> estats_calls = {};

  std::map<uint32_t, std::string> process_names;
  // 0: by the names.
  uint32_t process_name_code = 0;
  uint32_t module_code = 0;
  std::map<uint32_t, sources::windows::TcpStats2> stats;
  std::map<uint32_t, uint32_t> stats_codes;
  std::map<uint32_t, uint32_t> stats2_codes;

 private:
  // What a call is to fill.
  struct Buffer {
    uint8_t* data;
    uint32_t size;
  };

  template <typename Table>
  uint32_t FillTable(void* data, uint32_t* bytes, bool ipv6);
  uint32_t ExtendedTable(void* table, uint32_t* bytes, uint32_t family, uint32_t table_class);
  template <typename Row>
  FakeTcp* Find(const Row& row);
  uint32_t ReadEstats(FakeTcp* connection, uint32_t type, Buffer rw, Buffer ros, Buffer rod);
  void FillTables();
  void FillEstats();
  void FillOwners();
  void FillStats();
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_WINDOWS_TCP_FAKE_H_
