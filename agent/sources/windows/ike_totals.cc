#include "agent/sources/windows/ike_totals.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "agent/sources/windows/win32_status.h"
#include "farstat/v1/common.pb.h"
#include "farstat/v1/ike.pb.h"

namespace farstat::sources::windows {
namespace {

using Totals = v1::IkeTotals;
using Fields = v1::IkeNegotiations;

// A bound that no host exceeds (README.md of this folder, on bounds of the filter engine).
constexpr UnitsPerSecond kFastestPackets = 10e6;

// A counter of one key module and one IP version.
struct NegotiationCounter {
  uint32_t IkeIpVersionStatistics::*member;
  int field;
};

constexpr NegotiationCounter kNegotiations[] = {
    {&IkeIpVersionStatistics::total_main_modes_started, Fields::kMainModesStartedFieldNumber},
    {&IkeIpVersionStatistics::total_successful_main_modes, Fields::kMainModesSucceededFieldNumber},
    {&IkeIpVersionStatistics::total_failed_main_modes, Fields::kMainModesFailedFieldNumber},
    {&IkeIpVersionStatistics::total_responder_main_modes, Fields::kResponderMainModesFieldNumber},
    {&IkeIpVersionStatistics::total_quick_modes_started, Fields::kQuickModesStartedFieldNumber},
    {&IkeIpVersionStatistics::total_successful_quick_modes,
     Fields::kQuickModesSucceededFieldNumber},
    {&IkeIpVersionStatistics::total_failed_quick_modes, Fields::kQuickModesFailedFieldNumber},
    {&IkeIpVersionStatistics::total_acquires, Fields::kAcquiresFieldNumber},
    {&IkeIpVersionStatistics::total_reinit_acquires, Fields::kReinitiatedAcquiresFieldNumber},
    {&IkeIpVersionStatistics::total_extended_modes_started,
     Fields::kExtendedModesStartedFieldNumber},
    {&IkeIpVersionStatistics::total_successful_extended_modes,
     Fields::kExtendedModesSucceededFieldNumber},
    {&IkeIpVersionStatistics::total_failed_extended_modes, Fields::kExtendedModesFailedFieldNumber},
    {&IkeIpVersionStatistics::total_impersonation_extended_modes,
     Fields::kImpersonationExtendedModesFieldNumber},
    {&IkeIpVersionStatistics::total_impersonation_main_modes,
     Fields::kImpersonationMainModesFieldNumber},
};

// Appends the counters of one key module.
uint32_t* PutModule(const IkeKeyModuleStatistics& module, uint32_t* at) {
  for (const IkeIpVersionStatistics* version : {&module.v4_statistics, &module.v6_statistics}) {
    for (const NegotiationCounter& counter : kNegotiations) *at++ = version->*counter.member;
  }
  return std::copy(std::begin(module.error_frequency_table), std::end(module.error_frequency_table),
                   at);
}

}  // namespace

IkeReading FromVersion0(const IkeStatistics0& statistics) {
  IkeReading reading = {};
  reading.statistics.ike_statistics = statistics.ike_statistics;
  reading.statistics.authip_statistics = statistics.authip_statistics;
  reading.statistics.common_statistics = statistics.common_statistics;
  return reading;
}

IkeTotals::Counters::Values IkeTotals::ValuesOf(const IkeStatistics1& statistics) {
  static_assert(std::size(kNegotiations) == kNegotiationCounters);
  const IkeCommonStatistics& common = statistics.common_statistics;
  Counters::Values values;
  uint32_t* at = values.data();
  at = PutModule(statistics.ike_statistics, at);
  at = PutModule(statistics.authip_statistics, at);
  at = PutModule(statistics.ike_v2_statistics, at);
  *at++ = common.v4_statistics.total_socket_receive_failures;
  *at++ = common.v4_statistics.total_socket_send_failures;
  *at++ = common.v6_statistics.total_socket_receive_failures;
  *at++ = common.v6_statistics.total_socket_send_failures;
  *at++ = common.total_packets_received;
  *at++ = common.total_invalid_packets_received;
  return values;
}

IkeTotals::Counters::Rates IkeTotals::FastestRates() {
  Counters::Rates rates;
  rates.fill(kFastestPackets);
  return rates;
}

absl::Duration IkeTotals::RevisitWithin() { return WrapTime(kFastestPackets) / 2; }

void IkeTotals::Read(const IkeReading& reading, const windows::Reading& when) {
  counters_.Read(ValuesOf(reading.statistics), when, FastestRates());
  now_ = reading;
}

void IkeTotals::Write(RowWriter& row) const {
  const IkeStatistics1& now = now_.statistics;
  WriteModule(Totals::kIkeFieldNumber, now.ike_statistics, 0, row);
  WriteModule(Totals::kAuthipFieldNumber, now.authip_statistics, kModuleCounters, row);
  if (now_.version1) {
    WriteModule(Totals::kIkev2FieldNumber, now.ike_v2_statistics, 2 * kModuleCounters, row);
  }
  WriteCommon(row);
  v1::Accumulation accumulation;
  counters_.history().Fill(accumulation);
  row.Text(Totals::kAccumulationFieldNumber, accumulation.SerializeAsString());
}

void IkeTotals::WriteModule(int message_field, const IkeKeyModuleStatistics& now, size_t first,
                            RowWriter& row) const {
  using Module = v1::IkeKeyModuleStatistics;
  const RowWriter::Open module = row.BeginMessage(message_field);
  WriteNegotiations(Module::kIpv4FieldNumber, now.v4_statistics, first, row);
  WriteNegotiations(Module::kIpv6FieldNumber, now.v6_statistics, first + kNegotiationCounters, row);
  row.Uint(Module::kMainModeNegotiationTimeMsFieldNumber, now.main_mode_negotiation_time);
  row.Uint(Module::kQuickModeNegotiationTimeMsFieldNumber, now.quick_mode_negotiation_time);
  row.Uint(Module::kExtendedModeNegotiationTimeMsFieldNumber, now.extended_mode_negotiation_time);
  WriteErrors(first + kErrorsAt, row);
  row.EndMessage(module);
}

void IkeTotals::WriteNegotiations(int message_field, const IkeIpVersionStatistics& now,
                                  size_t first, RowWriter& row) const {
  const RowWriter::Open negotiations = row.BeginMessage(message_field);
  row.Uint(Fields::kCurrentMainModesFieldNumber, now.current_active_main_modes);
  row.Uint(Fields::kCurrentNewResponderMainModesFieldNumber, now.current_new_responder_main_modes);
  row.Uint(Fields::kCurrentQuickModesFieldNumber, now.current_active_quick_modes);
  row.Uint(Fields::kCurrentExtendedModesFieldNumber, now.current_active_extended_modes);
  for (size_t i = 0; i < kNegotiationCounters; ++i) {
    row.Uint(kNegotiations[i].field, counters_.total(first + i));
  }
  row.EndMessage(negotiations);
}

void IkeTotals::WriteErrors(size_t first, RowWriter& row) const {
  using Error = v1::IkeErrorCount;
  for (int i = 0; i < kIkeErrorCodeCount; ++i) {
    const uint64_t count = counters_.total(first + static_cast<size_t>(i));
    if (count == 0) continue;
    const Win32Code& code = IkeErrorAt(i);
    const RowWriter::Open error = row.BeginMessage(v1::IkeKeyModuleStatistics::kErrorsFieldNumber);
    row.Uint(Error::kCodeFieldNumber, code.code);
    row.Text(Error::kSymbolFieldNumber, code.symbol);
    row.Uint(Error::kCountFieldNumber, count);
    row.Text(Error::kTextFieldNumber, code.sentence);
    row.EndMessage(error);
  }
}

void IkeTotals::WriteCommon(RowWriter& row) const {
  using Common = v1::IkeCommon;
  const RowWriter::Open common = row.BeginMessage(Totals::kCommonFieldNumber);
  WriteSocketFailures(Common::kIpv4FieldNumber, kCommonAt, row);
  WriteSocketFailures(Common::kIpv6FieldNumber, kCommonAt + 2, row);
  row.Uint(Common::kPacketsInFieldNumber, counters_.total(kCommonAt + 4));
  row.Uint(Common::kInvalidPacketsInFieldNumber, counters_.total(kCommonAt + 5));
  row.Uint(Common::kQueuedWorkItemsFieldNumber,
           now_.statistics.common_statistics.current_queued_workitems);
  row.EndMessage(common);
}

void IkeTotals::WriteSocketFailures(int message_field, size_t first, RowWriter& row) const {
  using Failures = v1::IkeSocketFailures;
  const RowWriter::Open failures = row.BeginMessage(message_field);
  row.Uint(Failures::kReceiveFailuresFieldNumber, counters_.total(first));
  row.Uint(Failures::kSendFailuresFieldNumber, counters_.total(first + 1));
  row.EndMessage(failures);
}

}  // namespace farstat::sources::windows
