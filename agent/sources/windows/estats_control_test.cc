#include "agent/sources/windows/estats_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "agent/sources/windows/estats_journal.h"
#include "spdlog/sinks/ostream_sink.h"
#include "spdlog/spdlog.h"
#include "tests/support/becomes.h"
#include "tests/support/estats_windows.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::Becomes;
using farstat::testing::EstatsWindows;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr EstatsSwitches kData = EstatsSwitchOf(v1::TCP_GROUP_DATA);

EstatsRequest Lease(bool undo, absl::Duration ttl) {
  EstatsRequest request;
  request.enable = kData;
  request.undo = undo;
  request.ttl = ttl;
  return request;
}

class EstatsControlTest : public ::testing::Test {
 protected:
  std::unique_ptr<EstatsControl> Start() {
    return std::make_unique<EstatsControl>(windows_.api(), SystemClock(),
                                           folder_.Path("estats.journal"));
  }

  TestFolder folder_;
  EstatsWindows windows_;
};

TEST_F(EstatsControlTest, TakesInConnectionsThatComeDuringALeaseByItself) {
  const auto control = Start();
  const auto result = control->Set(Lease(/*undo=*/true, absl::InfiniteDuration()));
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_THAT(control->Leases(), SizeIs(1));
  EXPECT_EQ(control->Leases()[0].id, result->lease);
  const size_t later = windows_.Add(1000);
  EXPECT_TRUE(Becomes([&] { return windows_.On(later) == kData; }));
  EXPECT_TRUE(Becomes([&] { return control->Leases()[0].connections == 1; }));
  control->End(result->lease);
  EXPECT_TRUE(Becomes([&] { return windows_.On(later) == 0; }));
  EXPECT_TRUE(Becomes([&] { return control->Leases().empty(); }));
}

TEST_F(EstatsControlTest, ItsEndIsTheEndOfAllLeases) {
  const size_t undone = windows_.Add(1000);
  auto control = Start();
  ASSERT_TRUE(control->Set(Lease(/*undo=*/true, absl::Hours(1))).ok());
  EXPECT_EQ(windows_.On(undone), kData);
  control.reset();
  EXPECT_EQ(windows_.On(undone), 0u);
}

TEST_F(EstatsControlTest, AsleepItMakesNoCalls) {
  const auto control = Start();
  ASSERT_TRUE(control->Set(Lease(/*undo=*/false, absl::Milliseconds(1))).ok());
  EXPECT_TRUE(Becomes([&] { return control->Leases().empty(); }));
  EXPECT_LE(windows_.listings(), 4) << "two by the request, two at most by its end";
}

// What is logged while it lives.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~Log() { spdlog::set_default_logger(before_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // While nobody logs.
  std::string text() const { return text_.str(); }

 private:
  const std::shared_ptr<spdlog::logger> before_;
  std::ostringstream text_;
};

TEST_F(EstatsControlTest, AJournalThatCannotBeUsedIsLoggedAndTriedAgain) {
  const Log log;
  auto other = std::make_unique<EstatsJournal>(folder_.Path("estats.journal"));
  auto control = Start();
  EXPECT_THAT(log.text(), HasSubstr("another agent on this host uses it"));
  EXPECT_FALSE(control->Set(Lease(/*undo=*/true, absl::Hours(1))).ok());
  EXPECT_THAT(log.text(), Not(HasSubstr("can be used now")));
  other.reset();
  EXPECT_TRUE(control->Set(Lease(/*undo=*/true, absl::Hours(1))).ok());
  EXPECT_THAT(log.text(), HasSubstr("can be used now"));
  control.reset();
}

TEST_F(EstatsControlTest, WithoutAJournalNothingIsLogged) {
  const Log log;
  const EstatsControl control(windows_.api(), SystemClock(), "");
  EXPECT_EQ(log.text(), "");
}

}  // namespace
}  // namespace farstat::sources::windows
