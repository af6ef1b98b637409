#include "agent/sources/windows/estats_calls.h"

#include <functional>

#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::windows {
namespace {

EstatsType TypeOf(v1::TcpGroup group) {
  switch (group) {
    case v1::TCP_GROUP_DATA:
      return kEstatsData;
    case v1::TCP_GROUP_SEND_CONGESTION:
      return kEstatsSndCong;
    case v1::TCP_GROUP_PATH:
      return kEstatsPath;
    case v1::TCP_GROUP_SEND_BUFFER:
      return kEstatsSendBuff;
    case v1::TCP_GROUP_RECEIVE:
      return kEstatsRec;
    case v1::TCP_GROUP_OBSERVED_RECEIVE:
      return kEstatsObsRec;
    case v1::TCP_GROUP_BANDWIDTH:
      return kEstatsBandwidth;
    case v1::TCP_GROUP_FINE_RTT:
      return kEstatsFineRtt;
    default:
      return kEstatsSynOpts;
  }
}

// The functions of a protocol, and their names.
struct Ipv4 {
  static constexpr char kGet[] = "GetPerTcpConnectionEStats";
  static constexpr char kSet[] = "SetPerTcpConnectionEStats";
  static const auto& Get(const Api& api) { return api.get_per_tcp_connection_estats; }
  static const auto& Set(const Api& api) { return api.set_per_tcp_connection_estats; }
  static const TcpRow& RowOf(const ListedTcp& connection) { return connection.row; }
};

struct Ipv6 {
  static constexpr char kGet[] = "GetPerTcp6ConnectionEStats";
  static constexpr char kSet[] = "SetPerTcp6ConnectionEStats";
  static const auto& Get(const Api& api) { return api.get_per_tcp6_connection_estats; }
  static const auto& Set(const Api& api) { return api.set_per_tcp6_connection_estats; }
  static const Tcp6Row& RowOf(const ListedTcp& connection) { return connection.row6; }
};

// What a group's switches are to Windows: one byte.
struct OneSwitch {
  explicit OneSwitch(v1::TcpGroup group) : bit(EstatsSwitchOf(group)) {}
  EstatsSwitches On(const EstatsRw& rw) const { return rw.enable_collection != 0 ? bit : 0; }
  EstatsRw Setting(EstatsSwitches on, EstatsSwitches /*off*/) const {
    return {static_cast<uint8_t>((on & bit) != 0 ? 1 : 0)};
  }
  using Rw = EstatsRw;
  const EstatsSwitches bit;
};

// Two numbers that are always set together, and that can say "unchanged".
struct BandwidthSwitches {
  using Rw = EstatsBandwidthRw;
  static constexpr EstatsSwitches kOutbound = EstatsSwitchOf(v1::TCP_GROUP_BANDWIDTH);
  static constexpr EstatsSwitches kInbound = kInboundBandwidthSwitch;

  static EstatsSwitches On(const EstatsBandwidthRw& rw) {
    return (rw.enable_collection_outbound == kEstatsSwitchOn ? kOutbound : 0) |
           (rw.enable_collection_inbound == kEstatsSwitchOn ? kInbound : 0);
  }
  static EstatsBandwidthRw Setting(EstatsSwitches on, EstatsSwitches off) {
    const auto setting = [&](EstatsSwitches bit) -> int32_t {
      if ((on & bit) != 0) return kEstatsSwitchOn;
      return (off & bit) != 0 ? kEstatsSwitchOff : kEstatsSwitchUnchanged;
    };
    return {setting(kOutbound), setting(kInbound)};
  }
};

template <typename Protocol, typename Switches>
absl::Status ReadGroup(const Api& api, const ListedTcp& connection, v1::TcpGroup group,
                       const Switches& switches, EstatsSwitches& on) {
  if (Protocol::Get(api) == nullptr) return AbsentEntry(Protocol::kGet);
  typename Switches::Rw rw = {};
  const uint32_t code = Protocol::Get(api)(&Protocol::RowOf(connection), TypeOf(group),
                                           reinterpret_cast<uint8_t*>(&rw), 0, sizeof(rw), nullptr,
                                           0, 0, nullptr, 0, 0);
  if (code == kSuccess) on = switches.On(rw);
  return Win32Status(Protocol::kGet, code);
}

template <typename Protocol, typename Switches>
absl::Status SetGroup(const Api& api, const ListedTcp& connection, v1::TcpGroup group,
                      const Switches& switches, EstatsSwitches on, EstatsSwitches off) {
  if (Protocol::Set(api) == nullptr) return AbsentEntry(Protocol::kSet);
  const typename Switches::Rw rw = switches.Setting(on, off);
  return Win32Status(Protocol::kSet,
                     Protocol::Set(api)(&Protocol::RowOf(connection), TypeOf(group),
                                        reinterpret_cast<const uint8_t*>(&rw), 0, sizeof(rw), 0));
}

}  // namespace

absl::Status EstatsCalls::CheckPresent() const {
  if (api_.get_per_tcp_connection_estats == nullptr) return AbsentEntry(Ipv4::kGet);
  if (api_.set_per_tcp_connection_estats == nullptr) return AbsentEntry(Ipv4::kSet);
  return absl::OkStatus();
}

absl::Status EstatsCalls::Read(const ListedTcp& connection, v1::TcpGroup group,
                               EstatsSwitches& on) const {
  const auto read = [&](const auto& switches) {
    return connection.ipv6 ? ReadGroup<Ipv6>(api_, connection, group, switches, on)
                           : ReadGroup<Ipv4>(api_, connection, group, switches, on);
  };
  return group == v1::TCP_GROUP_BANDWIDTH ? read(BandwidthSwitches()) : read(OneSwitch(group));
}

absl::Status EstatsCalls::Set(const ListedTcp& connection, v1::TcpGroup group, EstatsSwitches on,
                              EstatsSwitches off) const {
  const auto set = [&](const auto& switches) {
    return connection.ipv6 ? SetGroup<Ipv6>(api_, connection, group, switches, on, off)
                           : SetGroup<Ipv4>(api_, connection, group, switches, on, off);
  };
  return group == v1::TCP_GROUP_BANDWIDTH ? set(BandwidthSwitches()) : set(OneSwitch(group));
}

}  // namespace farstat::sources::windows
