// A table of calls whose RAS answers a test writes by hand: one connection that is connected and
// has one link, and nothing unusual about it until the test says so.

#ifndef FARSTAT_TESTS_SUPPORT_RAS_ANSWERS_H_
#define FARSTAT_TESTS_SUPPORT_RAS_ANSWERS_H_

#include <cstdint>
#include <cstring>

#include "agent/sources/windows/api.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/win32_status.h"
#include "tests/support/manual_clock.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources {

class RasAnswers {
 public:
  static constexpr windows::Handle kConnection = 0x100;
  static constexpr windows::Handle kLink = 0x101;

  RasAnswers() {
    using windows::Handle;
    api.ras_enum_connections = [](windows::RasConnection* rows, uint32_t* bytes, uint32_t* count) {
      const uint32_t given = *bytes;
      *bytes = sizeof(windows::RasConnection);
      if (given < *bytes) return windows::kErrorBufferTooSmall;
      windows::RasConnection row = {};
      row.size = sizeof(row);
      row.handle = kConnection;
      row.entry_name[0] = u'V';
      row.sub_entry = 1;
      std::memcpy(rows, &row, sizeof(row));
      *count = 1;
      return windows::kSuccess;
    };
    api.ras_get_connect_status = [](Handle, windows::RasConnectionStatus* status) {
      status->state = windows::kRasStateConnected;
      return windows::kSuccess;
    };
    api.ras_get_connection_statistics = [this](Handle, windows::RasStats* out) {
      *out = stats;
      return windows::kSuccess;
    };
    api.ras_get_link_statistics = [this](Handle, uint32_t, windows::RasStats* out) {
      *out = stats;
      return windows::kSuccess;
    };
    api.ras_get_sub_entry_handle = [](Handle, uint32_t link, Handle* handle) {
      if (link > 1) return windows::kErrorNoMoreItems;
      *handle = kLink;
      return windows::kSuccess;
    };
    api.ras_get_projection_info_ex = [](Handle, windows::RasProjectionInfo* info, uint32_t*) {
      info->type = windows::kRasProjectionPpp;
      return windows::kSuccess;
    };
  }

  CollectedRasRows Collect(PartMask parts = kAllRasParts) {
    CollectedRasRows rows;
    outcome = source_.Collect(parts, rows);
    return rows;
  }

  windows::RasClearings& clearings() { return source_.clearings(); }

  windows::Api api;
  windows::RasStats stats = {
      sizeof(windows::RasStats), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
  Outcome outcome;

 private:
  testing::ManualClock clock_;
  windows::RasSource source_{api, clock_};
};

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_RAS_ANSWERS_H_
