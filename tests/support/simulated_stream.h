// A subscription without gRPC, for the model test: what agent/rpc/stream.cc does with a feed, and a
// client that applies its frames and holds them against an oracle.

#ifndef FARSTAT_TESTS_SUPPORT_SIMULATED_STREAM_H_
#define FARSTAT_TESTS_SUPPORT_SIMULATED_STREAM_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "agent/feed/feed.h"
#include "agent/feed/table.h"
#include "tests/support/feed_oracle.h"

namespace farstat::testing {

// What a stream and its client are for.
struct StreamQuery {
  feed::Selection selection;
  absl::Duration interval;
  size_t max_bytes = 1 << 20;
};

// Where a client can go on, and in the life of which feed.
struct ResumePosition {
  uint64_t feed = 0;
  feed::Tick tick = 0;
  absl::Time time;
};

// One write, with what it should lead to.
struct SimulatedFrame {
  feed::Batch batch;
  uint64_t skipped_ticks = 0;
  // Given whenever a pass ends: streams of several families do so.
  std::optional<ResumePosition> position;
  // The newest table when the frame was made, and the tick that the client held.
  PublishedTablePtr table;
  feed::Tick since = 0;
  bool full = false;
  // Number of the pass.
  uint64_t pass = 0;
  // The pass took so long that removals since it began have been forgotten: a key may have come
  // back in another place.
  bool outlived_removals = false;
};

// Applies frames. Outlives its streams.
class SimulatedClient {
 public:
  explicit SimulatedClient(StreamQuery query) : query_(std::move(query)) {}

  void Connected() {
    pass_ = 0;
    in_full_set_ = false;
  }

  void Apply(const SimulatedFrame& frame, const FeedOracle& oracle) {
    const feed::Batch& batch = frame.batch;
    // That a pass ended is not always worth a frame.
    if (std::exchange(pass_, frame.pass) != frame.pass) in_pass_.clear();
    if (batch.begins_full_set) {
      in_full_set_ = true;
      rows_in_full_set_ = 0;
    }
    EXPECT_EQ(in_full_set_, frame.full);
    ApplyFields(frame, oracle);
    if (batch.ends_full_set) EndFullSet(batch);
    if (frame.position.has_value()) position = frame.position;
    skipped_ticks += frame.skipped_ticks;
    if (batch.complete) ExpectHolds(*frame.table);
  }

  void ExpectHolds(const PublishedTable& table) const {
    EXPECT_EQ(held_, Selected(table.rows, query_.selection)) << "at tick " << table.tick;
  }

  const StreamQuery& query() const { return query_; }
  const HeldRows& held() const { return held_; }

  std::optional<ResumePosition> position;
  uint64_t skipped_ticks = 0;

 private:
  void ApplyFields(const SimulatedFrame& frame, const FeedOracle& oracle) {
    ForEachField(*frame.batch.bytes, [&](size_t field, const std::string& payload) {
      if (field == kModelRemovedField) {
        ApplyRemoval(payload, frame, oracle);
      } else {
        EXPECT_TRUE(field == kModelRowsField || field == kModelTotalsField) << field;
        ApplyRow(KeyIn(field, payload), payload, frame, oracle);
      }
    });
  }

  void ApplyRow(const std::string& key, const std::string& payload, const SimulatedFrame& frame,
                const FeedOracle& oracle) {
    const bool is_new = in_pass_.insert(key).second;
    EXPECT_TRUE(is_new || (in_full_set_ && frame.outlived_removals))
        << "twice in a pass: row " << key;
    if (in_full_set_) {
      if (!key.empty()) ++rows_in_full_set_;
    } else {
      EXPECT_TRUE(oracle.HasNews(key, query_.selection, frame.since)) << "needless row " << key;
    }
    held_[key] = payload;
  }

  void ApplyRemoval(const std::string& key, const SimulatedFrame& frame, const FeedOracle& oracle) {
    EXPECT_TRUE(in_pass_.insert(key).second) << "twice in a pass: removal of " << key;
    EXPECT_FALSE(in_full_set_) << "removal of " << key << " in a full set";
    EXPECT_TRUE(oracle.HasNews(key, query_.selection, frame.since)) << "needless removal " << key;
    held_.erase(key);
  }

  void EndFullSet(const feed::Batch& batch) {
    EXPECT_EQ(batch.full_set_rows, rows_in_full_set_);
    for (auto row = held_.begin(); row != held_.end();) {
      row = in_pass_.count(row->first) != 0 ? std::next(row) : held_.erase(row);
    }
    in_full_set_ = false;
  }

  const StreamQuery query_;
  HeldRows held_;
  // The pass of the newest frame, and the keys that came in it.
  uint64_t pass_ = 0;
  std::set<std::string> in_pass_;
  bool in_full_set_ = false;
  uint64_t rows_in_full_set_ = 0;
};

// The agent's side of a connection: a cursor, and at most one frame that the client has not read.
class SimulatedStream {
 public:
  struct Observer {
    std::function<void()> on_tick;
    std::function<void(const feed::Cursor& before, const feed::Batch&)> on_read;
  };

  // `feed_number` tells the lives of an agent apart.
  SimulatedStream(feed::Feed& feed, const FeedOracle& oracle, uint64_t feed_number,
                  SimulatedClient& client, Observer observer)
      : table_(feed.table()),
        oracle_(oracle),
        feed_number_(feed_number),
        query_(client.query()),
        client_(client),
        observer_(std::move(observer)) {
    client_.Connected();
    if (client_.position.has_value()) Resume(*client_.position);
    audience_ = table_.Join(query_.selection);
    subscription_ = feed.Subscribe({query_.selection.parts, query_.selection.filter},
                                   query_.interval, [this] { OnTick(); });
  }

  // Makes the next frame, if the last one was read and there is something to say.
  void Pump() {
    while (due_ && !outstanding_.has_value() && !::testing::Test::HasFailure()) MakeFrame();
  }
  // The client reads a frame. False: there is none.
  bool Deliver() {
    if (!outstanding_.has_value()) return false;
    client_.Apply(*std::exchange(outstanding_, std::nullopt), oracle_);
    Pump();
    return true;
  }
  void ExpectAccountsAddUp() const {
    EXPECT_EQ(served_ticks_ + (due_ ? 1 : 0) + skipped_ticks(), ticks_);
    const uint64_t unread = outstanding_.has_value() ? outstanding_->skipped_ticks : 0;
    EXPECT_EQ(client_.skipped_ticks - client_skipped_before_ + unread, skipped_sent_);
  }

  const StreamQuery& query() const { return query_; }
  const feed::AudiencePtr& audience() const { return audience_; }
  bool resumed() const { return resumed_; }
  bool idle() const { return !due_ && !outstanding_.has_value(); }

  uint64_t skipped_ticks() const { return skipped_sent_ + skipped_ticks_; }

 private:
  void Resume(const ResumePosition& position) {
    const bool same_feed = position.feed == feed_number_;
    resumed_ = same_feed && table_.CanResume(position.tick);
    if (resumed_) {
      EXPECT_FALSE(oracle_.horizon.MustForget(position.tick));
      cursor_.complete = position.tick;
      cursor_.complete_time = position.time;
      return;
    }
    EXPECT_TRUE(!same_feed || oracle_.horizon.MayForget(position.tick)) << "refused for nothing";
  }

  void OnTick() {
    ++ticks_;
    observer_.on_tick();
    if (due_) ++skipped_ticks_;
    due_ = true;
  }

  void MakeFrame() {
    const feed::Cursor before = cursor_;
    SimulatedFrame frame;
    frame.batch = table_.Read(audience_, query_.max_bytes, cursor_);
    const feed::Batch& batch = frame.batch;
    const bool nothing_there = batch.info.tick == 0 || batch.info.released;
    if (batch.complete || nothing_there) {
      due_ = false;
      ++served_ticks_;
    }
    if (nothing_there) return;
    if (before.target == 0 || batch.begins_full_set) ++passes_;
    Check(before, batch);
    observer_.on_read(before, batch);
    const bool full = before.full || batch.begins_full_set;
    const bool completes = batch.complete && incomplete_;
    if (batch.bytes->empty() && !batch.begins_full_set && !batch.ends_full_set && !completes) {
      if (batch.complete) client_.ExpectHolds(oracle_.newest());
      return;
    }
    incomplete_ = !batch.complete;
    frame.full = full;
    frame.pass = passes_;
    frame.since = before.complete;
    frame.table = oracle_.newest_ptr();
    frame.outlived_removals =
        oracle_.horizon.MayForget(batch.pass_ended ? cursor_.complete : cursor_.target);
    frame.skipped_ticks = std::exchange(skipped_ticks_, 0);
    skipped_sent_ += frame.skipped_ticks;
    if (batch.pass_ended) {
      frame.position = ResumePosition{feed_number_, cursor_.complete, cursor_.complete_time};
    }
    outstanding_ = std::move(frame);
  }

  void Check(const feed::Cursor& before, const feed::Batch& batch) {
    EXPECT_EQ(batch.info.tick, oracle_.newest().tick);
    EXPECT_EQ(batch.complete, batch.pass_ended && cursor_.complete == batch.info.tick);
    if (batch.begins_full_set) {
      EXPECT_EQ(batch.resync, before.complete != 0);
      EXPECT_TRUE(!batch.resync || oracle_.horizon.MayForget(before.complete)) << "needless resync";
    } else if (!before.full) {
      EXPECT_NE(before.complete, 0u) << "changes without a full set before";
      EXPECT_FALSE(oracle_.horizon.MustForget(before.complete)) << "removals were forgotten";
    }
    if (cursor_.target != 0 && before.target != 0 && !batch.begins_full_set) {
      EXPECT_GT(cursor_.next_slot, before.next_slot) << "no progress";
    }
  }

  const feed::Table& table_;
  const FeedOracle& oracle_;
  const uint64_t feed_number_;
  const StreamQuery& query_;
  SimulatedClient& client_;
  const Observer observer_;
  const uint64_t client_skipped_before_ = client_.skipped_ticks;

  feed::AudiencePtr audience_;
  feed::Cursor cursor_;
  bool due_ = false;
  uint64_t ticks_ = 0;
  bool incomplete_ = false;
  bool resumed_ = false;
  uint64_t passes_ = 0;
  uint64_t served_ticks_ = 0;
  uint64_t skipped_ticks_ = 0;
  uint64_t skipped_sent_ = 0;
  std::optional<SimulatedFrame> outstanding_;
  // Last: no tick comes after it.
  std::unique_ptr<feed::Feed::Subscription> subscription_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_SIMULATED_STREAM_H_
