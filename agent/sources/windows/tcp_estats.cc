#include "agent/sources/windows/tcp_estats.h"

#include <cstring>

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

// Something that a call fills; not asked for where it is default.
struct Buffer {
  uint8_t* data = nullptr;
  uint32_t size = 0;
};

// What a call does not fill, although it says that it did, is what is put in before: `filling`.
template <typename Struct>
Buffer BufferOf(Struct& values, int filling = 0) {
  std::memset(&values, filling, sizeof(values));
  return {reinterpret_cast<uint8_t*>(&values), sizeof(values)};
}

class Reader {
 public:
  Reader(const Api& api, const ListedTcp& connection, PartMask groups, TcpEstats& estats,
         uint64_t& calls)
      : api_(api), connection_(connection), groups_(groups), estats_(estats), calls_(calls) {}

  // Each returns false if the connection is gone.
  bool ReadSynOptions();
  template <typename Rod>
  bool ReadGroup(v1::TcpGroup group, EstatsType type, Rod& rod, Buffer ros = {});
  bool ReadSendCongestion() {
    return !Wanted(v1::TCP_GROUP_SEND_CONGESTION) ||
           ReadGroup(v1::TCP_GROUP_SEND_CONGESTION, kEstatsSndCong, estats_.send_congestion,
                     BufferOf(estats_.send_congestion_limit));
  }
  bool ReadBandwidth();

 private:
  bool Wanted(v1::TcpGroup group) const { return (groups_ & GroupBit(group)) != 0; }
  bool Call(v1::TcpGroup group, EstatsType type, Buffer rw, Buffer ros, Buffer rod);

  const Api& api_;
  const ListedTcp& connection_;
  const PartMask groups_;
  TcpEstats& estats_;
  uint64_t& calls_;
};

// Whether the call succeeded; if not, the group is among those that failed.
bool Reader::Call(v1::TcpGroup group, EstatsType type, Buffer rw, Buffer ros, Buffer rod) {
  uint32_t code = kSuccess;
  ++calls_;
  if (connection_.ipv6) {
    code = api_.get_per_tcp6_connection_estats(&connection_.row6, type, rw.data, 0, rw.size,
                                               ros.data, 0, ros.size, rod.data, 0, rod.size);
  } else {
    code = api_.get_per_tcp_connection_estats(&connection_.row, type, rw.data, 0, rw.size, ros.data,
                                              0, ros.size, rod.data, 0, rod.size);
  }
  if (code == kSuccess) return true;
  estats_.failed |= GroupBit(group);
  estats_.codes[TcpGroupPart(group)] = code;
  return false;
}

// There is no switch to read with it. A flag that is neither true nor false was not filled in.
bool Reader::ReadSynOptions() {
  constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_SYN_OPTIONS;
  if (!Wanted(kGroup)) return true;
  if (!Call(kGroup, kEstatsSynOpts, {}, BufferOf(estats_.syn_options, 0xff), {})) {
    return estats_.codes[TcpGroupPart(kGroup)] != kErrorNotFound;
  }
  if (estats_.syn_options.active_open <= 1) {
    estats_.delivered |= GroupBit(kGroup);
  } else {
    estats_.failed |= GroupBit(kGroup);
    estats_.codes[TcpGroupPart(kGroup)] = kSuccess;
  }
  return true;
}

// The switch is read by the same call: a group that is off is undefined, although reading it
// succeeds.
template <typename Rod>
bool Reader::ReadGroup(v1::TcpGroup group, EstatsType type, Rod& rod, Buffer ros) {
  if (!Wanted(group)) return true;
  EstatsRw rw;
  if (!Call(group, type, BufferOf(rw), ros, BufferOf(rod))) {
    return estats_.codes[TcpGroupPart(group)] != kErrorNotFound;
  }
  (rw.enable_collection != 0 ? estats_.delivered : estats_.off) |= GroupBit(group);
  return true;
}

bool Reader::ReadBandwidth() {
  constexpr v1::TcpGroup kGroup = v1::TCP_GROUP_BANDWIDTH;
  if (!Wanted(kGroup)) return true;
  EstatsBandwidthRw& rw = estats_.bandwidth_switches;
  if (!Call(kGroup, kEstatsBandwidth, BufferOf(rw), {}, BufferOf(estats_.bandwidth))) {
    return estats_.codes[TcpGroupPart(kGroup)] != kErrorNotFound;
  }
  const bool on = rw.enable_collection_outbound == kEstatsSwitchOn ||
                  rw.enable_collection_inbound == kEstatsSwitchOn;
  (on ? estats_.delivered : estats_.off) |= GroupBit(kGroup);
  return true;
}

}  // namespace

PartMask ReadableGroups(const Api& api) {
  return api.get_per_tcp_connection_estats || api.get_per_tcp6_connection_estats ? kEstatsGroups
                                                                                 : 0;
}

absl::string_view EstatsCallName(const ListedTcp& connection) {
  return connection.ipv6 ? "GetPerTcp6ConnectionEStats" : "GetPerTcpConnectionEStats";
}

bool ReadEstats(const Api& api, const ListedTcp& connection, PartMask groups, TcpEstats& estats,
                uint64_t& calls) {
  estats.delivered = estats.off = estats.failed = 0;
  const bool present = connection.ipv6 ? static_cast<bool>(api.get_per_tcp6_connection_estats)
                                       : static_cast<bool>(api.get_per_tcp_connection_estats);
  if (!present) {
    estats.failed = groups & kEstatsGroups;
    estats.codes = {};
    return true;
  }
  Reader reader(api, connection, groups, estats, calls);
  return reader.ReadSynOptions() &&
         reader.ReadGroup(v1::TCP_GROUP_DATA, kEstatsData, estats.data) &&
         reader.ReadSendCongestion() &&
         reader.ReadGroup(v1::TCP_GROUP_PATH, kEstatsPath, estats.path) &&
         reader.ReadGroup(v1::TCP_GROUP_SEND_BUFFER, kEstatsSendBuff, estats.send_buffer) &&
         reader.ReadGroup(v1::TCP_GROUP_RECEIVE, kEstatsRec, estats.receive) &&
         reader.ReadGroup(v1::TCP_GROUP_OBSERVED_RECEIVE, kEstatsObsRec, estats.observed_receive) &&
         reader.ReadBandwidth() &&
         reader.ReadGroup(v1::TCP_GROUP_FINE_RTT, kEstatsFineRtt, estats.fine_rtt);
}

}  // namespace farstat::sources::windows
