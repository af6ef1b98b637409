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
#include "tests/support/simulated_agent.h"
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
using farstat::testing::Selected;
using farstat::testing::SimulatedAgent;
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

class Schedule {
 public:
  Schedule(uint64_t seed, Tally& tally)
      : random_(seed), tally_(tally), options_(RandomOptions()), agent_(options_, clock_, seed) {}

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

  Feed::Options RandomOptions() {
    Feed::Options options;
    options.phase = absl::Milliseconds(Pick(100));
    options.idle_release = absl::Milliseconds(300 + Pick(2'000));
    options.table.tombstone_age = absl::Milliseconds(500 + Pick(6'000));
    options.table.tombstone_bytes = static_cast<size_t>(Pick(2) == 0 ? Pick(1'500) : 1 << 20);
    if (Pick(4) == 0) options.table.kept_bytes = static_cast<size_t>(Pick(1'000));
    options.watch.hung_after = absl::Seconds(1);
    options.watch.first_quarantine = absl::Seconds(1);
    options.watch.longest_quarantine = absl::Seconds(2);
    return options;
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
        agent_.feed().Nudge();
        return Pass(1);
      case 2:
        Note("everybody leaves");
        EndAllStreams();
        return Pass(25);
      case 3:
        Note("a long time");
        ChangeWorld();
        return Pass(50);
      default:
        return CompareSnapshots();
    }
  }

  std::string RandomKey() { return std::string(1, static_cast<char>('A' + Pick(20))); }

  void ChangeWorld() {
    ModelRows& world = agent_.world();
    for (int i = Pick(8); i > 0; --i) {
      ModelRow& row = world[RandomKey()];
      if (Pick(3) == 0) row.state = static_cast<char>('a' + Pick(3));
      if (Pick(3) == 0) row.owner = static_cast<char>('x' + Pick(2));
      if (Pick(3) != 0) row.data = Pick(4);
      if (Pick(2) == 0) row.path = Pick(3);
    }
    for (int i = Pick(5); i > 0; --i) world.erase(RandomKey());
    world[""].data = Pick(2);
  }

  void ChangeSource() {
    agent_.SetOutcome(static_cast<SimulatedAgent::Outcome>(Pick(2) == 0 ? 0 : Pick(4)));
    if (Pick(2) == 0) return;
    agent_.SetHangs(!agent_.hangs());
    Note(agent_.hangs() ? "source hangs" : "source no longer hangs");
    if (!agent_.hangs() || Pick(2) == 0) agent_.Return();
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
    const int filter = Pick(5);
    // Equal filters are different objects, as in requests.
    if (filter < 2) {
      selection.filter = std::make_shared<const Filter>(
          std::string("only ") + state,
          [state](absl::string_view facts) { return facts[0] == state; });
    } else if (filter == 2) {
      selection.filter = std::make_shared<const Filter>(
          std::string("not ") + state,
          [state](absl::string_view facts) { return facts[0] != state; });
    } else if (filter == 3) {
      selection.filter = std::make_shared<const Filter>(
          "of x", [](absl::string_view facts) { return facts[1] == 'x'; });
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
        agent_.feed(), agent_.oracle(), agent_.life(), connection.client,
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
    agent_.feed().Refresh(
        caller->demand, max_age,
        [this, caller](const absl::Status& status) { OnAnswer(*caller, status); },
        Pick(3) == 0 ? now + std::chrono::milliseconds(500) : SteadyTime::max());
  }

  void EndAllStreams() {
    for (const auto& connection : connections_) Disconnect(*connection);
  }

  void Restart() {
    EndAllStreams();
    agent_.Restart();
    shared_in_ = 0;
    was_distrusted_ = false;
    ExpectEveryoneWasAnswered();
  }

  // --- Time -------------------------------------------------------------------------------------

  void Pass(int steps) {
    for (; steps > 0 && !::testing::Test::HasFailure(); --steps) {
      clock_.Advance(kGrid);
      const bool was_released = agent_.oracle().released();
      agent_.RunDue();
      if (agent_.oracle().released() && !was_released) CheckRelease();
      CheckState();
      for (const auto& connection : connections_) {
        if (connection->stream == nullptr) continue;
        connection->stream->Pump();
        while (connection->eager && !::testing::Test::HasFailure() &&
               connection->stream->Deliver()) {
        }
      }
    }
  }

  // Everything is well for long enough, and whoever is connected reads.
  void Settle() {
    agent_.SetOutcome(SimulatedAgent::Outcome::kOk);
    agent_.SetHangs(false);
    agent_.Return();
    for (const auto& connection : connections_) connection->eager = true;
    for (int steps = 0; steps < 40 && agent_.feed().status().state != SourceState::kOk; ++steps)
      Pass(1);
    // The longest interval.
    Pass(11);
    for (const auto& connection : connections_) {
      if (connection->stream == nullptr) continue;
      EXPECT_TRUE(connection->stream->idle());
      EXPECT_EQ(connection->client.held(),
                Selected(agent_.world(), connection->client.query().selection));
      connection->stream->ExpectAccountsAddUp();
    }
    CompareSnapshots();
    Note("settled");
  }

  void End() {
    connections_.clear();
    shared_.clear();
    EXPECT_EQ(agent_.feed().table().batch_bytes(), 0u) << "nobody reads";
    agent_.Stop();
    ExpectEveryoneWasAnswered();
    agent_.Return();
  }

  // --- What must be so --------------------------------------------------------------------------

  void ExpectEveryoneWasAnswered() {
    for (const auto& caller : callers_) EXPECT_EQ(caller->answers, 1);
    callers_.clear();
  }

  void CheckRelease() {
    Note("rows released");
    for (const auto& connection : connections_) EXPECT_EQ(connection->stream, nullptr);
  }

  void CheckState() {
    const FeedStatus status = agent_.feed().status();
    const bool distrusted =
        status.state == SourceState::kHung || status.state == SourceState::kQuarantined;
    if (distrusted) {
      ++tally_["distrusted"];
      EXPECT_TRUE(status.condition.stale);
    }
    const SteadyTime now = clock_.Steady();
    // That it hangs, and that it is well again, is news for everybody.
    const bool is_news = was_distrusted_ ? !distrusted : status.state == SourceState::kHung;
    was_distrusted_ = distrusted;
    for (const auto& connection : connections_) {
      if (connection->stream == nullptr) continue;
      EXPECT_TRUE(!is_news || connection->newest_tick == now) << "not told";
      // (When a late collection and the next one end in one moment, nobody can.)
      if (!agent_.has_hung() && connection->always_eager) {
        EXPECT_EQ(connection->stream->skipped_ticks(), 0u) << "it reads everything";
      }
      if (agent_.is_collecting() && !distrusted) continue;
      EXPECT_LT(absl::FromChrono(now - connection->newest_tick),
                connection->client.query().interval)
          << "a tick is overdue";
    }
  }

  void OnTick(Connection& connection) {
    connection.newest_tick = clock_.Steady();
    const TickInfo info = agent_.feed().table().info();
    if (agent_.feed().table().condition().stale || info.tick == 0) return;
    if (info.steady_start <= connection.subscribed) return;
    const Selection& selection = connection.client.query().selection;
    EXPECT_TRUE(info.demands->Cover({selection.parts, selection.filter}));
  }

  void OnAnswer(Caller& caller, const absl::Status& status) {
    ++caller.answers;
    if (!status.ok() || agent_.feed().table().condition().stale) return;
    const TickInfo info = agent_.feed().table().info();
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
    if (shared_in_ != batch.info.tick) {
      shared_.clear();
      readers_changed_ = false;
      shared_in_ = batch.info.tick;
    }
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
      const SnapshotPtr snapshot = agent_.feed().table().TakeSnapshot(selection);
      HeldRows held;
      for (size_t first = 0; first < snapshot->rows.size();) {
        const Page page = agent_.feed().table().TakePage(snapshot, {first, 400, 5});
        ForEachField(*page.bytes, [&held](size_t field, const std::string& payload) {
          held[KeyIn(field, payload)] = payload;
        });
        ASSERT_GT(page.end, first);
        first = page.end;
      }
      EXPECT_EQ(held, Selected(agent_.oracle().newest().rows, selection));
    }
  }

  std::mt19937_64 random_;
  Tally& tally_;
  ManualClock clock_;
  const absl::Time start_ = clock_.Wall();
  const Feed::Options options_;
  SimulatedAgent agent_;
  // Nobody should have waited for the source after the newest step.
  bool was_distrusted_ = false;
  std::vector<std::shared_ptr<Caller>> callers_;
  std::vector<std::unique_ptr<Connection>> connections_;
  // The tick of the newest batch, and whether somebody came or left in it.
  Tick shared_in_ = 0;
  bool readers_changed_ = false;
  // What was assembled in it, if nobody came or left.
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
