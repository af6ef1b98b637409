// The model test: random schedules of what can happen to a feed and its subscribers, each compared
// with an oracle that is too simple to be wrong (tests/support/feed_oracle.h).
//
// Time is a clock that the schedule moves and there is one thread, so a seed is a schedule. One
// that failed is repeated, with what it does, by FARSTAT_MODEL_SEED=<seed> feed_tests
// --gtest_filter='ModelTest.*'.

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "agent/feed/feed.h"
#include "tests/support/feed_oracle.h"
#include "tests/support/manual_clock.h"
#include "tests/support/simulated_stream.h"

namespace farstat::feed {
namespace {

using farstat::testing::FeedOracle;
using farstat::testing::ForEachField;
using farstat::testing::HeldRows;
using farstat::testing::KeyIn;
using farstat::testing::kModelDataPart;
using farstat::testing::kModelParts;
using farstat::testing::kModelPathPart;
using farstat::testing::ManualClock;
using farstat::testing::ModelRow;
using farstat::testing::ModelRows;
using farstat::testing::PutModelRow;
using farstat::testing::Selected;
using farstat::testing::SimulatedClient;
using farstat::testing::SimulatedStream;
using farstat::testing::StreamQuery;

constexpr absl::Duration kGrid = absl::Milliseconds(100);

const char* SeedToRepeat() { return std::getenv("FARSTAT_MODEL_SEED"); }

// How often things happened in all schedules: what never happens is not tested.
using Tally = std::map<std::string, int>;

// A client and, while it is connected, its stream.
struct Connection {
  explicit Connection(StreamQuery query) : client(std::move(query)) {}

  SimulatedClient client;
  // Reads whatever comes at once.
  bool eager = true;
  bool always_eager = true;
  SteadyTime subscribed;
  SteadyTime newest_tick;
  // Last: its ticks note their time above.
  std::unique_ptr<SimulatedStream> stream;
};

// Somebody who asked for rows once.
struct Caller {
  Demand demand;
  SteadyTime oldest;
  int answers = 0;
};

// What the collection that began last brought.
struct Collection {
  Tick tick = 0;
  absl::Time time;
  ModelRows rows;
  bool rows_listed = true;
};

class Schedule {
 public:
  Schedule(uint64_t seed, Tally& tally) : random_(seed), tally_(tally) {
    options_.run_thread = false;
    options_.phase = absl::Milliseconds(Pick(100));
    options_.idle_release = absl::Milliseconds(300 + Pick(2'000));
    options_.table.tombstone_age = absl::Milliseconds(200 + Pick(4'000));
    options_.table.tombstone_bytes = static_cast<size_t>(Pick(2) == 0 ? Pick(1'500) : 1 << 20);
    if (Pick(4) == 0) options_.table.kept_bytes = static_cast<size_t>(Pick(1'000));
    options_.watch.hung_after = absl::Seconds(1);
    options_.watch.first_quarantine = absl::Seconds(1);
    options_.watch.longest_quarantine = absl::Seconds(2);
    options_.run_collection = [this](std::function<void()> work) { Begin(std::move(work)); };
    Restart();
  }

  void Run() {
    for (int steps = 10 + Pick(40); steps > 0 && !::testing::Test::HasFailure(); --steps) {
      Act();
      if (Pick(15) == 0) Settle();
    }
    if (::testing::Test::HasFailure()) return;
    Settle();
    End();
  }

 private:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  void Note(const std::string& what) {
    ++tally_[what];
    if (SeedToRepeat() != nullptr) {
      std::cout << absl::FormatDuration(clock_.Wall() - start_) << " " << what << "\n";
    }
  }

  // --- What happens -----------------------------------------------------------------------------

  void Act() {
    switch (Pick(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        ChangeWorld();
        return Pass(1 + Pick(6));
      case 4:
      case 5:
        return Pass(1 + Pick(12));
      case 6:
      case 7:
        return Open();
      case 8:
      case 9:
        return Read();
      case 10:
        return Stall();
      case 11:
        return Leave();
      case 12:
        return Reconnect();
      case 13:
        return ChangeSource();
      case 14:
        return Ask();
      default:
        return Rarely();
    }
  }

  void Rarely() {
    switch (Pick(5)) {
      case 0:
        Note("restart");
        return Restart();
      case 1:
        Note("nudge");
        feed_->Nudge();
        return Pass(1);
      case 2:
        Note("everybody leaves");
        for (const auto& connection : connections_) Disconnect(*connection);
        return Pass(25);
      case 3:
        Note("a long time");
        ChangeWorld();
        return Pass(50);
      default:
        return CompareSnapshots();
    }
  }

  void ChangeWorld() {
    for (int i = Pick(8); i > 0; --i) {
      ModelRow& row = world_[std::string(1, static_cast<char>('A' + Pick(20)))];
      if (Pick(3) == 0) row.state = static_cast<char>('a' + Pick(3));
      row.data = Pick(4);
      if (Pick(2) == 0) row.path = Pick(3);
    }
    for (int i = Pick(5); i > 0; --i) {
      world_.erase(std::string(1, static_cast<char>('A' + Pick(20))));
    }
    world_[""].data = Pick(2);
  }

  void ChangeSource() {
    outcome_ = static_cast<Outcome>(Pick(2) == 0 ? 0 : Pick(4));
    if (Pick(2) == 0)
      Note(hangs_ ? "source no longer hangs" : "source hangs");
    else
      return;
    hangs_ = !hangs_;
    if (!hangs_ || Pick(2) == 0) Return();
  }

  StreamQuery RandomQuery() {
    static constexpr size_t kSizes[] = {1, 150, 600, 1 << 20};
    static constexpr int kIntervals[] = {1, 1, 2, 5, 10};
    StreamQuery query;
    query.selection = RandomSelection();
    query.interval = kGrid * kIntervals[Pick(5)];
    query.max_bytes = kSizes[Pick(4)];
    return query;
  }

  Selection RandomSelection() {
    static constexpr PartMask kParts[] = {kModelParts, kModelParts, 1 | 1 << kModelDataPart,
                                          1 | 1 << kModelPathPart, 1};
    Selection selection;
    selection.parts = kParts[Pick(5)];
    selection.totals = Pick(2) == 0;
    selection.rows = Pick(8) != 0;
    const char state = static_cast<char>('a' + Pick(3));
    const int filter = Pick(4);
    // Equal filters are different objects, as in requests.
    if (filter < 2) {
      selection.filter = std::make_shared<const Filter>(
          std::string("only ") + state,
          [state](absl::string_view facts) { return facts[0] == state; });
    } else if (filter == 2) {
      selection.filter = std::make_shared<const Filter>(
          std::string("not ") + state,
          [state](absl::string_view facts) { return facts[0] != state; });
    }
    return selection;
  }

  void Open() {
    if (connections_.size() >= 6) return;
    Note("open");
    // Many watch the same.
    const bool same = !connections_.empty() && Pick(2) == 0;
    connections_.push_back(
        std::make_unique<Connection>(same ? Any().client.query() : RandomQuery()));
    Connect(*connections_.back());
    if (Pick(2) == 0) Pass(1);
  }

  void Connect(Connection& connection) {
    readers_changed_ = true;
    connection.subscribed = connection.newest_tick = clock_.Steady();
    connection.eager = connection.always_eager = Pick(2) == 0;
    connection.stream = std::make_unique<SimulatedStream>(
        *feed_, *oracle_, lives_, connection.client,
        SimulatedStream::Observer{[this, &connection] { OnTick(connection); },
                                  [this, &connection](const Cursor& before, const Batch& batch) {
                                    OnRead(*connection.stream, before, batch);
                                  }});
  }

  void Disconnect(Connection& connection) {
    if (connection.stream == nullptr) return;
    connection.stream->ExpectAccountsAddUp();
    connection.stream.reset();
    readers_changed_ = true;
  }

  Connection& Any() {
    return *connections_[static_cast<size_t>(Pick(static_cast<int>(connections_.size())))];
  }

  void Read() {
    if (connections_.empty()) return;
    Connection& connection = Any();
    for (int frames = 1 + Pick(3); frames > 0 && connection.stream != nullptr; --frames) {
      connection.stream->Deliver();
    }
  }

  void Stall() {
    if (connections_.empty()) return;
    Connection& connection = Any();
    connection.eager = !connection.eager;
    connection.always_eager = false;
    Note(connection.eager ? "reads again" : "stalls");
  }

  void Leave() {
    if (connections_.empty()) return;
    Connection& connection = Any();
    Disconnect(connection);
    const bool returns = Pick(3) != 0;
    Note(returns ? "disconnect" : "cancel");
    if (returns) return;
    for (auto it = connections_.begin(); it != connections_.end(); ++it) {
      if (it->get() != &connection) continue;
      connections_.erase(it);
      return;
    }
  }

  void Reconnect() {
    for (const auto& connection : connections_) {
      if (connection->stream != nullptr || Pick(2) == 0) continue;
      Connect(*connection);
      Note(connection->stream->resumed() ? "resumed" : "begins anew");
    }
  }

  void Ask() {
    Note("ask");
    static constexpr absl::Duration kAges[] = {absl::ZeroDuration(), absl::Milliseconds(300),
                                               absl::Seconds(5)};
    const absl::Duration max_age = kAges[Pick(3)];
    const Selection selection = RandomSelection();
    const SteadyTime now = clock_.Steady();
    auto caller = std::make_shared<Caller>(
        Caller{{selection.parts, selection.filter}, now - absl::ToChronoNanoseconds(max_age)});
    callers_.push_back(caller);
    feed_->Refresh(
        caller->demand, max_age,
        [this, caller](const absl::Status& status) { OnAnswer(*caller, status); },
        Pick(3) == 0 ? now + std::chrono::milliseconds(500) : SteadyTime::max());
  }

  // --- The agent --------------------------------------------------------------------------------

  void Restart() {
    StopFeed();
    // A call that hangs is left to itself, and may return in the next life.
    if (on_its_way_ != nullptr) abandoned_ = std::exchange(on_its_way_, nullptr);
    collection_.reset();
    begun_ = 0;
    has_hung_ = false;
    ++lives_;
    oracle_ = std::make_unique<FeedOracle>(options_.table);
    feed_ = std::make_unique<Feed>(
        [this, life = lives_](const Demands& demands,
                              absl::FunctionRef<void(const RowInput&)> put) {
          return Collect(life, demands, put);
        },
        clock_, options_);
  }

  void StopFeed() {
    for (const auto& connection : connections_) Disconnect(*connection);
    if (feed_ != nullptr) feed_->Stop(absl::ZeroDuration());
    for (const auto& caller : callers_) EXPECT_EQ(caller->answers, 1);
    callers_.clear();
    feed_.reset();
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

  void Return() {
    if (on_its_way_ != nullptr) std::exchange(on_its_way_, nullptr)();
    if (abandoned_ != nullptr) std::exchange(abandoned_, nullptr)();
  }

  Collected Collect(uint64_t life, const Demands& demands,
                    absl::FunctionRef<void(const RowInput&)> put) {
    Collected collected;
    if (life != lives_) {
      PutModelRow("Z", ModelRow(), put);
      return collected;
    }
    Absorb();
    collected.rows_listed = outcome_ != Outcome::kTotalsOnly;
    collection_ = Collection{begun_, begun_at_, {}, collected.rows_listed};
    for (const auto& [key, row] : world_) {
      if (!collected.rows_listed && !key.empty()) continue;
      ModelRow collected_row = row;
      if (!key.empty()) collected_row.parts = 1 | demands.PartsOf(row.Facts());
      // Now and then a table changes while it is read, and has a row twice.
      if (Pick(20) == 0) {
        collected_row.was_twice = true;
        PutModelRow(key, ModelRow{'b', 1}, put);
      }
      PutModelRow(key, collected_row, put);
      collection_->rows[key] = collected_row;
    }
    if (outcome_ == Outcome::kFails) collected.status = absl::UnavailableError("stopped");
    if (outcome_ == Outcome::kPartial) collected.partial = absl::PermissionDeniedError("no paths");
    return collected;
  }

  // --- Time -------------------------------------------------------------------------------------

  void Pass(int steps) {
    for (; steps > 0 && !::testing::Test::HasFailure(); --steps) {
      clock_.Advance(kGrid);
      feed_->RunDue();
      Absorb();
      CheckState();
      for (const auto& connection : connections_) {
        if (connection->stream == nullptr) continue;
        connection->stream->Pump();
        while (connection->eager && connection->stream->Deliver()) {
        }
      }
    }
  }

  // Takes over what the feed has published since.
  void Absorb() {
    const TickInfo info = feed_->table().info();
    if (collection_.has_value() && collection_->tick == info.tick) {
      shared_.clear();
      readers_changed_ = false;
      EXPECT_EQ(info.start_time, collection_->time);
      const size_t row_count = collection_->rows.size();
      oracle_->Publish(info.tick, collection_->time, std::move(collection_->rows),
                       collection_->rows_listed);
      collection_.reset();
      size_t bytes = 0;
      for (const auto& [key, row] : oracle_->newest().rows) bytes += row.EncodedSize(key);
      // Rows that nobody wants any more may be released at once.
      EXPECT_EQ(info.row_count, info.released ? 0 : row_count);
      EXPECT_EQ(feed_->table().row_bytes(), info.released ? 0 : bytes);
    }
    EXPECT_EQ(info.tick, oracle_->newest().tick);
    if (info.released && !oracle_->released()) {
      Note("rows released");
      for (const auto& connection : connections_) EXPECT_EQ(connection->stream, nullptr);
      oracle_->Release();
    }
  }

  // Everything is well for long enough, and whoever is connected reads.
  void Settle() {
    outcome_ = Outcome::kOk;
    hangs_ = false;
    Return();
    for (const auto& connection : connections_) connection->eager = true;
    for (int steps = 0; steps < 40 && feed_->status().state != SourceState::kOk; ++steps) Pass(1);
    // The longest interval.
    Pass(11);
    for (const auto& connection : connections_) {
      if (connection->stream == nullptr) continue;
      EXPECT_TRUE(connection->stream->idle());
      EXPECT_EQ(connection->client.held(), Selected(world_, connection->client.query().selection));
      connection->stream->ExpectAccountsAddUp();
    }
    CompareSnapshots();
    Note("settled");
  }

  void End() {
    StopFeedAfterBytesAreGone();
    Return();
  }

  // --- What must be so --------------------------------------------------------------------------

  void StopFeedAfterBytesAreGone() {
    connections_.clear();
    shared_.clear();
    EXPECT_EQ(feed_->table().batch_bytes(), 0u) << "nobody reads";
    StopFeed();
  }

  void CheckState() {
    const FeedStatus status = feed_->status();
    const bool distrusted =
        status.state == SourceState::kHung || status.state == SourceState::kQuarantined;
    if (distrusted) {
      ++tally_["distrusted"];
      EXPECT_TRUE(status.condition.stale);
    }
    const SteadyTime now = clock_.Steady();
    for (const auto& connection : connections_) {
      if (connection->stream == nullptr) continue;
      // (When a late collection and the next one end in one moment, nobody can.)
      if (!has_hung_ && connection->always_eager) {
        EXPECT_EQ(connection->stream->skipped_ticks(), 0u) << "it reads everything";
      }
      if (on_its_way_ != nullptr && !distrusted) continue;
      EXPECT_LT(absl::FromChrono(now - connection->newest_tick),
                connection->client.query().interval)
          << "a tick is overdue";
    }
  }

  void OnTick(Connection& connection) {
    connection.newest_tick = clock_.Steady();
    const TickInfo info = feed_->table().info();
    if (feed_->table().condition().stale || info.tick == 0) return;
    if (info.steady_start <= connection.subscribed) return;
    const Selection& selection = connection.client.query().selection;
    EXPECT_TRUE(info.demands->Cover({selection.parts, selection.filter}));
  }

  void OnAnswer(Caller& caller, const absl::Status& status) {
    ++caller.answers;
    if (!status.ok() || feed_->table().condition().stale) return;
    const TickInfo info = feed_->table().info();
    EXPECT_TRUE(info.demands->Cover(caller.demand));
    EXPECT_GE(info.steady_start, caller.oldest);
  }

  // Who stands where another one stood in this tick is sent the same bytes.
  void OnRead(const SimulatedStream& stream, const Cursor& before, const Batch& batch) {
    const bool begins = before.target == 0 || batch.begins_full_set;
    const bool full = before.full || batch.begins_full_set;
    if (batch.begins_full_set) ++tally_[batch.resync ? "resync" : "full set"];
    if (!batch.pass_ended) ++tally_["pass of several frames"];
    if (batch.pass_ended && !batch.complete) ++tally_["overtaken pass"];
    const size_t max_bytes = stream.query().max_bytes;
    EXPECT_LE(batch.bytes->size(), std::max<size_t>(max_bytes + 3, 140)) << "too large a batch";
    // Of full sets a reader may begin two in one tick, and is then taken for two readers.
    if (batch.bytes->empty() || full || readers_changed_) return;
    if (options_.table.kept_bytes < 1 << 20) return;
    const auto position = std::make_tuple(stream.audience().get(), before.complete,
                                          begins ? 0 : before.next_slot, max_bytes);
    const auto [known, is_new] = shared_.emplace(position, batch.bytes);
    if (is_new) return;
    ++tally_["shared bytes"];
    EXPECT_EQ(known->second, batch.bytes) << "assembled twice";
  }

  void CompareSnapshots() {
    Note("snapshots");
    for (int i = 0; i < 3; ++i) {
      const Selection selection = RandomSelection();
      const SnapshotPtr snapshot = feed_->table().TakeSnapshot(selection);
      HeldRows held;
      for (size_t first = 0; first < snapshot->rows.size();) {
        const Page page = feed_->table().TakePage(snapshot, {first, 400, 5});
        ForEachField(*page.bytes, [&held](size_t field, const std::string& payload) {
          held[KeyIn(field, payload)] = payload;
        });
        ASSERT_GT(page.end, first);
        first = page.end;
      }
      EXPECT_EQ(held, Selected(oracle_->newest().rows, selection));
    }
  }

  enum class Outcome { kOk, kFails, kPartial, kTotalsOnly };

  std::mt19937_64 random_;
  Tally& tally_;
  ManualClock clock_;
  const absl::Time start_ = clock_.Wall();
  Feed::Options options_;

  // The source.
  ModelRows world_ = {{"", ModelRow()}};
  Outcome outcome_ = Outcome::kOk;
  bool hangs_ = false;
  // A collection of this feed took any time at all.
  bool has_hung_ = false;
  std::function<void()> on_its_way_;
  std::function<void()> abandoned_;
  // Collections that this feed has begun, and when the newest one did.
  Tick begun_ = 0;
  absl::Time begun_at_;
  std::optional<Collection> collection_;

  // Feeds so far, and what the one that lives should hold.
  uint64_t lives_ = 0;
  std::unique_ptr<FeedOracle> oracle_;
  std::unique_ptr<Feed> feed_;
  std::vector<std::shared_ptr<Caller>> callers_;
  std::vector<std::unique_ptr<Connection>> connections_;
  // Somebody came or left in this tick.
  bool readers_changed_ = false;
  // What was assembled in this tick, if nobody came or left.
  std::map<std::tuple<const Audience*, Tick, uint32_t, size_t>, SharedBytes> shared_;
};

TEST(ModelTest, WhateverHappensClientsHoldWhatTheyAskedFor) {
  constexpr uint64_t kSchedules = 2'000;
  const char* seed_to_repeat = SeedToRepeat();
  const uint64_t first = seed_to_repeat == nullptr ? 1 : std::strtoull(seed_to_repeat, nullptr, 10);
  const uint64_t last = seed_to_repeat == nullptr ? kSchedules : first;
  Tally tally;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("repeat with FARSTAT_MODEL_SEED=" + std::to_string(seed));
    Schedule(seed, tally).Run();
    if (HasFailure()) return;
  }
  for (const auto& [what, times] : tally) RecordProperty(what, times);
  if (seed_to_repeat != nullptr) return;
  for (const char* what :
       {"resumed", "begins anew", "resync", "restart", "source hangs", "distrusted", "stalls",
        "cancel", "rows released", "pass of several frames", "overtaken pass", "shared bytes"}) {
    EXPECT_GE(tally[what], 100) << what << ": hardly tested";
  }
}

}  // namespace
}  // namespace farstat::feed
