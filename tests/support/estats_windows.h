// A Windows that has nothing but TCP connections with EStats switches, each of which the test
// decides. Its connections are in memory that forked processes share, as those of a real Windows
// outlive the agent that switched them.

#ifndef FARSTAT_TESTS_SUPPORT_ESTATS_WINDOWS_H_
#define FARSTAT_TESTS_SUPPORT_ESTATS_WINDOWS_H_

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "agent/sources/estats_switches.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/estats_calls.h"
#include "agent/sources/windows/win32_status.h"
#include "common/mutex.h"
#include "tests/support/shared_memory.h"

namespace farstat::testing {

namespace windows = sources::windows;

class EstatsWindows {
 public:
  struct Connection {
    bool ipv6 = false;
    uint16_t local_port = 0;
    uint16_t remote_port = 443;
    uint32_t state = windows::kTcpStateEstablished;
    uint32_t pid = 0;
    uint64_t created = 0;
    // What is on.
    sources::EstatsSwitches on = 0;
    // Calls for it return this instead of doing anything.
    uint32_t get_code = 0;
    uint32_t set_code = 0;
    // Set says that it has worked, and nothing happens.
    bool ignores_set = false;
    // It is gone after so many more calls about it; negative: it stays.
    int calls_left = -1;
  };

  explicit EstatsWindows(size_t capacity = 64)
      : capacity_(capacity), memory_(sizeof(Shared) + capacity * sizeof(Connection)) {
    shared_ = new (memory_.get()) Shared();
    connections_ = reinterpret_cast<Connection*>(shared_ + 1);
    FillTables();
    FillSwitches<windows::TcpRow>(api_.get_per_tcp_connection_estats,
                                  api_.set_per_tcp_connection_estats, false);
    FillSwitches<windows::Tcp6Row>(api_.get_per_tcp6_connection_estats,
                                   api_.set_per_tcp6_connection_estats, true);
    api_.process_name = [](uint32_t pid, std::string* name) {
      *name = "process" + std::to_string(pid);
      return windows::kSuccess;
    };
  }
  EstatsWindows(const EstatsWindows&) = delete;
  EstatsWindows& operator=(const EstatsWindows&) = delete;

  windows::Api& api() { return api_; }

  // An established IPv4 connection 192.0.2.1:`port` to 198.51.100.1:443, made just now.
  size_t Add(uint16_t port) {
    Connection connection;
    connection.local_port = port;
    connection.pid = port;
    return Add(connection);
  }
  size_t Add(Connection connection) {
    MutexLock lock(mutex_);
    EXPECT_LT(shared_->count, capacity_);
    if (connection.created == 0) connection.created = ++shared_->now;
    connections_[shared_->count] = connection;
    return shared_->count++;
  }
  Connection Get(size_t index) const {
    MutexLock lock(mutex_);
    return connections_[index];
  }
  sources::EstatsSwitches On(size_t index) const { return Get(index).on; }
  template <typename Change>
  void Alter(size_t index, Change&& change) {
    MutexLock lock(mutex_);
    change(connections_[index]);
  }
  // Ends it; another one with the same end points may come.
  void Close(size_t index) {
    Alter(index, [](Connection& connection) { connection.local_port = 0; });
  }
  void LoseAdministrator() { shared_->administrator = false; }
  void BecomeAdministrator() { shared_->administrator = true; }
  // Listing fails with this code.
  void FailListing(uint32_t code) { shared_->listing_code = code; }

  int sets() const { return shared_->sets; }
  int gets() const { return shared_->gets; }
  int listings() const { return shared_->listings; }

 private:
  struct Shared {
    size_t count = 0;
    uint64_t now = 133'000'000'000'000'000;
    bool administrator = true;
    uint32_t listing_code = 0;
    int sets = 0;
    int gets = 0;
    int listings = 0;
  };

  static uint32_t NetworkPort(uint16_t port) {
    // What is above a port may be anything.
    return 0xABCD0000u | static_cast<uint32_t>((port & 0xff) << 8 | port >> 8);
  }
  static constexpr std::array<uint8_t, 4> kLocal = {192, 0, 2, 1};
  static constexpr std::array<uint8_t, 4> kRemote = {198, 51, 100, 1};
  static uint32_t Bits(const std::array<uint8_t, 4>& address) {
    uint32_t bits = 0;
    std::memcpy(&bits, address.data(), sizeof(bits));
    return bits;
  }
  static void SetAddress6(uint8_t (&address)[16], uint8_t last) {
    const uint8_t bytes[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    std::memcpy(address, bytes, sizeof(bytes));
  }
  static windows::TcpRowOwnerModule RowOf(const Connection& connection, windows::TcpRow*) {
    windows::TcpRowOwnerModule row = {};
    row.state = connection.state;
    row.local_addr = Bits(kLocal);
    row.local_port = NetworkPort(connection.local_port);
    row.remote_addr = Bits(kRemote);
    row.remote_port = NetworkPort(connection.remote_port);
    row.owning_pid = connection.pid;
    row.create_timestamp = static_cast<int64_t>(connection.created);
    return row;
  }
  static windows::Tcp6RowOwnerModule RowOf(const Connection& connection, windows::Tcp6Row*) {
    windows::Tcp6RowOwnerModule row = {};
    row.state = connection.state;
    SetAddress6(row.local_addr, 1);
    row.local_port = NetworkPort(connection.local_port);
    SetAddress6(row.remote_addr, 2);
    row.remote_port = NetworkPort(connection.remote_port);
    row.owning_pid = connection.pid;
    row.create_timestamp = static_cast<int64_t>(connection.created);
    return row;
  }

  template <typename Table, typename Row>
  uint32_t List(void* to, uint32_t* bytes, bool ipv6) {
    std::vector<size_t> listed;
    for (size_t i = 0; i < shared_->count; ++i) {
      if (connections_[i].local_port != 0 && connections_[i].ipv6 == ipv6) listed.push_back(i);
    }
    Table* table = static_cast<Table*>(to);
    const size_t rows_at = offsetof(Table, table);
    const auto needed = static_cast<uint32_t>(rows_at + listed.size() * sizeof(table->table[0]));
    const bool fits = *bytes >= needed;
    *bytes = needed;
    if (!fits) return windows::kErrorInsufficientBuffer;
    table->num_entries = static_cast<uint32_t>(listed.size());
    char* at = static_cast<char*>(to) + rows_at;
    for (const size_t index : listed) {
      const auto row = RowOf(connections_[index], static_cast<Row*>(nullptr));
      std::memcpy(at, &row, sizeof(row));
      at += sizeof(row);
    }
    return windows::kSuccess;
  }

  void FillTables() {
    api_.get_extended_tcp_table = [this](void* table, uint32_t* bytes, int32_t, uint32_t family,
                                         uint32_t table_class, uint32_t) -> uint32_t {
      MutexLock lock(mutex_);
      ++shared_->listings;
      if (shared_->listing_code != 0) return shared_->listing_code;
      if (table_class != windows::kTcpTableOwnerModuleAll) return windows::kErrorNotSupported;
      return family == windows::kAddressFamilyInet
                 ? List<windows::TcpTableOwnerModule, windows::TcpRow>(table, bytes, false)
                 : List<windows::Tcp6TableOwnerModule, windows::Tcp6Row>(table, bytes, true);
    };
  }

  // The connection that a row names, if there is one.
  template <typename Row>
  Connection* Find(const Row& row, bool ipv6) {
    for (size_t i = 0; i < shared_->count; ++i) {
      Connection& connection = connections_[i];
      if (connection.local_port == 0 || connection.ipv6 != ipv6) continue;
      const auto listed = RowOf(connection, static_cast<Row*>(nullptr));
      if (listed.local_port != row.local_port || listed.remote_port != row.remote_port) continue;
      if (std::memcmp(&listed.local_addr, &row.local_addr, sizeof(row.local_addr)) != 0) continue;
      if (std::memcmp(&listed.remote_addr, &row.remote_addr, sizeof(row.remote_addr)) != 0)
        continue;
      EXPECT_EQ(row.state, connection.state);
      if (connection.calls_left == 0) {
        connection.local_port = 0;
        return nullptr;
      }
      if (connection.calls_left > 0) --connection.calls_left;
      return &connection;
    }
    return nullptr;
  }

  static v1::TcpGroup GroupOf(uint32_t type) {
    constexpr v1::TcpGroup kGroups[] = {v1::TCP_GROUP_SYN_OPTIONS,      v1::TCP_GROUP_DATA,
                                        v1::TCP_GROUP_SEND_CONGESTION,  v1::TCP_GROUP_PATH,
                                        v1::TCP_GROUP_SEND_BUFFER,      v1::TCP_GROUP_RECEIVE,
                                        v1::TCP_GROUP_OBSERVED_RECEIVE, v1::TCP_GROUP_BANDWIDTH,
                                        v1::TCP_GROUP_FINE_RTT};
    EXPECT_TRUE(type >= 1 && type <= 8) << "has no switch: " << type;
    return kGroups[type];
  }

  static uint32_t ReadRw(const Connection& connection, uint32_t type, uint8_t* rw, uint32_t size) {
    const sources::EstatsSwitches outbound = sources::EstatsSwitchOf(GroupOf(type));
    if (type == windows::kEstatsBandwidth) {
      if (size < sizeof(windows::EstatsBandwidthRw)) return windows::kErrorInsufficientBuffer;
      const windows::EstatsBandwidthRw value = {
          (connection.on & outbound) != 0 ? 1 : 0,
          (connection.on & sources::kInboundBandwidthSwitch) != 0 ? 1 : 0};
      std::memcpy(rw, &value, sizeof(value));
      return windows::kSuccess;
    }
    if (size < 1) return windows::kErrorInsufficientBuffer;
    *rw = (connection.on & outbound) != 0 ? 1 : 0;
    return windows::kSuccess;
  }

  static void Turn(int32_t setting, sources::EstatsSwitches bit, Connection& connection) {
    if (setting == windows::kEstatsSwitchOn) connection.on |= bit;
    if (setting == windows::kEstatsSwitchOff) connection.on &= ~bit;
  }
  static uint32_t WriteRw(Connection& connection, uint32_t type, const uint8_t* rw, uint32_t size) {
    const sources::EstatsSwitches outbound = sources::EstatsSwitchOf(GroupOf(type));
    if (type == windows::kEstatsBandwidth) {
      windows::EstatsBandwidthRw value;
      if (size != sizeof(value)) return windows::kErrorInsufficientBuffer;
      std::memcpy(&value, rw, sizeof(value));
      Turn(value.enable_collection_outbound, outbound, connection);
      Turn(value.enable_collection_inbound, sources::kInboundBandwidthSwitch, connection);
      return windows::kSuccess;
    }
    if (size != sizeof(windows::EstatsRw)) return windows::kErrorInsufficientBuffer;
    Turn(*rw, outbound, connection);
    return windows::kSuccess;
  }

  template <typename Row>
  void FillSwitches(std::function<windows::GetEstatsCall<Row>>& get,
                    std::function<windows::SetEstatsCall<Row>>& set, bool ipv6) {
    get = [this, ipv6](const Row* row, uint32_t type, uint8_t* rw, uint32_t, uint32_t rw_size,
                       uint8_t*, uint32_t, uint32_t ros_size, uint8_t*, uint32_t,
                       uint32_t rod_size) -> uint32_t {
      MutexLock lock(mutex_);
      ++shared_->gets;
      EXPECT_EQ(ros_size + rod_size, 0u) << "not wanted here";
      Connection* connection = Find(*row, ipv6);
      if (connection == nullptr) return windows::kErrorNotFound;
      if (connection->get_code != 0) return connection->get_code;
      return ReadRw(*connection, type, rw, rw_size);
    };
    set = [this, ipv6](const Row* row, uint32_t type, const uint8_t* rw, uint32_t, uint32_t rw_size,
                       uint32_t offset) -> uint32_t {
      MutexLock lock(mutex_);
      ++shared_->sets;
      EXPECT_EQ(offset, 0u);
      if (!shared_->administrator) return windows::kErrorAccessDenied;
      Connection* connection = Find(*row, ipv6);
      if (connection == nullptr) return windows::kErrorNotFound;
      if (connection->set_code != 0) return connection->set_code;
      return connection->ignores_set ? windows::kSuccess : WriteRw(*connection, type, rw, rw_size);
    };
  }

  const size_t capacity_;
  // Guards what is shared, within the process.
  mutable Mutex mutex_;
  const SharedMemory memory_;
  Shared* shared_ = nullptr;
  Connection* connections_ = nullptr;
  windows::Api api_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_ESTATS_WINDOWS_H_
