// The totals of IKE: what the keying service has negotiated, as they are written into the row
// IkeTotals.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IKE_TOTALS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IKE_TOTALS_H_

#include <array>
#include <cstddef>

#include "absl/time/time.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/windows/abi_ike.h"
#include "agent/sources/windows/widen.h"

namespace farstat::sources::windows {

// What IkeextGetStatistics delivers, of either version.
struct IkeReading {
  // From version 0 with zeros for IKEv2.
  IkeStatistics1 statistics;
  bool version1;
};

IkeReading FromVersion0(const IkeStatistics0& statistics);

// Widens the totals and keeps them over the restarts of IKEEXT.
class IkeTotals {
 public:
  // Takes in what was read.
  void Read(const IkeReading& reading, const windows::Reading& when);
  // Writes the fields of IkeTotals.
  void Write(RowWriter& row) const;

  // Read again within this time.
  static absl::Duration RevisitWithin();

 private:
  // Counters, all of 32 bits: of each key module those of IPv4, of IPv6 and of errors, then what
  // the modules share.
  static constexpr size_t kNegotiationCounters = 14;
  static constexpr size_t kErrorsAt = 2 * kNegotiationCounters;
  static constexpr size_t kModuleCounters = kErrorsAt + kIkeErrorCodeCount;
  static constexpr size_t kModules = 3;
  static constexpr size_t kCommonAt = kModules * kModuleCounters;
  static constexpr size_t kCounters = kCommonAt + 6;
  using Counters = WidenedCounters<kCounters>;

  static Counters::Values ValuesOf(const IkeStatistics1& statistics);
  static Counters::Rates FastestRates();

  // `first` is the index of the first counter of what is written.
  void WriteModule(int message_field, const IkeKeyModuleStatistics& now, size_t first,
                   RowWriter& row) const;
  void WriteNegotiations(int message_field, const IkeIpVersionStatistics& now, size_t first,
                         RowWriter& row) const;
  void WriteErrors(size_t first, RowWriter& row) const;
  void WriteCommon(RowWriter& row) const;
  void WriteSocketFailures(int message_field, size_t first, RowWriter& row) const;

  Counters counters_;
  // The newest reading: gauges are written from it.
  IkeReading now_ = {};
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IKE_TOTALS_H_
