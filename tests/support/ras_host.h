// A simulated Windows that has RAS and nothing else, with a clock that tests move, and a collector
// that looks at it.

#ifndef FARSTAT_TESTS_SUPPORT_RAS_HOST_H_
#define FARSTAT_TESTS_SUPPORT_RAS_HOST_H_

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/sources/simulated/ras_model.h"
#include "agent/sources/simulated/scenario.pb.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/ras_source.h"
#include "tests/support/manual_clock.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources {

// A scenario in text format; `ras { … }` and whatever else the test needs.
inline simulated::Scenario ParseScenario(const std::string& text) {
  simulated::Scenario scenario;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &scenario)) << text;
  EXPECT_EQ(simulated::CheckRasScenario(scenario.ras()), absl::OkStatus());
  return scenario;
}

// Counts the calls of every entry, by exported name.
class CallCounts {
 public:
  // From now on. `api` must not outlive this.
  void Count(windows::Api& api) {
    windows::VisitEntries(api, [this](absl::string_view, absl::string_view name, auto& entry) {
      if (entry) Wrap(std::string(name), entry);
    });
  }
  int operator[](const std::string& name) const {
    const auto found = counts_.find(name);
    return found == counts_.end() ? 0 : found->second;
  }
  // Of RAS alone.
  int ras() const {
    int sum = 0;
    for (const auto& [name, count] : counts_) sum += name.compare(0, 3, "Ras") == 0 ? count : 0;
    return sum;
  }
  void Clear() { counts_.clear(); }

 private:
  template <typename Result, typename... Args>
  void Wrap(const std::string& name, std::function<Result(Args...)>& entry) {
    entry = [this, name, call = std::move(entry)](Args... args) {
      ++counts_[name];
      return call(args...);
    };
  }

  std::map<std::string, int> counts_;
};

class RasHost {
 public:
  explicit RasHost(const std::string& scenario, uint64_t seed = 1)
      : scenario_(ParseScenario(scenario)),
        world_(scenario_, seed, clock_),
        model_(scenario_.ras(), world_) {
    world_.Fill(api_);
    model_.Fill(api_);
  }

  testing::ManualClock& clock() { return clock_; }
  simulated::World& world() { return world_; }
  simulated::RasModel& model() { return model_; }
  // Tests take entries away or put their own in their place, before anything is collected.
  windows::Api& api() { return api_; }
  windows::RasSource& source() { return source_; }

  CollectedRasRows Collect(PartMask parts = kAllRasParts) {
    CollectedRasRows rows;
    outcome_ = source_.Collect(parts, rows);
    return rows;
  }
  // The outcome of the newest collection.
  const Outcome& outcome() const { return outcome_; }

 private:
  testing::ManualClock clock_;
  const simulated::Scenario scenario_;
  simulated::World world_;
  simulated::RasModel model_;
  windows::Api api_;
  windows::RasSource source_{api_, clock_};
  Outcome outcome_;
};

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_RAS_HOST_H_
