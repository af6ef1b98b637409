#include "agent/sources/windows/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace farstat::sources::windows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(ApiTest, EntriesAreAbsentUntilFilled) {
  const Api api;
  int entries = 0;
  VisitEntries(api, [&](absl::string_view, absl::string_view name, const auto& entry) {
    ++entries;
    EXPECT_FALSE(entry) << name;
  });
  // One for each member: a new member without a visit changes one side only.
  EXPECT_EQ(entries * sizeof(std::function<void()>) + sizeof(Api::ras_mutex), sizeof(Api));
}

TEST(ApiTest, NamesAreUniqueAndNoneEndsAConnection) {
  Api api;
  std::set<std::string> names;
  std::set<const void*> entries;
  VisitEntries(api, [&](absl::string_view, absl::string_view name, auto& entry) {
    EXPECT_TRUE(names.insert(std::string(name)).second) << name;
    EXPECT_TRUE(entries.insert(&entry).second) << name;
    EXPECT_THAT(std::string(name), Not(HasSubstr("HangUp")));
  });
}

uint32_t ExportedFunction(Handle, RasStats* stats) {
  stats->bps = 1;
  return 0;
}

TEST(ApiTest, HoldsExportedFunctionsAndClosuresAlike) {
  Api real;
  real.ras_get_connection_statistics = &ExportedFunction;
  uint32_t speed = 7;
  Api simulated;
  simulated.ras_get_connection_statistics = [&speed](Handle, RasStats* stats) {
    stats->bps = speed;
    return 0u;
  };
  RasStats stats{};
  EXPECT_EQ(real.ras_get_connection_statistics(1, &stats), 0u);
  EXPECT_EQ(stats.bps, 1u);
  EXPECT_EQ(simulated.ras_get_connection_statistics(1, &stats), 0u);
  EXPECT_EQ(stats.bps, 7u);
}

}  // namespace
}  // namespace farstat::sources::windows
