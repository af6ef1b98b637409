#include "agent/sources/linux/tcp_stack.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/types/span.h"

namespace farstat::sources {
namespace {

using Stack = v1::TcpStack;
using StackLinux = v1::TcpStackLinux;

constexpr uint64_t kAnyValue = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kUint32 = std::numeric_limits<uint32_t>::max();

// A column and the field that it fills.
struct Column {
  absl::string_view name;
  int field;
  uint64_t max = kAnyValue;
};

constexpr Column kTcpColumns[] = {
    {"RtoAlgorithm", Stack::kRtoAlgorithmFieldNumber, kUint32},
    {"RtoMin", Stack::kRtoMinMsFieldNumber, kUint32},
    {"RtoMax", Stack::kRtoMaxMsFieldNumber, kUint32},
    {"MaxConn", Stack::kMaxConnectionsFieldNumber},
    {"ActiveOpens", Stack::kActiveOpensFieldNumber},
    {"PassiveOpens", Stack::kPassiveOpensFieldNumber},
    {"AttemptFails", Stack::kAttemptFailsFieldNumber},
    {"EstabResets", Stack::kEstablishedResetsFieldNumber},
    {"CurrEstab", Stack::kCurrentEstablishedFieldNumber},
    {"InSegs", Stack::kSegmentsInFieldNumber},
    {"OutSegs", Stack::kSegmentsOutFieldNumber},
    {"RetransSegs", Stack::kSegmentsRetransmittedFieldNumber},
    {"InErrs", Stack::kInErrorsFieldNumber},
    {"OutRsts", Stack::kOutResetsFieldNumber},
    {"InCsumErrors", Stack::kChecksumErrorsInFieldNumber},
};

constexpr Column kTcpExtColumns[] = {
    {"ListenOverflows", StackLinux::kListenOverflowsFieldNumber},
    {"ListenDrops", StackLinux::kListenDropsFieldNumber},
    {"TCPTimeouts", StackLinux::kTimeoutsFieldNumber},
    {"TCPLostRetransmit", StackLinux::kLostRetransmitsFieldNumber},
    {"TCPFastRetrans", StackLinux::kFastRetransmitsFieldNumber},
    {"TCPSlowStartRetrans", StackLinux::kSlowStartRetransmitsFieldNumber},
    {"TCPSynRetrans", StackLinux::kSynRetransmitsFieldNumber},
    {"TCPLossProbes", StackLinux::kLossProbesFieldNumber},
    {"TCPSpuriousRTOs", StackLinux::kSpuriousRtosFieldNumber},
    {"TCPOFOQueue", StackLinux::kOutOfOrderQueuedFieldNumber},
    {"TCPOFODrop", StackLinux::kOutOfOrderDroppedFieldNumber},
    {"TCPRcvCollapsed", StackLinux::kReceiveCollapsedFieldNumber},
    {"TCPRcvQDrop", StackLinux::kReceiveQueueDropsFieldNumber},
    {"TCPBacklogDrop", StackLinux::kBacklogDropsFieldNumber},
    {"TCPZeroWindowDrop", StackLinux::kZeroWindowDropsFieldNumber},
    {"TCPToZeroWindowAdv", StackLinux::kToZeroWindowAdvertisedFieldNumber},
    {"TCPFromZeroWindowAdv", StackLinux::kFromZeroWindowAdvertisedFieldNumber},
    {"TCPAbortOnData", StackLinux::kAbortOnDataFieldNumber},
    {"TCPAbortOnClose", StackLinux::kAbortOnCloseFieldNumber},
    {"TCPAbortOnMemory", StackLinux::kAbortOnMemoryFieldNumber},
    {"TCPAbortOnTimeout", StackLinux::kAbortOnTimeoutFieldNumber},
    {"TCPAbortFailed", StackLinux::kAbortFailedFieldNumber},
    {"TCPMemoryPressures", StackLinux::kMemoryPressuresFieldNumber},
    {"SyncookiesSent", StackLinux::kSyncookiesSentFieldNumber},
    {"SyncookiesRecv", StackLinux::kSyncookiesReceivedFieldNumber},
    {"SyncookiesFailed", StackLinux::kSyncookiesFailedFieldNumber},
    {"TCPKeepAlive", StackLinux::kKeepalivesSentFieldNumber},
    {"DelayedACKs", StackLinux::kDelayedAcksFieldNumber},
    {"TCPDSACKRecv", StackLinux::kDsackReceivedFieldNumber},
    {"TCPDeliveredCE", StackLinux::kDeliveredCeSegmentsFieldNumber},
};

// Removes the text up to `separator`, or all of it, from the front and returns it.
absl::string_view TakeUntil(char separator, absl::string_view& text) {
  const absl::string_view taken = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return taken;
}

// Two lines, "Tcp: Name Name …" and "Tcp: value value …".
struct Table {
  absl::string_view names;
  absl::string_view values;
};

Table FindTable(absl::string_view text, absl::string_view prefix) {
  while (!text.empty()) {
    absl::string_view names = TakeUntil('\n', text);
    if (TakeUntil(' ', names) != prefix) continue;
    absl::string_view values = TakeUntil('\n', text);
    if (TakeUntil(' ', values) == prefix) return {names, values};
  }
  return {};
}

void WriteColumns(Table table, absl::Span<const Column> columns, RowWriter& row) {
  while (!table.names.empty() && !table.values.empty()) {
    const absl::string_view name = TakeUntil(' ', table.names);
    const absl::string_view text = TakeUntil(' ', table.values);
    const auto column = std::find_if(columns.begin(), columns.end(),
                                     [name](const Column& c) { return c.name == name; });
    uint64_t value;
    if (column == columns.end()) continue;
    // MaxConn is -1 where there is no limit; that is no number here.
    if (absl::SimpleAtoi(text, &value) && value <= column->max) row.Uint(column->field, value);
  }
}

void WriteStates(const TcpStateCounts& counts, RowWriter& row) {
  for (size_t state = 0; state < counts.size(); ++state) {
    if (counts[state] == 0) continue;
    const RowWriter::Open entry = row.BeginMessage(Stack::kStatesFieldNumber);
    row.Uint(v1::TcpStateCount::kStateFieldNumber, state);
    row.Uint(v1::TcpStateCount::kCountFieldNumber, counts[state]);
    row.EndMessage(entry);
  }
}

}  // namespace

void WriteTcpStack(absl::string_view snmp, absl::string_view netstat, const TcpStateCounts& counts,
                   RowWriter& row) {
  row.Clear();
  WriteColumns(FindTable(snmp, "Tcp:"), kTcpColumns, row);
  WriteStates(counts, row);
  const Table extensions = FindTable(netstat, "TcpExt:");
  if (extensions.names.empty()) return;
  const RowWriter::Open part = row.BeginMessage(Stack::kLinuxFieldNumber);
  WriteColumns(extensions, kTcpExtColumns, row);
  row.EndMessage(part);
}

}  // namespace farstat::sources
