#include "agent/sources/windows/tcp_row.h"

#include <cstdint>
#include <cstring>

#include "agent/sources/tcp_key.h"
#include "agent/sources/tcp_rows.h"
#include "agent/sources/windows/tcp_members.h"
#include "farstat/v1/common.pb.h"

namespace farstat::sources::windows {
namespace {

template <typename T>
T ValueAt(const void* values, size_t offset) {
  T value;
  std::memcpy(&value, static_cast<const char*>(values) + offset, sizeof(value));
  return value;
}

// All ones is what Windows shows before there is a value.
template <typename T>
void WriteGauge(int field, T value, RowWriter& row) {
  if (value != static_cast<T>(~T{0})) row.Uint(field, value);
}

void WriteMembers(absl::Span<const Member> members, const void* values,
                  const WidenedCounter* narrow, const GrowingCounter* wide, RowWriter& row) {
  for (const Member& member : members) {
    switch (member.kind) {
      case MemberKind::kCounter32:
        row.Uint(member.field, narrow++->total());
        break;
      case MemberKind::kCounter64:
        row.Uint(member.field, wide++->total());
        break;
      case MemberKind::kGauge32:
        WriteGauge(member.field, ValueAt<uint32_t>(values, member.offset), row);
        break;
      case MemberKind::kGauge64:
        WriteGauge(member.field, ValueAt<uint64_t>(values, member.offset), row);
        break;
      case MemberKind::kPlain32:
        row.Uint(member.field, ValueAt<uint32_t>(values, member.offset));
        break;
      case MemberKind::kScale8:
        WriteGauge(member.field, ValueAt<uint8_t>(values, member.offset), row);
        break;
    }
  }
}

class GroupWriter {
 public:
  GroupWriter(const TcpEstats& estats, RowWriter& row) : estats_(estats), row_(row) {}

  // A group of which `write` writes the fields.
  template <typename Write>
  void Group(v1::TcpGroup group, int field, Write&& write) {
    if ((Asked() & GroupBit(group)) == 0) return;
    row_.BeginPart(TcpGroupPart(group));
    if ((estats_.delivered & GroupBit(group)) == 0) {
      WriteMissing(group);
      return;
    }
    const RowWriter::Open message = row_.BeginMessage(field);
    write();
    row_.EndMessage(message);
  }
  // A group without counters.
  template <typename Group>
  void Gauges(const typename Group::Struct& values) {
    this->Group(Group::kGroup, Group::kField,
                [&] { WriteMembers(Group::kMembers, &values, nullptr, nullptr, row_); });
  }
  template <typename Group>
  void Counted(const typename Group::Struct& values, const GroupCounters<Group>* counters) {
    this->Group(Group::kGroup, Group::kField, [&] { WriteCounted<Group>(values, *counters); });
  }
  template <typename Group>
  void WriteCounted(const typename Group::Struct& values, const GroupCounters<Group>& counters) {
    WriteMembers(Group::kMembers, &values, counters.narrow(), counters.wide(), row_);
  }

 private:
  PartMask Asked() const { return estats_.delivered | estats_.off | estats_.failed; }
  void WriteMissing(v1::TcpGroup group);

  const TcpEstats& estats_;
  RowWriter& row_;
};

void GroupWriter::WriteMissing(v1::TcpGroup group) {
  using Missing = v1::TcpMissingGroup;
  const bool off = (estats_.off & GroupBit(group)) != 0;
  const uint32_t code = off ? 0 : estats_.codes[TcpGroupPart(group)];
  const RowWriter::Open missing = row_.BeginMessage(v1::TcpConnection::kMissingGroupsFieldNumber);
  row_.Uint(Missing::kGroupFieldNumber, static_cast<uint64_t>(group));
  row_.Uint(Missing::kAbsenceFieldNumber,
            off ? v1::TCP_GROUP_ABSENCE_NOT_ENABLED : v1::TCP_GROUP_ABSENCE_FAILED);
  if (code != 0) row_.Uint(Missing::kWin32CodeFieldNumber, code);
  row_.EndMessage(missing);
}

void WriteSynOptions(const EstatsSynOptsRos& options, RowWriter& row) {
  using SynOptions = v1::TcpSynOptions;
  row.Bool(SynOptions::kActiveOpenFieldNumber, options.active_open != 0);
  // A maximum segment size of 0 is no option, and all ones is nothing that fits into one.
  const auto put = [&row](int field, uint32_t size) {
    if (size != 0) WriteGauge(field, size, row);
  };
  put(SynOptions::kMssReceivedBytesFieldNumber, options.mss_rcvd);
  put(SynOptions::kMssSentBytesFieldNumber, options.mss_sent);
}

// What the estimate of a direction says is only meant while it is switched on, and while there is
// an estimate.
void WriteBandwidth(const EstatsBandwidthRw& switches, const EstatsBandwidthRod& values,
                    RowWriter& row) {
  using Bandwidth = v1::TcpBandwidth;
  const auto known = [](int32_t enabled, uint64_t estimate) {
    return enabled == kEstatsSwitchOn && estimate != 0 && estimate != ~uint64_t{0};
  };
  const bool out = known(switches.enable_collection_outbound, values.outbound_bandwidth);
  const bool in = known(switches.enable_collection_inbound, values.inbound_bandwidth);
  if (out)
    row.Uint(Bandwidth::kOutboundBandwidthBitsPerSecondFieldNumber, values.outbound_bandwidth);
  if (in) row.Uint(Bandwidth::kInboundBandwidthBitsPerSecondFieldNumber, values.inbound_bandwidth);
  if (out) {
    WriteGauge(Bandwidth::kOutboundInstabilityBitsPerSecondFieldNumber, values.outbound_instability,
               row);
  }
  if (in) {
    WriteGauge(Bandwidth::kInboundInstabilityBitsPerSecondFieldNumber, values.inbound_instability,
               row);
  }
  if (out) {
    row.Bool(Bandwidth::kOutboundBandwidthPeakedFieldNumber, values.outbound_bandwidth_peaked != 0);
  }
  if (in) {
    row.Bool(Bandwidth::kInboundBandwidthPeakedFieldNumber, values.inbound_bandwidth_peaked != 0);
  }
}

void WriteGroups(const TcpEstats& estats, const TcpCounters* counters, RowWriter& row) {
  using Row = v1::TcpConnection;
  GroupWriter groups(estats, row);
  groups.Group(v1::TCP_GROUP_SYN_OPTIONS, Row::kSynOptionsFieldNumber,
               [&] { WriteSynOptions(estats.syn_options, row); });
  groups.Counted(estats.data, counters->data.get());
  groups.Group(v1::TCP_GROUP_SEND_CONGESTION, Row::kSendCongestionFieldNumber, [&] {
    WriteGauge(v1::TcpSendCongestion::kLimCwndBytesFieldNumber,
               estats.send_congestion_limit.lim_cwnd, row);
    groups.WriteCounted(estats.send_congestion, *counters->send_congestion);
  });
  groups.Counted(estats.path, counters->path.get());
  groups.Gauges<SendBufferGroup>(estats.send_buffer);
  groups.Counted(estats.receive, counters->receive.get());
  groups.Gauges<ObservedReceiveGroup>(estats.observed_receive);
  groups.Group(v1::TCP_GROUP_BANDWIDTH, Row::kBandwidthFieldNumber,
               [&] { WriteBandwidth(estats.bandwidth_switches, estats.bandwidth, row); });
  groups.Gauges<FineRttGroup>(estats.fine_rtt);
}

// Connections in TIME_WAIT have no owner any more; their pid is 0.
void WriteOwner(uint32_t pid, const TcpOwner& owner, RowWriter& row) {
  if (pid == 0) return;
  row.BeginPart(kTcpOwnerPart);
  const RowWriter::Open message = row.BeginMessage(v1::TcpConnection::kOwnerFieldNumber);
  row.Uint(v1::TcpOwner::kPidFieldNumber, pid);
  if (!owner.process.empty()) row.Text(v1::TcpOwner::kProcessFieldNumber, owner.process);
  if (!owner.service.empty()) row.Text(v1::TcpOwner::kServiceFieldNumber, owner.service);
  row.EndMessage(message);
}

}  // namespace

void WriteTcpAccumulation(int field, const AccumulationHistory& history, RowWriter& row) {
  using Message = v1::Accumulation;
  using Timestamp = google::protobuf::Timestamp;
  // No field is optional: zeros are left out. By hand, because it is in nearly every row.
  const auto put = [&row](int number, uint64_t value) {
    if (value != 0) row.Uint(number, value);
  };
  const int64_t seconds = absl::ToUnixSeconds(history.since);
  const RowWriter::Open message = row.BeginMessage(field);
  const RowWriter::Open since = row.BeginMessage(Message::kSinceFieldNumber);
  put(Timestamp::kSecondsFieldNumber, static_cast<uint64_t>(seconds));
  put(Timestamp::kNanosFieldNumber, static_cast<uint64_t>(absl::ToInt64Nanoseconds(
                                        history.since - absl::FromUnixSeconds(seconds))));
  row.EndMessage(since);
  put(Message::kWrapsFieldNumber, history.wraps);
  put(Message::kResetsFieldNumber, history.resets);
  if (history.uncertain) row.Bool(Message::kUncertainFieldNumber, true);
  row.EndMessage(message);
}

void WriteTcpRow(const TcpRowParts& parts, RowWriter& row) {
  using Row = v1::TcpConnection;
  const ListedTcp& connection = parts.connection;
  row.Clear();
  WriteTcpKey(IdentityOf(connection), row);
  row.Uint(Row::kStateFieldNumber, connection.facts.state);
  if (connection.offload_state != v1::TCP_OFFLOAD_STATE_UNSPECIFIED) {
    row.Uint(Row::kOffloadStateFieldNumber, static_cast<uint64_t>(connection.offload_state));
  }
  if (parts.estats != nullptr) {
    const PartMask counted = parts.estats->delivered & kCountedGroups;
    if (counted != 0) {
      WriteTcpAccumulation(Row::kAccumulationFieldNumber, parts.counters->History(counted), row);
    }
    WriteGroups(*parts.estats, parts.counters, row);
  }
  if (parts.owner != nullptr) WriteOwner(connection.facts.pid, *parts.owner, row);
  row.SetFacts(connection.facts);
  if (parts.owner != nullptr) row.AppendFacts(parts.owner->process);
}

}  // namespace farstat::sources::windows
