#include "agent/sources/simulated/faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>
#include <type_traits>
#include <vector>

#include "agent/sources/simulated/host.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::simulated {
namespace {

using farstat::testing::ManualClock;
using ::testing::AllOf;
using ::testing::HasSubstr;

Scenario Parse(const std::string& text) {
  Scenario scenario;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &scenario)) << text;
  return scenario;
}

// A table whose every entry succeeds and counts its calls, with the faults of a scenario.
class FaultsTest : public ::testing::Test {
 protected:
  void Build(const std::string& scenario, uint64_t seed = 1) {
    faults_.reset();
    scenario_ = Parse(scenario);
    world_.emplace(scenario_, seed, clock_);
    windows::VisitEntries(api_, [this](absl::string_view, absl::string_view, auto& entry) {
      using Result = typename std::decay_t<decltype(entry)>::result_type;
      entry = [this](auto...) {
        ++calls_;
        return Result();
      };
    });
    faults_.emplace(scenario_, *world_);
    faults_->Apply(api_);
  }
  uint32_t ClearConnection() { return api_.ras_clear_connection_statistics(1); }

  ManualClock clock_;
  Scenario scenario_;
  std::optional<World> world_;
  windows::Api api_;
  std::optional<Faults> faults_;
  std::atomic<int> calls_{0};
};

TEST_F(FaultsTest, NoFaultsChangeNothing) {
  Build("");
  EXPECT_EQ(ClearConnection(), 0u);
  EXPECT_EQ(calls_, 1);
}

TEST_F(FaultsTest, AbsentFunctionsAreNull) {
  Build(R"(absent_functions: "RasGetProjectionInfoEx" absent_functions: "IkeextSaEnum2"
           faults { code: 5 })");
  windows::VisitEntries(api_, [](absl::string_view, absl::string_view name, const auto& entry) {
    EXPECT_EQ(entry == nullptr, name == "RasGetProjectionInfoEx" || name == "IkeextSaEnum2")
        << name;
  });
}

TEST_F(FaultsTest, CodeComesInsteadOfTheCallWithinItsTime) {
  Build(
      R"(faults { function: "RasClearConnectionStatistics" code: 1722 after_s: 10 duration_s: 5 })");
  EXPECT_EQ(ClearConnection(), 0u);
  clock_.Advance(absl::Seconds(10));
  EXPECT_EQ(ClearConnection(), 1722u);
  EXPECT_EQ(api_.ras_clear_link_statistics(1, 1), 0u) << "another function";
  clock_.Advance(absl::Seconds(4.9));
  EXPECT_EQ(ClearConnection(), 1722u);
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(ClearConnection(), 0u);
  EXPECT_EQ(calls_, 3);
}

TEST_F(FaultsTest, EveryFunctionOfWindowsButNoCompositionUnlessNamed) {
  Build("faults { code: 5 }");
  EXPECT_EQ(ClearConnection(), 5u);
  EXPECT_EQ(api_.get_tcp_statistics_ex(nullptr, 2), 5u);
  EXPECT_EQ(api_.create_event(nullptr), 0u);
  Build(R"(faults { function: "create_event" code: 5 })");
  EXPECT_EQ(api_.create_event(nullptr), 5u);
  EXPECT_EQ(ClearConnection(), 0u);
}

TEST_F(FaultsTest, WhatReturnsNothingIsCalledAllTheSame) {
  Build("faults { code: 5 }");
  void* memory = nullptr;
  api_.fwpm_free_memory(&memory);
  EXPECT_EQ(calls_, 1);
}

TEST_F(FaultsTest, ShareOfTheCallsFollowsFromTheSeed) {
  const auto failed = [&](uint64_t seed) {
    Build("faults { code: 5 probability: 0.25 }", seed);
    std::string calls;
    for (int i = 0; i < 2000; ++i) calls += ClearConnection() == 0 ? '.' : 'x';
    return calls;
  };
  const std::string first = failed(1);
  EXPECT_NEAR(static_cast<double>(std::count(first.begin(), first.end(), 'x')), 500, 100);
  EXPECT_EQ(first, failed(1));
  EXPECT_NE(first, failed(2));
}

TEST_F(FaultsTest, DelayTakesRealTimeAndThenTheCallIsMade) {
  Build("faults { delay_ms: 30 }");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(ClearConnection(), 0u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
  EXPECT_EQ(calls_, 1);
}

TEST_F(FaultsTest, HangLastsAsLongAsTheFault) {
  Build(R"(faults { function: "RasClearConnectionStatistics" hang: true duration_s: 60 })");
  std::future<uint32_t> hanging = std::async(std::launch::async, [&] { return ClearConnection(); });
  EXPECT_EQ(api_.ras_clear_link_statistics(1, 1), 0u) << "only that call hangs";
  EXPECT_EQ(hanging.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  clock_.Advance(absl::Seconds(60));
  EXPECT_EQ(hanging.get(), 0u);
  EXPECT_EQ(calls_, 2);
}

TEST_F(FaultsTest, ReleaseEndsWaitingForGood) {
  Build("faults { hang: true code: 1726 } faults { delay_ms: 3600000 }");
  std::vector<std::future<uint32_t>> hanging;
  for (int i = 0; i < 4; ++i) {
    hanging.push_back(std::async(std::launch::async, [&] { return ClearConnection(); }));
  }
  EXPECT_EQ(hanging[0].wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  faults_->Release();
  for (std::future<uint32_t>& call : hanging) EXPECT_EQ(call.get(), 1726u);
  EXPECT_EQ(ClearConnection(), 1726u) << "at once";
}

TEST_F(FaultsTest, EndReleasesTheCallsThatHang) {
  ManualClock clock;
  auto host = std::make_unique<Host>(
      Parse(R"(faults { function: "service_status" hang: true code: 1722 })"), 1, clock);
  std::atomic<bool> entered{false};
  std::future<uint32_t> hanging = std::async(std::launch::async, [&] {
    entered = true;
    windows::ServiceStatus status;
    return host->api().service_status(windows::kRasService, &status);
  });
  while (!entered) std::this_thread::yield();
  EXPECT_EQ(hanging.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  host.reset();
  EXPECT_EQ(hanging.get(), 1722u);
}

TEST(CheckScenarioTest, NamesEveryProblem) {
  EXPECT_TRUE(CheckScenario(Parse(R"(absent_functions: "IkeextSaEnum2"
                             service_outages { service: "RasMan" after_s: 5 }
                             faults { function: "process_name" code: 5 probability: 1 })"))
                  .ok());
  const absl::Status status = CheckScenario(Parse(R"(
      absent_functions: "RasHangOn"
      service_outages { service: "Rasman" every_s: -1 }
      faults { after_s: -1 duration_s: -2 delay_ms: -3 }
      faults { function: "GetTcpTable" probability: 2 })"));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("absent_functions"), HasSubstr("\"RasHangOn\""),
                    HasSubstr("service_outages[0].service: \"Rasman\" is not one of RasMan, BFE"),
                    HasSubstr("a time is negative"), HasSubstr("faults[0].after_s: -1"),
                    HasSubstr("faults[0].duration_s"), HasSubstr("faults[0].delay_ms"),
                    HasSubstr("\"GetTcpTable\""), HasSubstr("faults[1].probability: 2")));
}

}  // namespace
}  // namespace farstat::sources::simulated
