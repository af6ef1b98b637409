#include "agent/sources/simulated/tcp_estats.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "agent/sources/simulated/tcp_chance.h"
#include "agent/sources/simulated/tcp_estats_rods.h"
#include "agent/sources/windows/abi_tcp.h"
#include "agent/sources/windows/win32_status.h"

namespace farstat::sources::simulated {
namespace {

using namespace farstat::sources::windows;  // NOLINT(google-build-using-namespace): the ABI's names

// A null pointer with a size.
constexpr uint32_t kErrorInvalidUserBuffer = 1784;

// The sizes of the structures that a type has; 0: none.
struct TypeSizes {
  uint32_t rw;
  uint32_t ros;
  uint32_t rod;
};

constexpr TypeSizes kSizes[] = {
    {0, sizeof(EstatsSynOptsRos), 0},
    {sizeof(EstatsRw), 0, sizeof(EstatsDataRod)},
    {sizeof(EstatsRw), sizeof(EstatsSndCongRos), sizeof(EstatsSndCongRod)},
    {sizeof(EstatsRw), 0, sizeof(EstatsPathRod)},
    {sizeof(EstatsRw), 0, sizeof(EstatsSendBuffRod)},
    {sizeof(EstatsRw), 0, sizeof(EstatsRecRod)},
    {sizeof(EstatsRw), 0, sizeof(EstatsObsRecRod)},
    {sizeof(EstatsBandwidthRw), 0, sizeof(EstatsBandwidthRod)},
    {sizeof(EstatsRw), 0, sizeof(EstatsFineRttRod)},
};
constexpr uint32_t kTypes = sizeof(kSizes) / sizeof(kSizes[0]);

// There is something to collect from when the connection has been established until its last end
// is gone.
bool HasEstats(uint32_t state) {
  switch (state) {
    case kTcpStateEstablished:
    case kTcpStateFinWait1:
    case kTcpStateFinWait2:
    case kTcpStateCloseWait:
    case kTcpStateClosing:
    case kTcpStateLastAck:
      return true;
    default:
      return false;
  }
}

// What is in a buffer that is undefined: numbers that nobody can take for values, in different
// words different ones.
void FillGarbage(uint64_t seed, uint8_t* data, uint32_t size) {
  TcpChance chance(seed);
  for (uint32_t at = 0; at < size; at += sizeof(uint32_t)) {
    const uint32_t word =
        chance.Happens(0.5) ? 0xFFFFFFFF : 0xBAAD0000 | static_cast<uint32_t>(chance.Index(65536));
    std::memcpy(data + at, &word, std::min<size_t>(sizeof(word), size - at));
  }
}

template <typename Structure>
void Put(const Structure& structure, uint8_t* data) {
  std::memcpy(data, &structure, sizeof(structure));
}

void PutRod(const TcpConnection& connection, uint32_t type, uint8_t* data) {
  switch (type) {
    case kEstatsData:
      return Put(DataRod(connection), data);
    case kEstatsSndCong:
      return Put(SndCongRod(connection), data);
    case kEstatsPath:
      return Put(PathRod(connection), data);
    case kEstatsSendBuff:
      return Put(SendBuffRod(connection), data);
    case kEstatsRec:
      return Put(RecRod(connection), data);
    case kEstatsObsRec:
      return Put(ObsRecRod(connection), data);
    case kEstatsBandwidth: {
      EstatsBandwidthRod rod;
      std::memcpy(&rod, data, sizeof(rod));
      FillBandwidthRod(connection, rod);
      return Put(rod, data);
    }
    default:
      return Put(FineRttRod(connection), data);
  }
}

void PutRw(const TcpCollection& collection, uint32_t type, uint8_t* data) {
  if (type == kEstatsBandwidth) {
    return Put(EstatsBandwidthRw{collection.Collects(kOutboundGroup) ? 1 : 0,
                                 collection.Collects(kInboundGroup) ? 1 : 0},
               data);
  }
  *data = collection.Collects(static_cast<TcpGroup>(type)) ? 1 : 0;
}

bool IsSwitch(int32_t value) { return value >= kEstatsSwitchUnchanged && value <= kEstatsSwitchOn; }

// A connection's own variation of what its class is like.
TcpFlowSettings FlowOf(const TcpConnection& connection) {
  TcpFlowSettings flow = connection.kind->flow[connection.end_points.local.v6 ? 1 : 0];
  if (connection.plain_peer) {
    flow.announced_mss = flow.mss = kPlainMss;
    flow.peer_window = std::min(flow.peer_window, 65535.0);
    flow.own_window = std::min(flow.own_window, 65535.0);
  }
  return flow;
}

}  // namespace

uint32_t TcpEstats::CheckBuffer(const EstatsBuffer& buffer, uint32_t needed) const {
  if (buffer.version != 0) return kErrorNotSupported;
  if (buffer.size == 0) return kSuccess;
  if (buffer.data == nullptr) {
    return behaviour_.version() == TCP_ESTATS_VERSION_VISTA ? kErrorInsufficientBuffer
                                                            : kErrorInvalidUserBuffer;
  }
  // What is asked for a structure that the type does not have is not documented.
  if (needed == 0) return kErrorInvalidParameter;
  return buffer.size < needed ? kErrorInsufficientBuffer : kSuccess;
}

uint32_t TcpEstats::CheckGet(bool has_row, uint32_t type, const EstatsBuffer& rw,
                             const EstatsBuffer& ros, const EstatsBuffer& rod) const {
  if (!has_row || type >= kTypes) return kErrorInvalidParameter;
  for (const auto& [buffer, needed] :
       {std::make_pair(&rw, kSizes[type].rw), std::make_pair(&ros, kSizes[type].ros),
        std::make_pair(&rod, kSizes[type].rod)}) {
    if (const uint32_t code = CheckBuffer(*buffer, needed); code != kSuccess) return code;
  }
  return kSuccess;
}

uint32_t TcpEstats::CheckSet(bool has_row, uint32_t type, const uint8_t* rw, uint32_t version,
                             uint32_t size, uint32_t offset) const {
  if (!has_row || type >= kTypes || kSizes[type].rw == 0) return kErrorInvalidParameter;
  if (version != 0 || offset != 0) return kErrorNotSupported;
  if (size == 0) return kSuccess;
  if (rw == nullptr) {
    return behaviour_.version() == TCP_ESTATS_VERSION_VISTA ? kErrorInvalidParameter
                                                            : kErrorInvalidUserBuffer;
  }
  if (size < kSizes[type].rw) return kErrorInvalidUserBuffer;
  if (type != kEstatsBandwidth) return kSuccess;
  EstatsBandwidthRw switches;
  std::memcpy(&switches, rw, sizeof(switches));
  return IsSwitch(switches.enable_collection_outbound) &&
                 IsSwitch(switches.enable_collection_inbound)
             ? kSuccess
             : kErrorInvalidParameter;
}

uint32_t TcpEstats::Get(TcpConnection* connection, uint32_t type, const EstatsBuffer& rw,
                        const EstatsBuffer& ros, const EstatsBuffer& rod, TcpTime now) const {
  if (connection == nullptr || !HasEstats(connection->state)) return kErrorNotFound;
  if (type == kEstatsSynOpts) {
    if (ros.size > 0) Put(SynOptsRos(*connection), ros.data);
    return kSuccess;
  }
  const TcpCollection& collection = CollectionOf(*connection, now);
  const bool collects = collection.Collects(static_cast<TcpGroup>(type)) ||
                        (type == kEstatsBandwidth && collection.Collects(kInboundGroup));
  if (rw.size > 0) PutRw(collection, type, rw.data);
  // Also where something is collected: one direction of the bandwidth may be off, and what is
  // defined is written over it.
  if (!collects || type == kEstatsBandwidth) {
    const uint64_t garbage = connection->seed + type;
    if (ros.size > 0) FillGarbage(garbage, ros.data, kSizes[type].ros);
    if (rod.size > 0) FillGarbage(~garbage, rod.data, kSizes[type].rod);
  }
  if (!collects) return kSuccess;
  // No limit to the congestion window.
  if (ros.size > 0) Put(EstatsSndCongRos{kEstatsNoValue}, ros.data);
  if (rod.size > 0) PutRod(*connection, type, rod.data);
  return kSuccess;
}

uint32_t TcpEstats::Set(TcpConnection* connection, uint32_t type, const uint8_t* rw,
                        TcpTime now) const {
  if (connection == nullptr || !HasEstats(connection->state)) return kErrorNotFound;
  TcpCollection& collection = CollectionOf(*connection, now);
  if (type != kEstatsBandwidth) {
    Switch(collection, static_cast<TcpGroup>(type), *rw != 0);
    return kSuccess;
  }
  EstatsBandwidthRw switches;
  std::memcpy(&switches, rw, sizeof(switches));
  if (switches.enable_collection_outbound != kEstatsSwitchUnchanged) {
    Switch(collection, kOutboundGroup, switches.enable_collection_outbound == kEstatsSwitchOn);
  }
  if (switches.enable_collection_inbound != kEstatsSwitchUnchanged) {
    Switch(collection, kInboundGroup, switches.enable_collection_inbound == kEstatsSwitchOn);
  }
  return kSuccess;
}

void TcpEstats::Switch(TcpCollection& collection, TcpGroup group, bool on) const {
  if (on) {
    collection.SwitchOn(group, behaviour_.version() != TCP_ESTATS_VERSION_CURRENT);
  } else {
    collection.SwitchOff(group);
  }
}

TcpCollection& TcpEstats::CollectionOf(TcpConnection& connection, TcpTime now) const {
  if (connection.collection == nullptr) {
    connection.collection = std::make_unique<TcpCollection>(
        FlowOf(connection), Mixed(connection.seed), connection.established);
    EnableElsewhere(connection, *connection.collection);
  }
  connection.collection->flow().AdvanceTo(std::min(now, connection.closed));
  return *connection.collection;
}

void TcpEstats::EnableElsewhere(const TcpConnection& connection, TcpCollection& collection) const {
  TcpChance chance(Mixed(connection.seed + 3));
  for (const TcpEstatsEnabled& enabled : behaviour_.enabled()) {
    if (!chance.Happens(enabled.share())) continue;
    for (int group = kDataGroup; group < kTcpGroupEnd; ++group) {
      // Both directions of the bandwidth are one type.
      const auto type = static_cast<uint32_t>(group == kInboundGroup ? kOutboundGroup : group);
      if (!enabled.types().empty() && std::find(enabled.types().begin(), enabled.types().end(),
                                                type) == enabled.types().end()) {
        continue;
      }
      collection.SwitchOn(static_cast<TcpGroup>(group), false);
      collection.CountBefore(static_cast<TcpGroup>(group), enabled.counted_before());
    }
  }
}

}  // namespace farstat::sources::simulated
