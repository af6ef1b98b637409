#include "agent/sources/windows/estats_leases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "common/status.h"
#include "tests/support/estats_windows.h"
#include "tests/support/manual_clock.h"
#include "tests/support/test_certificates.h"

namespace farstat::sources::windows {
namespace {

using farstat::testing::EstatsWindows;
using farstat::testing::ManualClock;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr EstatsSwitches kData = EstatsSwitchOf(v1::TCP_GROUP_DATA);
constexpr EstatsSwitches kPath = EstatsSwitchOf(v1::TCP_GROUP_PATH);
constexpr EstatsSwitches kOutbound = EstatsSwitchOf(v1::TCP_GROUP_BANDWIDTH);
constexpr EstatsSwitches kInbound = kInboundBandwidthSwitch;

EstatsRequest Enable(EstatsSwitches switches) {
  EstatsRequest request;
  request.enable = switches;
  return request;
}

EstatsRequest Lease(EstatsSwitches switches, bool undo, absl::Duration ttl = absl::Minutes(1)) {
  EstatsRequest request = Enable(switches);
  request.ttl = ttl;
  request.undo = undo;
  return request;
}

// Local ports in this range only.
EstatsRequest On(EstatsRequest request, uint16_t first, uint16_t last) {
  request.filter = [first, last](absl::string_view bytes) {
    TcpFacts facts;
    std::memcpy(&facts, bytes.data(), sizeof(facts));
    return facts.local_port >= first && facts.local_port <= last;
  };
  return request;
}

class EstatsLeasesTest : public ::testing::Test {
 protected:
  EstatsLeasesTest() { Restart(); }

  std::string journal_path() const { return folder_.Path("estats.journal"); }
  // As after a crash: the leases are forgotten and nothing is switched off.
  void Restart() {
    leases_.reset();
    leases_ = std::make_unique<EstatsLeases>(windows_.api(), clock_, journal_path());
  }
  EstatsResult Set(const EstatsRequest& request) {
    absl::StatusOr<EstatsResult> result = leases_->Set(request);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : EstatsResult();
  }
  // Lets time pass, with what is to be done at its end.
  EstatsRelease Pass(absl::Duration time) {
    clock_.Advance(time);
    return leases_->Tend();
  }

  TestFolder folder_;
  EstatsWindows windows_;
  ManualClock clock_;
  std::unique_ptr<EstatsLeases> leases_;
};

TEST_F(EstatsLeasesTest, SwitchesEstablishedConnectionsThatMatch) {
  const size_t matches = windows_.Add(1000);
  const size_t other = windows_.Add(2000);
  EstatsWindows::Connection closing;
  closing.local_port = 1001;
  closing.state = kTcpStateTimeWait;
  const size_t time_wait = windows_.Add(closing);
  const EstatsResult result = Set(On(Enable(kData | kPath), 1000, 1999));
  EXPECT_EQ(result.matched_connections, 1u);
  EXPECT_EQ(result.succeeded, 2u);
  EXPECT_EQ(result.already + result.failed + result.lease, 0u);
  EXPECT_EQ(windows_.On(matches), kData | kPath);
  EXPECT_EQ(windows_.On(other), 0u);
  EXPECT_EQ(windows_.On(time_wait), 0u);
  EXPECT_EQ(leases_->next_tend(), SteadyTime::max()) << "nothing is left to do";
}

// Pitfall 9.
TEST_F(EstatsLeasesTest, SwitchesIpv6ConnectionsByTheirOwnRow) {
  EstatsWindows::Connection connection;
  connection.ipv6 = true;
  connection.local_port = 1000;
  const size_t ipv6 = windows_.Add(connection);
  EXPECT_EQ(Set(Enable(kPath | kOutbound)).succeeded, 2u);
  EXPECT_EQ(windows_.On(ipv6), kPath | kOutbound);
}

// Pitfall 2.
TEST_F(EstatsLeasesTest, ReadsBeforeItSetsAndLooksAfterwards) {
  const size_t connection = windows_.Add(1000);
  windows_.Alter(connection, [](auto& changed) { changed.on = kData; });
  const EstatsResult result = Set(Enable(kData | kOutbound | kInbound));
  EXPECT_EQ(result.succeeded, 2u);
  EXPECT_EQ(result.already, 1u);
  EXPECT_EQ(windows_.sets(), 1) << "what is on is left alone";
  EXPECT_EQ(windows_.On(connection), kData | kOutbound | kInbound);
}

// Pitfall 1. Pitfall 2.
TEST_F(EstatsLeasesTest, SuccessWithoutEffectIsAFailure) {
  const size_t connection = windows_.Add(1000);
  windows_.Alter(connection, [](auto& changed) { changed.ignores_set = true; });
  const EstatsResult result = Set(Enable(kOutbound));
  EXPECT_EQ(result.succeeded, 0u);
  EXPECT_EQ(result.failed, 1u);
  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_EQ(result.failures[0].group, v1::TCP_GROUP_BANDWIDTH);
  EXPECT_EQ(result.failures[0].connection.local_port, 1000);
  EXPECT_THAT(std::string(result.failures[0].status.message()), HasSubstr("it has not"));
}

// Pitfall 3.
TEST_F(EstatsLeasesTest, LeavesTheOtherSwitchOfBandwidthUnchanged) {
  const size_t connection = windows_.Add(1000);
  windows_.Alter(connection, [](auto& changed) { changed.on = kInbound; });
  EXPECT_EQ(Set(Enable(kOutbound)).succeeded, 1u);
  EXPECT_EQ(windows_.On(connection), kOutbound | kInbound);
  EstatsRequest request;
  request.disable = kInbound;
  EXPECT_EQ(Set(request).succeeded, 1u);
  EXPECT_EQ(windows_.On(connection), kOutbound);
}

// Pitfall 4.
TEST_F(EstatsLeasesTest, MissingRightsAreToldOnceAndNotTriedForEachConnection) {
  for (uint16_t port = 1000; port < 1050; ++port) windows_.Add(port);
  windows_.LoseAdministrator();
  const absl::StatusOr<EstatsResult> result = leases_->Set(Lease(kData | kPath, /*undo=*/true));
  EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
  EXPECT_EQ(ErrorInfoOf(result.status()).reason(), kAgentLacksPrivilege);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("administrator"));
  EXPECT_EQ(windows_.sets(), 1);
  EXPECT_THAT(leases_->Describe(), SizeIs(0)) << "there is no lease";
  EXPECT_THAT(leases_->journal().entries(), SizeIs(0)) << "nothing is to be switched off";
}

// Pitfall 4.
TEST_F(EstatsLeasesTest, ALeaseThatLosesItsRightsTriesOnceALookAndGoesOnWhenTheyComeBack) {
  Set(Lease(kData, /*undo=*/true));
  windows_.LoseAdministrator();
  const size_t first = windows_.Add(1000);
  windows_.Add(1001);
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.sets(), 1);
  ASSERT_THAT(leases_->Describe(), SizeIs(1));
  EXPECT_EQ(Win32CodeOf(leases_->Describe()[0].status), kErrorAccessDenied);
  windows_.BecomeAdministrator();
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.On(first), kData);
  EXPECT_TRUE(leases_->Describe()[0].status.ok());
  EXPECT_EQ(leases_->Describe()[0].connections, 2u);
}

// Pitfall 6.
TEST_F(EstatsLeasesTest, ConnectionsThatVanishAreCountedAndNoFailure) {
  const size_t at_read = windows_.Add(1000);
  windows_.Alter(at_read, [](auto& changed) { changed.calls_left = 0; });
  const size_t at_set = windows_.Add(1001);
  windows_.Alter(at_set, [](auto& changed) { changed.calls_left = 2; });
  const size_t at_look = windows_.Add(1002);
  windows_.Alter(at_look, [](auto& changed) { changed.calls_left = 3; });
  windows_.Add(1003);
  const EstatsResult result = Set(Lease(kData | kPath, /*undo=*/true));
  EXPECT_EQ(result.matched_connections, 4u);
  EXPECT_EQ(result.vanished_connections, 3u);
  EXPECT_EQ(result.failed, 0u);
  Pass(absl::Seconds(1));
  EXPECT_THAT(leases_->journal().entries(), SizeIs(1));
}

// Pitfall 6.
TEST_F(EstatsLeasesTest, ALeaseTakesAReusedEndPointForTheNewConnectionThatItIs) {
  const size_t old = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true));
  EXPECT_EQ(windows_.On(old), kData);
  windows_.Close(old);
  const size_t reused = windows_.Add(1000);
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.On(reused), kData);
}

TEST_F(EstatsLeasesTest, OneFailureDoesNotStopTheOthers) {
  const size_t bad = windows_.Add(1000);
  windows_.Alter(bad, [](auto& changed) { changed.set_code = kErrorInvalidParameter; });
  const size_t unreadable = windows_.Add(1001);
  windows_.Alter(unreadable, [](auto& changed) { changed.get_code = kErrorNotSupported; });
  const size_t good = windows_.Add(1002);
  const EstatsResult result = Set(Lease(kData, /*undo=*/true));
  EXPECT_EQ(result.failed, 2u);
  EXPECT_EQ(result.failures[0].win32_code + result.failures[1].win32_code,
            kErrorInvalidParameter + kErrorNotSupported);
  EXPECT_EQ(windows_.On(good), kData);
  EXPECT_THAT(leases_->journal().entries(), SizeIs(1)) << "only what was switched";
}

TEST_F(EstatsLeasesTest, AWindowsWithoutTheFunctionsIsToldSo) {
  windows_.api().set_per_tcp_connection_estats = nullptr;
  const absl::Status status = leases_->Set(Enable(kData)).status();
  EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
  EXPECT_EQ(ErrorInfoOf(status).reason(), kNotSupportedHere);
}

TEST_F(EstatsLeasesTest, FiltersByProcessAskForItsName) {
  const size_t connection = windows_.Add(1000);
  windows_.Add(1001);
  EstatsRequest request = Enable(kData);
  request.filters_process = true;
  request.filter = [](absl::string_view facts) {
    return facts.substr(sizeof(TcpFacts)) == "process1000";
  };
  EXPECT_EQ(Set(request).matched_connections, 1u);
  EXPECT_EQ(windows_.On(connection), kData);
}

TEST_F(EstatsLeasesTest, OneConnectionByItsKeyOrNotFound) {
  const size_t connection = windows_.Add(1000);
  windows_.Add(1001);
  EstatsRequest request = Enable(kData);
  request.connection.emplace();
  TcpIdentity& key = *request.connection;
  key.local_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  key.remote_address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1};
  key.local_port = 1000;
  key.remote_port = 443;
  EXPECT_EQ(Set(request).matched_connections, 1u) << "without the time when it was made";
  EXPECT_EQ(windows_.On(connection), kData);
  key.incarnation = windows_.Get(connection).created;
  EXPECT_EQ(Set(request).already, 1u);
  key.incarnation += 1;
  const absl::Status status = leases_->Set(request).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
}

// --- Leases
// ---------------------------------------------------------------------------------------

TEST_F(EstatsLeasesTest, ALeaseTakesInWhatComesLaterAndEnds) {
  windows_.Add(1000);
  const EstatsResult result = Set(Lease(kData, /*undo=*/false, absl::Seconds(10)));
  EXPECT_NE(result.lease, 0u);
  EXPECT_EQ(leases_->next_tend(), clock_.Steady() + std::chrono::seconds(1));
  const size_t later = windows_.Add(1001);
  const int gets = windows_.gets();
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.On(later), kData);
  EXPECT_EQ(windows_.gets() - gets, 2) << "what it has seen is not looked at again";
  Pass(absl::Seconds(9));
  EXPECT_THAT(leases_->Describe(), SizeIs(0));
  EXPECT_EQ(leases_->next_tend(), SteadyTime::max()) << "asleep";
  const size_t too_late = windows_.Add(1002);
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.On(too_late), 0u);
}

// Pitfall 5.
TEST_F(EstatsLeasesTest, LeavesSwitchesAsTheyAreUnlessAskedToSwitchOff) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/false));
  Pass(absl::Minutes(2));
  EXPECT_EQ(windows_.On(connection), kData);
  EXPECT_FALSE(std::filesystem::exists(journal_path())) << "there is nothing to remember";
}

// Pitfall 5.
TEST_F(EstatsLeasesTest, SwitchesOffOnlyWhatThisAgentHasSwitchedOn) {
  const size_t connection = windows_.Add(1000);
  windows_.Alter(connection, [](auto& changed) { changed.on = kData | kInbound; });
  Set(Lease(kData | kPath | kOutbound | kInbound, /*undo=*/true));
  EXPECT_EQ(windows_.On(connection), kData | kPath | kOutbound | kInbound);
  const EstatsRelease release = Pass(absl::Minutes(1));
  EXPECT_EQ(release.result.succeeded, 2u);
  EXPECT_EQ(windows_.On(connection), kData | kInbound) << "somebody else's";
  EXPECT_THAT(leases_->journal().entries(), SizeIs(0));
}

TEST_F(EstatsLeasesTest, WhatAnotherLeaseWantsStaysOnUntilItEnds) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData | kPath, /*undo=*/true, absl::Seconds(10)));
  const uint64_t longer = Set(Lease(kPath, /*undo=*/true, absl::InfiniteDuration())).lease;
  Pass(absl::Seconds(10));
  EXPECT_EQ(windows_.On(connection), kPath);
  Pass(absl::Hours(1));
  EXPECT_EQ(windows_.On(connection), kPath);
  leases_->End(longer);
  EXPECT_LE(leases_->next_tend(), clock_.Steady());
  leases_->Tend();
  EXPECT_EQ(windows_.On(connection), 0u);
}

TEST_F(EstatsLeasesTest, WhatSomebodyWantsToStayOnStaysOn) {
  const size_t by_lease = windows_.Add(1000);
  const size_t once = windows_.Add(1001);
  const size_t nobody = windows_.Add(1002);
  Set(Lease(kData, /*undo=*/true, absl::Seconds(10)));
  Set(On(Lease(kData, /*undo=*/false, absl::Seconds(5)), 1000, 1000));
  Set(On(Enable(kData), 1001, 1001));
  Pass(absl::Seconds(10));
  EXPECT_EQ(windows_.On(by_lease), kData);
  EXPECT_EQ(windows_.On(once), kData);
  EXPECT_EQ(windows_.On(nobody), 0u);
}

TEST_F(EstatsLeasesTest, WhatWasSwitchedOffByRequestIsNotSwitchedOffAgain) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true));
  EstatsRequest off;
  off.disable = kData;
  Set(off);
  EXPECT_EQ(windows_.On(connection), 0u);
  windows_.Alter(connection, [](auto& changed) { changed.on = kData; });
  Pass(absl::Minutes(1));
  EXPECT_EQ(windows_.On(connection), kData) << "this was somebody else";
}

TEST_F(EstatsLeasesTest, SwitchingOffThatFailsIsTriedAgainLater) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true, absl::Seconds(5)));
  windows_.LoseAdministrator();
  EXPECT_TRUE(absl::IsFailedPrecondition(Pass(absl::Seconds(5)).status));
  EXPECT_EQ(leases_->next_tend(), clock_.Steady() + std::chrono::minutes(1));
  windows_.BecomeAdministrator();
  Pass(absl::Minutes(1));
  EXPECT_EQ(windows_.On(connection), 0u);
  EXPECT_EQ(leases_->next_tend(), SteadyTime::max());
}

TEST_F(EstatsLeasesTest, AListingThatFailsIsNotedAndTheLeaseGoesOn) {
  Set(Lease(kData, /*undo=*/false));
  windows_.FailListing(8);
  Pass(absl::Seconds(1));
  EXPECT_TRUE(absl::IsResourceExhausted(leases_->Describe()[0].status));
  windows_.FailListing(0);
  const size_t connection = windows_.Add(1000);
  Pass(absl::Seconds(1));
  EXPECT_TRUE(leases_->Describe()[0].status.ok());
  EXPECT_EQ(windows_.On(connection), kData);
}

TEST_F(EstatsLeasesTest, LeasesAreBounded) {
  for (size_t i = 0; i < EstatsLeases::kMostLeases; ++i) Set(Lease(kData, /*undo=*/false));
  const absl::Status status = leases_->Set(Lease(kData, /*undo=*/false)).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_TRUE(leases_->Set(Enable(kData)).ok()) << "not a lease";
}

// --- The journal
// ----------------------------------------------------------------------------------

TEST_F(EstatsLeasesTest, WithoutAJournalALeaseThatSwitchesOffIsRefused) {
  EstatsLeases leases(windows_.api(), clock_, "");
  const size_t connection = windows_.Add(1000);
  const absl::Status status = leases.Set(Lease(kData, /*undo=*/true)).status();
  EXPECT_EQ(ErrorInfoOf(status).reason(), kSettingRequired) << status;
  EXPECT_EQ(windows_.On(connection), 0u);
  EXPECT_TRUE(leases.Set(Lease(kData, /*undo=*/false)).ok());
}

TEST_F(EstatsLeasesTest, AfterACrashTheNextAgentSwitchesOffWhatTheDeadOneSwitchedOn) {
  const size_t connection = windows_.Add(1000);
  windows_.Alter(connection, [](auto& changed) { changed.on = kPath; });
  Set(Lease(kData | kPath, /*undo=*/true, absl::Hours(1)));
  const size_t later = windows_.Add(1001);
  Pass(absl::Seconds(1));
  EXPECT_EQ(windows_.On(later), kData | kPath);
  Restart();
  EXPECT_LE(leases_->next_tend(), clock_.Steady());
  leases_->Tend();
  EXPECT_EQ(windows_.On(connection), kPath) << "somebody else's";
  EXPECT_EQ(windows_.On(later), 0u);
  EXPECT_THAT(leases_->Describe(), SizeIs(0)) << "leases are not resumed";
  Restart();
  EXPECT_EQ(leases_->next_tend(), SteadyTime::max()) << "the journal is cleared";
}

// Pitfall 6.
TEST_F(EstatsLeasesTest, AfterACrashAReusedEndPointIsNotTakenForTheOldConnection) {
  const size_t old = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true));
  windows_.Close(old);
  const size_t reused = windows_.Add(1000);
  windows_.Alter(reused, [](auto& changed) { changed.on = kData; });
  Restart();
  leases_->Tend();
  EXPECT_EQ(windows_.On(reused), kData);
}

TEST_F(EstatsLeasesTest, WhatADeadAgentLeftOnAndANewLeaseWantsStaysOnUntilThatEnds) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true));
  Restart();
  Set(Lease(kData, /*undo=*/true, absl::Seconds(10)));
  leases_->Tend();
  EXPECT_EQ(windows_.On(connection), kData);
  Pass(absl::Seconds(10));
  EXPECT_EQ(windows_.On(connection), 0u);
}

TEST_F(EstatsLeasesTest, IsRememberedBeforeItIsSwitched) {
  windows_.Add(1000);
  const auto set = windows_.api().set_per_tcp_connection_estats;
  size_t remembered = 0;
  windows_.api().set_per_tcp_connection_estats = [&](const TcpRow* row, uint32_t type,
                                                     const uint8_t* rw, uint32_t version,
                                                     uint32_t size, uint32_t offset) {
    remembered = std::filesystem::file_size(journal_path());
    return set(row, type, rw, version, size, offset);
  };
  Set(Lease(kData, /*undo=*/true));
  EXPECT_EQ(remembered, 2u * 64) << "the title and a record";
}

TEST_F(EstatsLeasesTest, AJournalThatSomebodyElseHasIsTakenUpWhenTheyHaveGone) {
  const size_t connection = windows_.Add(1000);
  Set(Lease(kData, /*undo=*/true, absl::Hours(1)));
  EstatsLeases second(windows_.api(), clock_, journal_path());
  EXPECT_TRUE(absl::IsUnavailable(second.Set(Lease(kPath, /*undo=*/true)).status()));
  EXPECT_LE(second.next_tend(), clock_.Steady() + std::chrono::minutes(1));
  leases_.reset();
  EXPECT_EQ(windows_.On(connection), kData) << "as after a crash";
  clock_.Advance(EstatsLeases::kRetryInterval);
  second.Tend();
  EXPECT_TRUE(second.journal().status().ok()) << second.journal().status();
  second.Tend();
  EXPECT_EQ(windows_.On(connection), 0u);
  EXPECT_EQ(second.next_tend(), SteadyTime::max());
}

TEST_F(EstatsLeasesTest, ARequestTriesTheJournalAgain) {
  windows_.Add(1000);
  EstatsLeases second(windows_.api(), clock_, journal_path());
  EXPECT_FALSE(second.journal().status().ok());
  leases_.reset();
  EXPECT_TRUE(second.Set(Lease(kPath, /*undo=*/true)).ok());
}

// Each call into Windows fails once in each way: nothing is on in the end that nobody remembers.
TEST_F(EstatsLeasesTest, WhateverCallFailsNothingStaysOnUnremembered) {
  for (const uint32_t code : {kErrorAccessDenied, kErrorNotFound, kErrorInvalidParameter}) {
    for (int failing = 1; failing <= 14; ++failing) {
      EstatsWindows windows;
      TestFolder folder;
      const size_t first = windows.Add(1000);
      const size_t second = windows.Add(1001);
      Api api = windows.api();
      int calls = 0;
      api.get_per_tcp_connection_estats = [&](auto... arguments) {
        return ++calls == failing ? code
                                  : windows.api().get_per_tcp_connection_estats(arguments...);
      };
      api.set_per_tcp_connection_estats = [&](auto... arguments) {
        return ++calls == failing ? code
                                  : windows.api().set_per_tcp_connection_estats(arguments...);
      };
      const std::string path = folder.Path("estats.journal");
      EstatsLeases leases(api, clock_, path);
      const auto result = leases.Set(Lease(kData | kPath, /*undo=*/true, absl::Seconds(1)));
      for (const size_t connection : {first, second}) {
        EstatsSwitches remembered = 0;
        for (const auto& [identity, switches] : leases.journal().entries()) {
          if (identity.local_port == windows.Get(connection).local_port) remembered = switches;
        }
        EXPECT_EQ(windows.On(connection) & ~remembered, 0u)
            << "code " << code << " of call " << failing;
      }
      clock_.Advance(absl::Minutes(2));
      leases.Tend();
      clock_.Advance(absl::Minutes(2));
      leases.Tend();
      EXPECT_EQ(windows.On(first) | windows.On(second), 0u)
          << "code " << code << " of call " << failing << ": " << result.status();
    }
  }
}

}  // namespace
}  // namespace farstat::sources::windows
