// The totals of IPsec: what the host's IPsec driver has protected and dropped, as they are written
// into the row IpsecTotals.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_TOTALS_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_TOTALS_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "agent/sources/windows/widen.h"

namespace farstat::sources::windows {

// What IPsecGetStatistics delivers, of either version.
struct IpsecReading {
  // From version 0 with zeros in the members that only version 1 has.
  IpsecStatistics1 statistics;
  bool version1;
};

IpsecReading FromVersion0(const IpsecStatistics0& statistics);

// Keeps the totals over the restarts of BFE, and widens those of 32 bits.
class IpsecTotals {
 public:
  // Takes in what was read.
  void Read(const IpsecReading& reading, const windows::Reading& when);
  // Writes the fields of group IPSEC_GROUP_TOTALS, and the accumulation.
  void Write(RowWriter& row) const;

  // Read again within this time.
  static absl::Duration RevisitWithin();

 private:
  // The counters of 32 bits, in the order of the structures.
  enum Counter : size_t {
    kSasAdded,
    kSasDeleted,
    kSuccessfulRekeys,
    kEspInvalidSpi,
    kEspDecryptionFailure,
    kEspAuthenticationFailure,
    kEspReplayCheckFailure,
    kEspSaNotInitialized,
    kAhInvalidSpi,
    kAhAuthenticationFailure,
    kAhReplayCheckFailure,
    kAhSaNotInitialized,
    kInvalidSpi,
    kDecryptionFailure,
    kAuthenticationFailure,
    kUdpEspValidationFailure,
    kReplayCheckFailure,
    kInvalidClearText,
    kSaNotInitialized,
    kIncorrectSa,
    kNotMatchingFilters,
    kTotalDrops,
    kCounters,
  };
  using Counters = WidenedCounters<kCounters>;
  static constexpr size_t kTrafficCounters = 7;

  // The counters of one direction. They have 64 bits and do not wrap; a restart sets them to 0.
  class Traffic {
   public:
    void Read(const IpsecTrafficStatistics1& statistics, bool began_anew);
    void Write(int message_field, bool version1, RowWriter& row) const;

   private:
    std::array<uint64_t, kTrafficCounters> before_restart_ = {};
    std::array<uint64_t, kTrafficCounters> last_ = {};
  };

  static Counters::Values ValuesOf(const IpsecStatistics1& statistics);
  static Counters::Rates FastestRates();

  void WriteSas(RowWriter& row) const;
  void WriteDrops(RowWriter& row) const;
  void WriteEspDrops(RowWriter& row) const;
  void WriteAhDrops(RowWriter& row) const;

  Counters counters_;
  Traffic inbound_;
  Traffic outbound_;
  // Of the newest reading.
  IpsecAggregateSaStatistics now_ = {};
  bool version1_ = false;
};

// Whether DoS protection is in use: where it is not, all members are 0, or the function says so.
bool IsInUse(const IpsecDospStatistics& statistics);
// Writes the field of group IPSEC_GROUP_DOS_PROTECTION.
void WriteIpsecDosProtection(const IpsecDospStatistics& statistics, RowWriter& row);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_TOTALS_H_
