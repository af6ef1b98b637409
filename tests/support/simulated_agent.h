// An agent of one family for the model test: a source that works, fails or hangs as it is told, the
// feed that collects from it, and the oracle that says what the feed should hold.

#ifndef FARSTAT_TESTS_SUPPORT_SIMULATED_AGENT_H_
#define FARSTAT_TESTS_SUPPORT_SIMULATED_AGENT_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/feed/feed.h"
#include "common/clock.h"
#include "tests/support/feed_oracle.h"

namespace farstat::testing {

class SimulatedAgent {
 public:
  // How collections go.
  enum class Outcome { kOk, kFails, kPartial, kTotalsOnly };

  SimulatedAgent(const feed::Feed::Options& options, const Clock& clock, uint64_t seed)
      : clock_(clock), options_(options), random_(seed) {
    options_.run_thread = false;
    options_.run_collection = [this](std::function<void()> work) { Begin(std::move(work)); };
    Start();
  }

  // A new life, in which nothing is known of the one before. Streams must have ended.
  void Restart() {
    Stop();
    Start();
  }
  // The same, without a new life.
  void Stop() {
    feed_->Stop(absl::ZeroDuration());
    feed_.reset();
    // A call that hangs is left to itself, and may return in the next life.
    if (on_its_way_ != nullptr) abandoned_ = std::exchange(on_its_way_, nullptr);
  }

  // What the source would find now.
  ModelRows& world() { return world_; }
  void SetOutcome(Outcome outcome) { outcome_ = outcome; }
  void SetHangs(bool hangs) { hangs_ = hangs; }
  bool hangs() const { return hangs_; }
  // Calls that hang return.
  void Return() {
    if (on_its_way_ != nullptr) std::exchange(on_its_way_, nullptr)();
    if (abandoned_ != nullptr) std::exchange(abandoned_, nullptr)();
  }

  void RunDue() {
    feed_->RunDue();
    TakeOver();
  }

  feed::Feed& feed() { return *feed_; }
  const FeedOracle& oracle() const { return *oracle_; }
  // Number of this life.
  uint64_t life() const { return life_; }
  bool is_collecting() const { return on_its_way_ != nullptr; }
  // A collection of this life took any time at all.
  bool has_hung() const { return has_hung_; }

 private:
  // What a collection brought.
  struct Collection {
    feed::Tick tick = 0;
    absl::Time time;
    ModelRows rows;
    bool rows_listed = true;
  };

  void Start() {
    ++life_;
    newest_.reset();
    begun_ = 0;
    has_hung_ = false;
    oracle_ = std::make_unique<FeedOracle>(options_.table);
    feed_ = std::make_unique<feed::Feed>(
        [this, life = life_](const feed::Demands& demands,
                             absl::FunctionRef<void(const feed::RowInput&)> put) {
          return Collect(life, demands, put);
        },
        clock_, options_);
  }

  void Begin(std::function<void()> work) {
    ++begun_;
    begun_at_ = clock_.Wall();
    if (hangs_) {
      has_hung_ = true;
      on_its_way_ = std::move(work);
    } else {
      work();
    }
  }

  feed::Collected Collect(uint64_t life, const feed::Demands& demands,
                          absl::FunctionRef<void(const feed::RowInput&)> put) {
    feed::Collected collected;
    if (life != life_) {
      PutModelRow("Z", ModelRow(), put);
      return collected;
    }
    // One that ended late may have been published just now.
    TakeOver();
    collected.rows_listed = outcome_ != Outcome::kTotalsOnly;
    newest_ = Collection{begun_, begun_at_, {}, collected.rows_listed};
    for (const auto& [key, row] : world_) {
      if (!collected.rows_listed && !key.empty()) continue;
      ModelRow found = row;
      if (!key.empty()) found.parts = 1 | demands.PartsOf(row.Facts());
      // Now and then a table changes while it is read, and has a row twice.
      found.was_twice = random_() % 20 == 0;
      if (found.was_twice) PutModelRow(key, ModelRow{'b', 'x', 1}, put);
      PutModelRow(key, found, put);
      newest_->rows[key] = found;
    }
    if (outcome_ == Outcome::kFails) collected.status = absl::UnavailableError("stopped");
    if (outcome_ == Outcome::kPartial) collected.partial = absl::PermissionDeniedError("no paths");
    return collected;
  }

  // Tells the oracle what the feed has published since.
  void TakeOver() {
    const feed::TickInfo info = feed_->table().info();
    if (newest_.has_value() && newest_->tick == info.tick) {
      EXPECT_EQ(info.start_time, newest_->time);
      const size_t row_count = newest_->rows.size();
      oracle_->Publish(info.tick, newest_->time, std::move(newest_->rows), newest_->rows_listed);
      newest_.reset();
      // Rows that nobody wants any more may be released at once.
      EXPECT_EQ(info.row_count, info.released ? 0 : row_count);
      EXPECT_EQ(feed_->table().row_bytes(), info.released ? 0 : oracle_->row_bytes());
    }
    EXPECT_EQ(info.tick, oracle_->newest().tick);
    if (info.released && !oracle_->released()) oracle_->Release();
  }

  const Clock& clock_;
  feed::Feed::Options options_;
  std::mt19937_64 random_;

  ModelRows world_ = {{"", ModelRow()}};
  Outcome outcome_ = Outcome::kOk;
  bool hangs_ = false;
  bool has_hung_ = false;
  // The call that hangs, and one of an earlier life.
  std::function<void()> on_its_way_;
  std::function<void()> abandoned_;
  // Collections begun in this life, when the newest one was, and what it brought if that has not
  // been published.
  feed::Tick begun_ = 0;
  absl::Time begun_at_;
  std::optional<Collection> newest_;

  uint64_t life_ = 0;
  std::unique_ptr<FeedOracle> oracle_;
  std::unique_ptr<feed::Feed> feed_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_SIMULATED_AGENT_H_
