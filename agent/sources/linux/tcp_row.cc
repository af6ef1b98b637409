#include "agent/sources/linux/tcp_row.h"

#include <arpa/inet.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "absl/base/attributes.h"
#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "agent/sources/address_text.h"
#include "agent/sources/linux/tcp_info.h"
#include "agent/sources/tcp_rows.h"

namespace farstat::sources {
namespace {

constexpr uint64_t kNoRateLimit = ~uint64_t{0};
constexpr uint32_t kNoMinRtt = ~uint32_t{0};
constexpr uint32_t kNoSsthresh = 0x7fffffff;
constexpr uint32_t kMicrosecondsPerMillisecond = 1000;
// The largest values of v1::TcpCongestionState and v1::TcpTimer, as the kernel counts them.
constexpr uint8_t kLastCongestionState = 4;
constexpr uint8_t kLastTimer = 4;

constexpr PartMask GroupBit(v1::TcpGroup group) { return PartBit(TcpGroupPart(group)); }

// The groups that Linux fills.
constexpr PartMask kGroups = GroupBit(v1::TCP_GROUP_DATA) | GroupBit(v1::TCP_GROUP_PATH) |
                             GroupBit(v1::TCP_GROUP_SEND_BUFFER) | GroupBit(v1::TCP_GROUP_RECEIVE) |
                             GroupBit(v1::TCP_GROUP_OBSERVED_RECEIVE) |
                             GroupBit(v1::TCP_GROUP_FINE_RTT) | GroupBit(v1::TCP_GROUP_LINUX);

// Fields of a group are written into a buffer on the stack, through a pointer that stays in a
// register, and only then put into the row: measured a quarter faster than one by one. It also
// shows when a group has no fields and is to be left out.
constexpr size_t kMaxGroupFields = 64;
constexpr size_t kMaxFieldSize = 2 + 10;  // tag of a field number below 2048, value of 64 bits
constexpr size_t kMaxNameSize = 64;
constexpr size_t kMaxGroupSize = kMaxGroupFields * kMaxFieldSize + kMaxNameSize;

char* PutVarint(char* at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

// Always inline, because the tag is then a constant.
ABSL_ATTRIBUTE_ALWAYS_INLINE inline char* PutUint(char* at, int field, uint64_t value) {
  return PutVarint(PutVarint(at, static_cast<uint64_t>(field) << 3), value);
}

// The tcp_info of one socket, as far as the running kernel delivers it.
class Info {
 public:
  explicit Info(absl::string_view delivered) : size_(std::min(delivered.size(), sizeof(info_))) {
    // A copy, because the kernel aligns to four bytes only. Members beyond size_ are 0.
    if (size_ < sizeof(info_)) info_ = {};
    std::memcpy(&info_, delivered.data(), size_);
  }

  // Whether the delivery covers the member, or the first `end` bytes.
  template <typename T>
  bool Has(T TcpInfo::*member) const {
    const T* value = &(info_.*member);
    return Has(static_cast<size_t>(reinterpret_cast<const char*>(value + 1) -
                                   reinterpret_cast<const char*>(&info_)));
  }
  bool Has(size_t end) const { return end <= size_; }
  bool HasWindowScales() const {
    return Has(kWindowScalesEnd) && (info_.options & kOptionWindowScale) != 0;
  }

  // The member; 0 if it was not delivered, also if only a part of it was.
  template <typename T>
  T Get(T TcpInfo::*member) const {
    return Has(member) ? info_.*member : T{0};
  }
  // Writes the member if it was delivered.
  template <typename T>
  ABSL_ATTRIBUTE_ALWAYS_INLINE char* Put(char* at, int field, T TcpInfo::*member) const {
    return Has(member) ? PutUint(at, field, info_.*member) : at;
  }
  // The same, unless it has the value that means "nothing".
  template <typename T>
  ABSL_ATTRIBUTE_ALWAYS_INLINE char* PutUnless(T nothing, char* at, int field,
                                               T TcpInfo::*member) const {
    return Has(member) && info_.*member != nothing ? PutUint(at, field, info_.*member) : at;
  }
  ABSL_ATTRIBUTE_ALWAYS_INLINE char* PutOption(uint8_t option, char* at, int field) const {
    return Has(&TcpInfo::options) ? PutUint(at, field, (info_.options & option) != 0) : at;
  }

  const TcpInfo* operator->() const { return &info_; }

 private:
  TcpInfo info_;
  const size_t size_;
};

uint64_t CookieOf(const inet_diag_msg& message) {
  return message.id.idiag_cookie[0] | uint64_t{message.id.idiag_cookie[1]} << 32;
}

// Listening and bound sockets have no peer.
bool HasRemote(const inet_diag_msg& message, v1::TcpState state) {
  return state != v1::TCP_STATE_LISTEN && message.id.idiag_dport != 0;
}

absl::string_view FormatAddress(const inet_diag_msg& message, const void* address,
                                AddressText& text) {
  return message.idiag_family == AF_INET6 ? text.FormatIpv6(address) : text.FormatIpv4(address);
}

void WriteKey(const inet_diag_msg& message, bool has_remote, RowWriter& row) {
  using Key = v1::TcpConnectionKey;
  AddressText text;
  const RowWriter::Open key = row.BeginMessage(v1::TcpConnection::kKeyFieldNumber);
  // Not optional in the proto: zeros are left out, so that these are the bytes that every client
  // gets when it encodes the key.
  row.Text(Key::kLocalAddressFieldNumber, FormatAddress(message, message.id.idiag_src, text));
  if (message.id.idiag_sport != 0) {
    row.Uint(Key::kLocalPortFieldNumber, ntohs(message.id.idiag_sport));
  }
  if (has_remote) {
    row.Text(Key::kRemoteAddressFieldNumber, FormatAddress(message, message.id.idiag_dst, text));
    row.Uint(Key::kRemotePortFieldNumber, ntohs(message.id.idiag_dport));
  }
  if (message.id.idiag_if != 0) row.Uint(Key::kLocalScopeIdFieldNumber, message.id.idiag_if);
  if (const uint64_t cookie = CookieOf(message); cookie != 0) {
    row.Fixed64(Key::kIncarnationFieldNumber, cookie);
  }
  row.EndMessage(key);
  row.MarkKey(key);
}

void WriteListener(const inet_diag_msg& message, RowWriter& row) {
  const RowWriter::Open listener = row.BeginMessage(v1::TcpConnection::kListenerFieldNumber);
  row.Uint(v1::TcpListener::kAcceptQueueFieldNumber, message.idiag_rqueue);
  row.Uint(v1::TcpListener::kAcceptQueueLimitFieldNumber, message.idiag_wqueue);
  row.EndMessage(listener);
}

char* PutData(char* at, const Info& info) {
  using Data = v1::TcpData;
  at = info.Put(at, Data::kDataBytesOutFieldNumber, &TcpInfo::bytes_sent);
  at = info.Put(at, Data::kDataSegmentsOutFieldNumber, &TcpInfo::data_segs_out);
  at = info.Put(at, Data::kDataSegmentsInFieldNumber, &TcpInfo::data_segs_in);
  at = info.Put(at, Data::kSegmentsOutFieldNumber, &TcpInfo::segs_out);
  at = info.Put(at, Data::kSegmentsInFieldNumber, &TcpInfo::segs_in);
  at = info.Put(at, Data::kThruBytesAckedFieldNumber, &TcpInfo::bytes_acked);
  return info.Put(at, Data::kThruBytesReceivedFieldNumber, &TcpInfo::bytes_received);
}

char* PutPath(char* at, const Info& info) {
  using Path = v1::TcpPath;
  at = info.Put(at, Path::kCurTimeoutCountFieldNumber, &TcpInfo::retransmits);
  at = info.Put(at, Path::kSegmentsRetransFieldNumber, &TcpInfo::total_retrans);
  at = info.Put(at, Path::kBytesRetransFieldNumber, &TcpInfo::bytes_retrans);
  at = info.Put(at, Path::kDsackDupsFieldNumber, &TcpInfo::dsack_dups);
  if (info.Has(&TcpInfo::rto)) {
    at = PutUint(at, Path::kCurRtoMsFieldNumber, info->rto / kMicrosecondsPerMillisecond);
  }
  return info.Put(at, Path::kCurMssBytesFieldNumber, &TcpInfo::snd_mss);
}

char* PutSendBuffer(char* at, const Info& info) {
  return info.Put(at, v1::TcpSendBuffer::kCurAppWriteQueueBytesFieldNumber,
                  &TcpInfo::notsent_bytes);
}

char* PutReceive(char* at, const Info& info, const inet_diag_msg& message) {
  using Receive = v1::TcpReceive;
  at = info.Put(at, Receive::kCurRwinSentBytesFieldNumber, &TcpInfo::rcv_wnd);
  at = info.Put(at, Receive::kCeReceivedFieldNumber, &TcpInfo::received_ce);
  at = PutUint(at, Receive::kCurAppReadQueueBytesFieldNumber, message.idiag_rqueue);
  if (!info.HasWindowScales()) return at;
  return PutUint(at, Receive::kWinScaleSentFieldNumber, info->rcv_wscale);
}

char* PutObservedReceive(char* at, const Info& info, v1::TcpState state) {
  using Observed = v1::TcpObservedReceive;
  // Before the peer has answered it has advertised nothing; 0 would be taken for a closed window.
  if (state == v1::TCP_STATE_SYN_SENT) return at;
  at = info.Put(at, Observed::kCurRwinReceivedBytesFieldNumber, &TcpInfo::snd_wnd);
  if (!info.HasWindowScales()) return at;
  return PutUint(at, Observed::kWinScaleReceivedFieldNumber, info->snd_wscale);
}

char* PutFineRtt(char* at, const Info& info) {
  if (info.Get(&TcpInfo::rtt) == 0) return at;  // no sample yet
  at = info.Put(at, v1::TcpFineRtt::kRttVarUsFieldNumber, &TcpInfo::rttvar);
  return info.Put(at, v1::TcpFineRtt::kSmoothedRttUsFieldNumber, &TcpInfo::rtt);
}

char* PutAlgorithm(char* at, absl::string_view name) {
  // Modules choose their names, and text must be valid UTF-8.
  const bool sound = std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (!sound || name.empty() || name.size() > kMaxNameSize) return at;
  constexpr uint64_t kLengthDelimited = 2;
  at = PutVarint(at, v1::TcpLinux::kCongestionAlgorithmFieldNumber << 3 | kLengthDelimited);
  at = PutVarint(at, name.size());
  return std::copy(name.begin(), name.end(), at);
}

char* PutCongestion(char* at, const Info& info) {
  using Linux = v1::TcpLinux;
  if (info.Has(&TcpInfo::ca_state) && info->ca_state <= kLastCongestionState) {
    at = PutUint(at, Linux::kCongestionStateFieldNumber, info->ca_state + 1u);
  }
  at = info.Put(at, Linux::kCwndSegmentsFieldNumber, &TcpInfo::snd_cwnd);
  if (info->snd_ssthresh < kNoSsthresh) {
    at = info.Put(at, Linux::kSsthreshSegmentsFieldNumber, &TcpInfo::snd_ssthresh);
  }
  at = info.PutUnless(kNoRateLimit, at, Linux::kPacingRateBytesPerSecondFieldNumber,
                      &TcpInfo::pacing_rate);
  at = info.PutUnless(kNoRateLimit, at, Linux::kMaxPacingRateBytesPerSecondFieldNumber,
                      &TcpInfo::max_pacing_rate);
  if (info.Get(&TcpInfo::delivery_rate) == 0) return at;  // nothing measured yet
  at = info.Put(at, Linux::kDeliveryRateBytesPerSecondFieldNumber, &TcpInfo::delivery_rate);
  return PutUint(at, Linux::kDeliveryRateAppLimitedFieldNumber, info->delivery_rate_app_limited);
}

char* PutProgress(char* at, const Info& info) {
  using Linux = v1::TcpLinux;
  at = info.Put(at, Linux::kBusyTimeUsFieldNumber, &TcpInfo::busy_time);
  at = info.Put(at, Linux::kRwndLimitedUsFieldNumber, &TcpInfo::rwnd_limited);
  at = info.Put(at, Linux::kSndbufLimitedUsFieldNumber, &TcpInfo::sndbuf_limited);
  at = info.Put(at, Linux::kDeliveredSegmentsFieldNumber, &TcpInfo::delivered);
  at = info.Put(at, Linux::kDeliveredCeSegmentsFieldNumber, &TcpInfo::delivered_ce);
  at = info.Put(at, Linux::kUnackedSegmentsFieldNumber, &TcpInfo::unacked);
  at = info.Put(at, Linux::kSackedSegmentsFieldNumber, &TcpInfo::sacked);
  at = info.Put(at, Linux::kLostSegmentsFieldNumber, &TcpInfo::lost);
  at = info.Put(at, Linux::kRetransSegmentsFieldNumber, &TcpInfo::retrans);
  at = info.Put(at, Linux::kReorderingSegmentsFieldNumber, &TcpInfo::reordering);
  at = info.Put(at, Linux::kReorderSeenFieldNumber, &TcpInfo::reord_seen);
  return info.Put(at, Linux::kOutOfOrderSegmentsInFieldNumber, &TcpInfo::rcv_ooopack);
}

char* PutEstimates(char* at, const Info& info) {
  using Linux = v1::TcpLinux;
  at = info.PutUnless(kNoMinRtt, at, Linux::kMinRttUsFieldNumber, &TcpInfo::min_rtt);
  at = info.PutUnless(0u, at, Linux::kReceiverRttUsFieldNumber, &TcpInfo::rcv_rtt);
  at = info.Put(at, Linux::kReceiveSpaceBytesFieldNumber, &TcpInfo::rcv_space);
  at = info.Put(at, Linux::kReceiveSsthreshBytesFieldNumber, &TcpInfo::rcv_ssthresh);
  at = info.Put(at, Linux::kReceiveMssBytesFieldNumber, &TcpInfo::rcv_mss);
  at = info.Put(at, Linux::kAdvertisedMssBytesFieldNumber, &TcpInfo::advmss);
  at = info.Put(at, Linux::kPathMtuBytesFieldNumber, &TcpInfo::pmtu);
  at = info.PutUnless(0u, at, Linux::kDelayedAckTimeoutUsFieldNumber, &TcpInfo::ato);
  at = info.Put(at, Linux::kRtoBackoffFieldNumber, &TcpInfo::backoff);
  return info.Put(at, Linux::kZeroWindowProbesFieldNumber, &TcpInfo::probes);
}

char* PutOptions(char* at, const Info& info) {
  using Linux = v1::TcpLinux;
  at = info.PutOption(kOptionTimestamps, at, Linux::kTimestampsFieldNumber);
  at = info.PutOption(kOptionSack, at, Linux::kSackFieldNumber);
  at = info.PutOption(kOptionEcn, at, Linux::kEcnFieldNumber);
  at = info.PutOption(kOptionEcnSeen, at, Linux::kEcnSeenFieldNumber);
  return info.PutOption(kOptionSynData, at, Linux::kFastOpenDataFieldNumber);
}

char* PutTimeouts(char* at, const Info& info) {
  using Linux = v1::TcpLinux;
  at = info.Put(at, Linux::kRtoCountFieldNumber, &TcpInfo::total_rto);
  at = info.Put(at, Linux::kRtoRecoveriesFieldNumber, &TcpInfo::total_rto_recoveries);
  at = info.Put(at, Linux::kRtoRecoveryTimeMsFieldNumber, &TcpInfo::total_rto_time);
  return info.Put(at, Linux::kRehashAttemptsFieldNumber, &TcpInfo::rehash);
}

// The kernel starts the ages of data when the connection opens and that of acknowledgements when
// the host booted; only the counters tell whether there was anything.
LastEvents EventsOf(const DiagSocket& socket, const Info& info, v1::TcpState state) {
  LastEvents events;
  const auto time = [&](uint32_t count, uint32_t TcpInfo::*age) {
    return count != 0 ? socket.unix_ms - info.Get(age) : 0;
  };
  events.data_sent = time(info.Get(&TcpInfo::data_segs_out), &TcpInfo::last_data_sent);
  events.data_received = time(info.Get(&TcpInfo::data_segs_in), &TcpInfo::last_data_recv);
  const bool opening = state == v1::TCP_STATE_SYN_SENT || state == v1::TCP_STATE_SYN_RECEIVED;
  if (!opening) events.ack_received = time(info.Get(&TcpInfo::segs_in), &TcpInfo::last_ack_recv);
  return events;
}

char* PutEvents(char* at, const LastEvents& events) {
  using Linux = v1::TcpLinux;
  const auto put = [&at](int field, int64_t unix_ms) {
    if (unix_ms != 0) at = PutUint(at, field, static_cast<uint64_t>(unix_ms));
  };
  put(Linux::kLastDataSentUnixMsFieldNumber, events.data_sent);
  put(Linux::kLastDataReceivedUnixMsFieldNumber, events.data_received);
  put(Linux::kLastAckReceivedUnixMsFieldNumber, events.ack_received);
  return at;
}

char* PutMemory(char* at, absl::string_view memory) {
  using Linux = v1::TcpLinux;
  // In the order of SK_MEMINFO_….
  constexpr int kFields[] = {
      Linux::kReceiveMemoryBytesFieldNumber, Linux::kReceiveBufferBytesFieldNumber,
      Linux::kSendMemoryBytesFieldNumber,    Linux::kSendBufferBytesFieldNumber,
      Linux::kForwardAllocBytesFieldNumber,  Linux::kWriteQueuedBytesFieldNumber,
      Linux::kOptionMemoryBytesFieldNumber,  Linux::kBacklogBytesFieldNumber,
      Linux::kDroppedPacketsFieldNumber};
  static_assert(std::size(kFields) == SK_MEMINFO_VARS);
  for (size_t i = 0; i < std::size(kFields) && (i + 1) * sizeof(uint32_t) <= memory.size(); ++i) {
    uint32_t value;
    std::memcpy(&value, memory.data() + i * sizeof(value), sizeof(value));
    // An int in the kernel, which passes below zero for moments.
    if (i == SK_MEMINFO_FWD_ALLOC && value > INT32_MAX) continue;
    at = PutUint(at, kFields[i], value);
  }
  return at;
}

char* PutLinux(char* at, const Info& info, const DiagSocket& socket, const LastEvents& events) {
  at = PutAlgorithm(at, socket.congestion);
  at = PutCongestion(at, info);
  at = PutProgress(at, info);
  at = PutEstimates(at, info);
  at = PutOptions(at, info);
  at = PutTimeouts(at, info);
  at = PutEvents(at, events);
  at = PutUint(at, v1::TcpLinux::kSendQueueBytesFieldNumber, socket.message.idiag_wqueue);
  at = PutMemory(at, socket.memory);
  if (socket.message.idiag_timer > kLastTimer) return at;
  return PutUint(at, v1::TcpLinux::kTimerFieldNumber, socket.message.idiag_timer + 1u);
}

// Whether tcp_info describes a connection. A listening or bound socket has one too, but it says
// nothing; TIME_WAIT and SYN_RECEIVED are small records without.
bool HasStatistics(const DiagSocket& socket, v1::TcpState state) {
  switch (state) {
    case v1::TCP_STATE_LISTEN:
    case v1::TCP_STATE_BOUND:
    case v1::TCP_STATE_CLOSED:
    case v1::TCP_STATE_TIME_WAIT:
      return false;
    default:
      return !socket.tcp_info.empty();
  }
}

void WriteGroups(const DiagSocket& socket, v1::TcpState state, PartMask parts, EventTimes& times,
                 RowWriter& row) {
  using Row = v1::TcpConnection;
  const Info info(socket.tcp_info);
  std::array<char, kMaxGroupSize> buffer;
  const auto wants = [&](v1::TcpGroup group) {
    if ((parts & GroupBit(group)) == 0) return false;
    row.BeginPart(TcpGroupPart(group));
    return true;
  };
  // On the wire a message is the same as text.
  const auto write = [&](int field, const char* end) {
    const size_t size = static_cast<size_t>(end - buffer.data());
    if (size > 0) row.Text(field, {buffer.data(), size});
  };
  char* const at = buffer.data();
  if (wants(v1::TCP_GROUP_DATA)) write(Row::kDataFieldNumber, PutData(at, info));
  if (wants(v1::TCP_GROUP_PATH)) write(Row::kPathFieldNumber, PutPath(at, info));
  if (wants(v1::TCP_GROUP_SEND_BUFFER)) write(Row::kSendBufferFieldNumber, PutSendBuffer(at, info));
  if (wants(v1::TCP_GROUP_RECEIVE)) {
    write(Row::kReceiveFieldNumber, PutReceive(at, info, socket.message));
  }
  if (wants(v1::TCP_GROUP_OBSERVED_RECEIVE)) {
    write(Row::kObservedReceiveFieldNumber, PutObservedReceive(at, info, state));
  }
  if (wants(v1::TCP_GROUP_FINE_RTT)) write(Row::kFineRttFieldNumber, PutFineRtt(at, info));
  if (wants(v1::TCP_GROUP_LINUX)) {
    const LastEvents events = times.Settle(CookieOf(socket.message), EventsOf(socket, info, state));
    write(Row::kLinuxFieldNumber, PutLinux(at, info, socket, events));
  }
}

// A socket without an inode belongs to no process, and its user id is none either: TIME_WAIT,
// connections not accepted yet, and what the kernel finishes after the application closed it.
void WriteOwner(const inet_diag_msg& message, const SocketOwner* owner, RowWriter& row) {
  if (message.idiag_inode == 0) return;
  row.BeginPart(kTcpOwnerPart);
  const RowWriter::Open part = row.BeginMessage(v1::TcpConnection::kOwnerFieldNumber);
  if (owner != nullptr) {
    row.Uint(v1::TcpOwner::kPidFieldNumber, owner->pid);
    if (!owner->process.empty()) row.Text(v1::TcpOwner::kProcessFieldNumber, owner->process);
  }
  row.Uint(v1::TcpOwner::kUidFieldNumber, message.idiag_uid);
  row.EndMessage(part);
}

void CopyMapped(int family, const void* address, std::array<uint8_t, 16>& mapped) {
  if (family == AF_INET6) {
    std::memcpy(mapped.data(), address, mapped.size());
    return;
  }
  mapped = {};
  mapped[10] = mapped[11] = 0xff;
  std::memcpy(mapped.data() + 12, address, 4);
}

void SetFacts(const inet_diag_msg& message, v1::TcpState state, bool has_remote,
              const SocketOwner* owner, RowWriter& row) {
  TcpFacts facts = {};
  CopyMapped(message.idiag_family, message.id.idiag_src, facts.local_address);
  facts.local_port = ntohs(message.id.idiag_sport);
  facts.state = static_cast<uint8_t>(state);
  if (has_remote) {
    CopyMapped(message.idiag_family, message.id.idiag_dst, facts.remote_address);
    facts.remote_port = ntohs(message.id.idiag_dport);
    facts.has_remote = 1;
  }
  if (owner != nullptr) facts.pid = owner->pid;
  row.SetFacts(facts);
  if (owner != nullptr) row.AppendFacts(owner->process);
}

}  // namespace

v1::TcpState TcpStateOf(const inet_diag_msg& message) {
  // Indexed by the kernel's number.
  constexpr v1::TcpState kStates[] = {
      v1::TCP_STATE_UNSPECIFIED,  v1::TCP_STATE_ESTABLISHED, v1::TCP_STATE_SYN_SENT,
      v1::TCP_STATE_SYN_RECEIVED, v1::TCP_STATE_FIN_WAIT1,   v1::TCP_STATE_FIN_WAIT2,
      v1::TCP_STATE_TIME_WAIT,    v1::TCP_STATE_CLOSED,      v1::TCP_STATE_CLOSE_WAIT,
      v1::TCP_STATE_LAST_ACK,     v1::TCP_STATE_LISTEN,      v1::TCP_STATE_CLOSING,
      v1::TCP_STATE_SYN_RECEIVED,  // TCP_NEW_SYN_RECV
      v1::TCP_STATE_BOUND,         // TCP_BOUND_INACTIVE
  };
  if (message.idiag_state >= std::size(kStates)) return v1::TCP_STATE_UNSPECIFIED;
  const v1::TcpState state = kStates[message.idiag_state];
  // The kernel lists bound sockets when asked for TCP_BOUND_INACTIVE, but says TCP_CLOSE of them.
  const bool bound = state == v1::TCP_STATE_CLOSED && message.id.idiag_sport != 0;
  return bound ? v1::TCP_STATE_BOUND : state;
}

uint8_t DiagExtensionsFor(PartMask parts) {
  uint8_t extensions = 0;
  if ((parts & kGroups) != 0) extensions |= kDiagTcpInfo;
  if ((parts & GroupBit(v1::TCP_GROUP_LINUX)) != 0) extensions |= kDiagCongestion | kDiagMemory;
  return extensions;
}

void BeginTcpRow(const DiagSocket& socket, const SocketOwner* owner, RowWriter& row) {
  const v1::TcpState state = TcpStateOf(socket.message);
  row.Clear();
  SetFacts(socket.message, state, HasRemote(socket.message, state), owner, row);
}

void WriteTcpRow(const DiagSocket& socket, PartMask parts, const SocketOwner* owner,
                 EventTimes& times, RowWriter& row) {
  const inet_diag_msg& message = socket.message;
  const v1::TcpState state = TcpStateOf(message);
  const bool has_remote = HasRemote(message, state);
  WriteKey(message, has_remote, row);
  row.Uint(v1::TcpConnection::kStateFieldNumber, static_cast<uint64_t>(state));
  if (state == v1::TCP_STATE_LISTEN) WriteListener(message, row);
  if ((parts & kGroups) != 0 && HasStatistics(socket, state)) {
    WriteGroups(socket, state, parts, times, row);
  }
  if ((parts & PartBit(kTcpOwnerPart)) != 0) WriteOwner(message, owner, row);
}

}  // namespace farstat::sources
