// A simulated host that has nothing but a filter engine, its scenario given as text, and a clock
// that the test moves.

#ifndef FARSTAT_TESTS_SUPPORT_SIMULATED_FILTER_ENGINE_H_
#define FARSTAT_TESTS_SUPPORT_SIMULATED_FILTER_ENGINE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "agent/sources/simulated/filter_engine_model.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/win32_status.h"
#include "google/protobuf/text_format.h"
#include "tests/support/manual_clock.h"

namespace farstat::testing {

inline sources::simulated::Scenario ParseScenario(const std::string& text) {
  sources::simulated::Scenario scenario;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &scenario)) << text;
  return scenario;
}

struct SimulatedFilterEngine {
  // The text is that of a Scenario.
  explicit SimulatedFilterEngine(const std::string& text, uint64_t seed = 1)
      : scenario(ParseScenario(text)),
        world(scenario, seed, clock),
        model(scenario.filter_engine(), world) {
    model.Fill(api);
  }

  // 0: it did not open.
  sources::windows::Handle Open() {
    sources::windows::Handle engine = 0;
    api.fwpm_engine_open(nullptr, sources::windows::kRpcAuthenticationWindows, nullptr, nullptr,
                         &engine);
    return engine;
  }
  sources::windows::IpsecStatistics1 Ipsec() {
    const sources::windows::Handle engine = Open();
    sources::windows::IpsecStatistics1 statistics = {};
    EXPECT_EQ(api.ipsec_get_statistics1(engine, &statistics), 0u);
    api.fwpm_engine_close(engine);
    return statistics;
  }
  sources::windows::IkeStatistics1 Ike() {
    const sources::windows::Handle engine = Open();
    sources::windows::IkeStatistics1 statistics = {};
    EXPECT_EQ(api.ikeext_get_statistics1(engine, &statistics), 0u);
    api.fwpm_engine_close(engine);
    return statistics;
  }

  ManualClock clock;
  const sources::simulated::Scenario scenario;
  sources::simulated::World world;
  sources::simulated::FilterEngineModel model;
  sources::windows::Api api;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_SIMULATED_FILTER_ENGINE_H_
