#include "common/status.h"

#include <gtest/gtest.h>

namespace farstat {
namespace {

// The feed tells its readers when a status is another one than before.
TEST(ErrorStatusTest, TheSameErrorIsTheSameStatus) {
  const auto error = [] {
    return ErrorStatus(absl::StatusCode::kUnavailable, kSourceStopped, "The service is stopped.",
                       {{"api", "FwpmEngineOpen0"},
                        {"win32_code", "1753"},
                        {"win32_symbol", "EPT_S_NOT_REGISTERED"},
                        {"family", "ipsec"}});
  };
  const absl::Status first = error();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(error(), first);
  EXPECT_EQ(ErrorInfoOf(first).metadata().size(), 4u);
}

}  // namespace
}  // namespace farstat
