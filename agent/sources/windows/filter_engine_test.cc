#include "agent/sources/windows/filter_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/filter_engine_fake.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::windows {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint32_t kServerUnavailable = 1722;
constexpr uint32_t kCallFailed = 1726;
constexpr uint32_t kNotRegistered = 1753;
constexpr uint32_t kCannotSupport = 1764;
constexpr uint32_t kSessionAborted = 0x80320010;
constexpr uint32_t kFwpTimeout = 0x80320012;
// With these the session is gone.
constexpr uint32_t kLostCodes[] = {kErrorInvalidHandle, 1702,           kServerUnavailable,
                                   kCallFailed,         1727,           kNotRegistered,
                                   0x80070006,          kSessionAborted};

class FilterEngineTest : public ::testing::Test {
 protected:
  absl::Status Call() {
    IpsecStatistics1 statistics = {};
    return engine_.Call("IPsecGetStatistics1", fake_.api.ipsec_get_statistics1, &statistics);
  }
  Enumeration<IpsecSaContext> Contexts() const {
    return {"IPsecSaContextCreateEnumHandle0",
            fake_.api.ipsec_sa_context_create_enum_handle,
            "IPsecSaContextEnum1",
            fake_.api.ipsec_sa_context_enum1,
            "IPsecSaContextDestroyEnumHandle0",
            fake_.api.ipsec_sa_context_destroy_enum_handle};
  }
  void FillContexts(size_t count) {
    fake_.contexts.clear();
    for (size_t i = 0; i < count; ++i) fake_.contexts.push_back({i + 1, nullptr, nullptr});
  }
  // The ids in the order of visits.
  std::vector<uint64_t> Enumerate() {
    std::vector<uint64_t> ids;
    status_ = engine_.Enumerate(
        Contexts(), [&](const IpsecSaContext& context) { ids.push_back(context.sa_context_id); });
    return ids;
  }
  void ExpectNothingHeld() {
    EXPECT_EQ(fake_.enumerations(), 0u);
    EXPECT_EQ(fake_.arrays(), 0u);
  }
  int Opens() { return fake_.Count("FwpmEngineOpen0"); }

  farstat::testing::FakeFilterEngine fake_;
  farstat::testing::ManualClock clock_;
  FilterEngine engine_{fake_.api, clock_};
  absl::Status status_;
};

// --- The session ---

TEST_F(FilterEngineTest, OpensOnceWhenTheFirstCallNeedsIt) {
  EXPECT_THAT(fake_.calls(), IsEmpty());
  EXPECT_TRUE(Call().ok());
  EXPECT_TRUE(Call().ok());
  EXPECT_THAT(fake_.calls(),
              ElementsAre("FwpmEngineOpen0", "IPsecGetStatistics1", "IPsecGetStatistics1"));
  EXPECT_EQ(engine_.native_calls(), 3u);
}

TEST_F(FilterEngineTest, ClosesAtItsEnd) {
  {
    FilterEngine engine(fake_.api, clock_);
    EXPECT_TRUE(engine.Open().ok());
    EXPECT_EQ(fake_.sessions(), 1u);
  }
  EXPECT_EQ(fake_.sessions(), 0u);
}

TEST_F(FilterEngineTest, AnAbsentFunctionOpensNothing) {
  fake_.api.ipsec_get_statistics1 = nullptr;
  EXPECT_EQ(ErrorInfoOf(Call()).reason(), kNotSupportedHere);
  EXPECT_THAT(fake_.calls(), IsEmpty());
}

TEST_F(FilterEngineTest, OpensNothingThatItCouldNotGiveBack) {
  for (auto take_out : {+[](Api& api) { api.fwpm_engine_close = nullptr; },
                        +[](Api& api) { api.fwpm_free_memory = nullptr; },
                        +[](Api& api) { api.fwpm_engine_open = nullptr; }}) {
    farstat::testing::FakeFilterEngine fake;
    take_out(fake.api);
    FilterEngine engine(fake.api, clock_);
    EXPECT_EQ(ErrorInfoOf(engine.Open()).reason(), kNotSupportedHere);
    EXPECT_THAT(fake.calls(), IsEmpty());
  }
}

// Wine refuses the session, and calling its other functions would end the process.
// Pitfall 35.
TEST_F(FilterEngineTest, CallsNothingElseUnlessOpened) {
  fake_.Refuse("FwpmEngineOpen0", kCannotSupport);
  EXPECT_EQ(ErrorInfoOf(Call()).reason(), kNotSupportedHere);
  Enumerate();
  EXPECT_EQ(ErrorInfoOf(status_).reason(), kNotSupportedHere);
  EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0"));
}

TEST_F(FilterEngineTest, ASuccessWithoutAHandleIsNone) {
  fake_.api.fwpm_engine_open = [](const char16_t*, uint32_t, void*, const FwpmSession*, Handle*) {
    return kSuccess;
  };
  EXPECT_FALSE(Call().ok());
  EXPECT_FALSE(engine_.is_open());
  EXPECT_THAT(fake_.calls(), IsEmpty());
}

// --- The service goes away ---

// Pitfall 24.
TEST_F(FilterEngineTest, AStoppedServiceIsAskedForAgainEverMoreRarely) {
  fake_.Stop(kNotRegistered);
  absl::Status status = Call();
  EXPECT_EQ(ErrorInfoOf(status).reason(), kSourceStopped);
  EXPECT_EQ(Win32CodeOf(status), kNotRegistered);
  // Seconds from each failure to the next opening.
  for (const int wait : {1, 2, 4, 8, 16, 30, 30, 30}) {
    const int opens = Opens();
    clock_.Advance(absl::Seconds(wait) - absl::Milliseconds(1));
    EXPECT_EQ(Call(), status) << "the last failure, as long as nothing newer is known";
    EXPECT_EQ(Opens(), opens) << "after less than " << wait << " s";
    clock_.Advance(absl::Milliseconds(1));
    EXPECT_EQ(Call(), status);
    EXPECT_EQ(Opens(), opens + 1) << "after " << wait << " s";
  }
  EXPECT_EQ(fake_.Count("IPsecGetStatistics1"), 0);
  // It is back, and the next failure is a first one again.
  fake_.Start();
  clock_.Advance(absl::Seconds(30));
  EXPECT_TRUE(Call().ok());
  fake_.Stop(kServerUnavailable);
  EXPECT_FALSE(Call().ok());
  const int opens = Opens();
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(Call().ok());
  EXPECT_EQ(Opens(), opens + 1);
}

// The service restarted while nobody asked: whoever asks once is answered.
// Pitfall 24.
TEST_F(FilterEngineTest, ASessionThatWorkedIsOpenedAgainAtOnce) {
  FillContexts(FilterEngine::kPageSize + 5);
  for (const uint32_t code : kLostCodes) {
    SCOPED_TRACE(code);
    EXPECT_TRUE(Call().ok());
    fake_.ForgetCalls();
    fake_.Script("IPsecGetStatistics1", {code});
    EXPECT_TRUE(Call().ok());
    EXPECT_THAT(fake_.calls(), ElementsAre("IPsecGetStatistics1", "FwpmEngineClose0",
                                           "FwpmEngineOpen0", "IPsecGetStatistics1"));
    for (const char* call : {"IPsecSaContextCreateEnumHandle0", "IPsecSaContextEnum1"}) {
      fake_.Script(call, {code});
      EXPECT_EQ(Enumerate().size(), FilterEngine::kPageSize + 5) << call;
      EXPECT_TRUE(status_.ok()) << call;
      ExpectNothingHeld();
    }
    EXPECT_EQ(fake_.sessions(), 1u) << "a lost session is closed, too";
  }
}

// Pitfall 24.
TEST_F(FilterEngineTest, ACallIsRepeatedOnlyOnce) {
  for (const uint32_t code : kLostCodes) {
    SCOPED_TRACE(code);
    EXPECT_TRUE(Call().ok());
    fake_.ForgetCalls();
    fake_.Script("IPsecGetStatistics1", {code, code});
    const absl::Status lost = Call();
    EXPECT_EQ(Win32CodeOf(lost), code);
    EXPECT_EQ(fake_.Count("IPsecGetStatistics1"), 2);
    EXPECT_FALSE(engine_.is_open());
    EXPECT_EQ(fake_.sessions(), 0u);
    fake_.ForgetCalls();
    EXPECT_EQ(Call(), lost);
    EXPECT_THAT(fake_.calls(), IsEmpty()) << "not at once";
    clock_.Advance(FilterEngine::kShortestWait);
    EXPECT_TRUE(Call().ok());
    EXPECT_THAT(fake_.calls(), ElementsAre("FwpmEngineOpen0", "IPsecGetStatistics1"));
  }
}

// Pitfall 24.
TEST_F(FilterEngineTest, AServiceThatIsGoneIsAskedForOnce) {
  EXPECT_TRUE(Call().ok());
  fake_.Stop(kNotRegistered);
  fake_.ForgetCalls();
  const absl::Status status = Call();
  EXPECT_EQ(ErrorInfoOf(status).metadata().at("api"), "FwpmEngineOpen0");
  EXPECT_THAT(fake_.calls(),
              ElementsAre("IPsecGetStatistics1", "FwpmEngineClose0", "FwpmEngineOpen0"));
  EXPECT_EQ(Call(), status);
  EXPECT_EQ(Opens(), 1) << "then it waits";
}

// Objects that were visited would be visited twice.
TEST_F(FilterEngineTest, AListThatBreaksOffIsNotRepeated) {
  FillContexts(2 * FilterEngine::kPageSize);
  EXPECT_TRUE(Call().ok());
  fake_.Script("IPsecSaContextEnum1", {kSuccess, kCallFailed});
  EXPECT_EQ(Enumerate().size(), size_t{FilterEngine::kPageSize});
  EXPECT_EQ(Win32CodeOf(status_), kCallFailed);
  EXPECT_FALSE(engine_.is_open());
}

// A service that accepts sessions and fails every call is not asked ever faster.
TEST_F(FilterEngineTest, OnlyACallThatSucceedsEndsTheWaits) {
  fake_.Refuse("IPsecGetStatistics1", kCallFailed);
  EXPECT_FALSE(Call().ok());
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(Call().ok());
  EXPECT_EQ(Opens(), 2);
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(Call().ok());
  EXPECT_EQ(Opens(), 2) << "two seconds by now";
}

// Pitfall 25. Pitfall 26. Pitfall 27.
TEST_F(FilterEngineTest, RefusedCallsKeepTheSession) {
  for (const uint32_t code : {kErrorAccessDenied, kFwpTimeout, uint32_t{0x8032000E}}) {
    fake_.Refuse("IPsecGetStatistics1", code);
    EXPECT_EQ(Win32CodeOf(Call()), code);
    EXPECT_TRUE(engine_.is_open());
  }
  fake_.Refuse("IPsecGetStatistics1", kSuccess);
  EXPECT_TRUE(Call().ok());
  EXPECT_EQ(Opens(), 1);
}

// --- Enumerations ---

TEST_F(FilterEngineTest, PagesThroughEveryObject) {
  constexpr size_t kPage = FilterEngine::kPageSize;
  for (const size_t count : {size_t{0}, size_t{1}, kPage - 1, kPage, kPage + 1, 3 * kPage}) {
    SCOPED_TRACE(count);
    FillContexts(count);
    fake_.ForgetCalls();
    const std::vector<uint64_t> ids = Enumerate();
    EXPECT_TRUE(status_.ok());
    ASSERT_EQ(ids.size(), count);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(ids[i], i + 1);
    // A page that is not full is the last one; a full one may be.
    EXPECT_EQ(fake_.Count("IPsecSaContextEnum1"), static_cast<int>(count / kPage) + 1);
    EXPECT_EQ(fake_.Count("IPsecSaContextDestroyEnumHandle0"), 1);
    ExpectNothingHeld();
  }
}

// Pitfall 30.
TEST_F(FilterEngineTest, GivesEveryPageBackAsAWholeBeforeTheNext) {
  FillContexts(2 * FilterEngine::kPageSize);
  size_t most = 0;
  fake_.during["IPsecSaContextEnum1"] = [&] { EXPECT_EQ(fake_.arrays(), 0u); };
  status_ = engine_.Enumerate(
      Contexts(), [&](const IpsecSaContext&) { most = std::max(most, fake_.arrays()); });
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(most, 1u);
  EXPECT_EQ(fake_.Count("FwpmFreeMemory0"), 3) << "once for each array";
}

TEST_F(FilterEngineTest, ShowsWhatWasThereWhenItBegan) {
  FillContexts(FilterEngine::kPageSize + 5);
  // Half of them vanish, and others come, between the pages.
  fake_.during["IPsecSaContextEnum1"] = [&] { FillContexts(3); };
  EXPECT_EQ(Enumerate().size(), FilterEngine::kPageSize + 5);
  EXPECT_EQ(Enumerate().size(), 3u);
}

// Pitfall 30.
TEST_F(FilterEngineTest, DestroysAndFreesWhereverItFails) {
  FillContexts(3 * FilterEngine::kPageSize);
  for (const uint32_t code : {kErrorAccessDenied, kCallFailed, kFwpTimeout}) {
    for (int good_pages = 0; good_pages < 3; ++good_pages) {
      SCOPED_TRACE(good_pages);
      std::deque<uint32_t> codes(static_cast<size_t>(good_pages), kSuccess);
      codes.push_back(code);
      // Nothing was visited: the enumeration is begun once more.
      if (code == kCallFailed && good_pages == 0) codes.push_back(code);
      fake_.Script("IPsecSaContextEnum1", codes);
      fake_.ForgetCalls();
      EXPECT_EQ(Enumerate().size(), good_pages * size_t{FilterEngine::kPageSize});
      EXPECT_EQ(Win32CodeOf(status_), code);
      EXPECT_EQ(fake_.Count("IPsecSaContextDestroyEnumHandle0"),
                fake_.Count("IPsecSaContextCreateEnumHandle0"));
      ExpectNothingHeld();
      EXPECT_EQ(fake_.sessions(), code == kCallFailed ? 0u : 1u);
      clock_.Advance(FilterEngine::kLongestWait);
    }
  }
}

TEST_F(FilterEngineTest, BeginsNoEnumerationThatItCouldNotEnd) {
  for (auto take_out : {+[](Api& api) { api.ipsec_sa_context_create_enum_handle = nullptr; },
                        +[](Api& api) { api.ipsec_sa_context_enum1 = nullptr; },
                        +[](Api& api) { api.ipsec_sa_context_destroy_enum_handle = nullptr; }}) {
    const Api all = fake_.api;
    take_out(fake_.api);
    Enumerate();
    EXPECT_EQ(ErrorInfoOf(status_).reason(), kNotSupportedHere);
    EXPECT_THAT(fake_.calls(), IsEmpty());
    fake_.api = all;
  }
}

TEST_F(FilterEngineTest, AFailedBeginningIsNotDestroyed) {
  fake_.Script("IPsecSaContextCreateEnumHandle0", {kErrorAccessDenied});
  EXPECT_THAT(Enumerate(), IsEmpty());
  EXPECT_EQ(ErrorInfoOf(status_).reason(), kAgentLacksPrivilege);
  EXPECT_EQ(fake_.Count("IPsecSaContextDestroyEnumHandle0"), 0);
}

// More than was asked for is not believed, and objects that are not there are passed over.
TEST_F(FilterEngineTest, ReadsNoFurtherThanItAsked) {
  std::vector<IpsecSaContext> objects(FilterEngine::kPageSize, IpsecSaContext{7, nullptr, nullptr});
  std::vector<IpsecSaContext*> array;
  for (IpsecSaContext& object : objects) array.push_back(&object);
  array[3] = nullptr;
  int pages = 0;
  fake_.api.ipsec_sa_context_enum1 = [&](Handle, Handle, uint32_t wanted, IpsecSaContext*** entries,
                                         uint32_t* returned) {
    *entries = ++pages == 1 ? array.data() : nullptr;
    *returned = 2 * wanted;
    return kSuccess;
  };
  fake_.api.fwpm_free_memory = [](void**) {};
  EXPECT_EQ(Enumerate().size(), FilterEngine::kPageSize - 1);
  EXPECT_EQ(pages, 2);
}

}  // namespace
}  // namespace farstat::sources::windows
