#include "agent/feed/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "tests/support/manual_clock.h"
#include "tests/support/test_rows.h"

namespace farstat::feed {
namespace {

using farstat::testing::EncodedTestRow;
using farstat::testing::kAllTestParts;
using farstat::testing::kDataPart;
using farstat::testing::kPathPart;
using farstat::testing::ManualClock;
using farstat::testing::TestReader;
using farstat::testing::TestRow;

using Rows = std::vector<TestRow>;

class TableTest : public ::testing::Test {
 protected:
  void Publish(const Rows& rows, PartMask parts = kAllTestParts) {
    clock_.Advance(absl::Seconds(1));
    TickInfo info;
    info.start_time = clock_.Wall();
    info.steady_start = clock_.Steady();
    table_.BeginTick();
    for (const TestRow& row : rows) table_.Put(EncodedTestRow(row, parts).input());
    table_.EndTick(info, absl::OkStatus());
  }
  void PublishFailure(const Rows& rows) {
    clock_.Advance(absl::Seconds(1));
    table_.BeginTick();
    for (const TestRow& row : rows) table_.Put(EncodedTestRow(row, kAllTestParts).input());
    table_.FailTick(absl::UnavailableError("stopped"), clock_.Wall());
  }
  static Selection OnlyState(int state) {
    Selection selection;
    selection.parts = kAllTestParts;
    selection.filter = std::make_shared<const Filter>(
        std::string(1, static_cast<char>(state)),
        [state](absl::string_view facts) { return facts[0] == state; });
    return selection;
  }
  static std::map<uint64_t, std::string> Expected(const Rows& rows, const Selection& selection,
                                                  PartMask parts = kAllTestParts) {
    std::map<uint64_t, std::string> expected;
    for (const TestRow& row : rows) {
      const std::string facts(1, static_cast<char>(row.state));
      if (selection.filter != nullptr && !(*selection.filter)(facts)) continue;
      expected[static_cast<uint64_t>(row.key)] =
          row.ToMessage(selection.parts & parts).SerializeAsString();
    }
    return expected;
  }

  ManualClock clock_;
  Table table_;
};

TEST_F(TableTest, NothingIsReadBeforeTheFirstTick) {
  TestReader reader({});
  const Batch batch = reader.Read(table_, 1000);
  EXPECT_FALSE(batch.complete);
  EXPECT_TRUE(batch.bytes->empty());
}

TEST_F(TableTest, FirstReadIsAFullSet) {
  Publish({{1}, {2}, {3}});
  TestReader reader({});
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_TRUE(batch.begins_full_set);
  EXPECT_FALSE(batch.resync);
  EXPECT_TRUE(batch.ends_full_set);
  EXPECT_EQ(batch.full_set_rows, 3u);
  EXPECT_TRUE(batch.complete);
  EXPECT_EQ(batch.base_time, absl::InfinitePast());
  EXPECT_EQ(reader.rows(), Expected({{1}, {2}, {3}}, reader.selection()));
}

TEST_F(TableTest, EmptyTableIsAnEmptyFullSet) {
  Publish({});
  TestReader reader({});
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_TRUE(batch.begins_full_set);
  EXPECT_TRUE(batch.ends_full_set);
  EXPECT_TRUE(batch.complete);
}

TEST_F(TableTest, OnlyWhatChangedFollows) {
  Publish({{1, 5, 10}, {2, 5, 20}, {3, 5, 30}});
  TestReader reader({});
  reader.CatchUp(table_);
  Publish({{1, 5, 10}, {2, 5, 21}, {4, 5, 40}});
  const int before = reader.rows_received();
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_TRUE(batch.complete);
  EXPECT_FALSE(batch.begins_full_set);
  EXPECT_EQ(batch.info.start_time - batch.base_time, absl::Seconds(1));
  EXPECT_EQ(reader.rows_received() - before, 2);
  EXPECT_EQ(reader.removals_received(), 1);
  EXPECT_EQ(reader.rows(), Expected({{1, 5, 10}, {2, 5, 21}, {4, 5, 40}}, reader.selection()));
}

TEST_F(TableTest, UnchangedTickIsCompleteAndEmpty) {
  Publish({{1}});
  TestReader reader({});
  reader.CatchUp(table_);
  Publish({{1}});
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_TRUE(batch.complete);
  EXPECT_TRUE(batch.bytes->empty());
  EXPECT_EQ(reader.cursor().complete, 2u);
}

TEST_F(TableTest, ChangeOfAnUnselectedPartIsNotSent) {
  Selection data_only;
  data_only.parts = 1 << 0 | 1 << kDataPart;
  Publish({{1, 5, 10, 100}});
  TestReader reader(data_only);
  reader.CatchUp(table_);
  Publish({{1, 5, 10, 101}});
  EXPECT_TRUE(reader.Read(table_, 1 << 20).bytes->empty());
  Publish({{1, 5, 11, 101}});
  EXPECT_FALSE(reader.Read(table_, 1 << 20).bytes->empty());
  EXPECT_EQ(reader.rows(), Expected({{1, 5, 11, 101}}, reader.selection()));
}

TEST_F(TableTest, RowThatStopsMatchingIsRemovedAndOthersAreSilent) {
  Publish({{1, 5}, {2, 6}});
  TestReader reader(OnlyState(5));
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows().size(), 1u);
  Publish({{1, 6}, {2, 6, 1}});
  reader.CatchUp(table_);
  EXPECT_TRUE(reader.rows().empty());
  EXPECT_EQ(reader.removals_received(), 1) << "row 2 never matched: nothing to say about it";
  Publish({{1, 5}, {2, 6, 2}});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows().size(), 1u);
}

TEST_F(TableTest, RemovalOfARowThatNeverMatchedIsSilent) {
  Publish({{1, 5}, {2, 6}});
  TestReader reader(OnlyState(5));
  reader.CatchUp(table_);
  Publish({{1, 5}});
  EXPECT_TRUE(reader.Read(table_, 1 << 20).bytes->empty());
}

TEST_F(TableTest, KeyThatComesBackIsARowAgain) {
  Publish({{1}, {2}});
  TestReader reader({});
  reader.CatchUp(table_);
  Publish({{2}});
  Publish({{2}, {1, 5}});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows(), Expected({{1, 5}, {2}}, reader.selection()));
}

TEST_F(TableTest, TheLastOfTwoRowsWithOneKeyCounts) {
  Publish({{1, 5, 10}, {1, 5, 11}});
  TestReader reader({});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows(), Expected({{1, 5, 11}}, reader.selection()));
  EXPECT_EQ(table_.info().row_count, 1u);
}

TEST_F(TableTest, FailedTickChangesNothingButTheCondition) {
  Publish({{1, 5, 10}, {2, 5, 20}});
  TestReader reader({});
  reader.CatchUp(table_);
  PublishFailure({{1, 5, 11}, {3, 5, 30}, {3, 5, 31}});
  EXPECT_TRUE(table_.condition().stale);
  EXPECT_EQ(table_.condition().status.code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(reader.Read(table_, 1 << 20).bytes->empty());
  Publish({{1, 5, 11}, {3, 5, 30}});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows(), Expected({{1, 5, 11}, {3, 5, 30}}, reader.selection()));
  EXPECT_TRUE(table_.condition().status.ok());
}

TEST_F(TableTest, TickWithoutRowsKeepsThem) {
  Publish({{1, 5, 10}, {2, 5, 20}});
  TestReader reader({});
  reader.CatchUp(table_);
  // Somebody asked for totals only.
  table_.BeginTick();
  table_.EndTick({}, absl::OkStatus(), /*rows_listed=*/false);
  Publish({{1, 5, 10}, {2, 5, 21}});
  const int before = reader.rows_received();
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows_received() - before, 1);
  EXPECT_EQ(reader.removals_received(), 0);
}

TEST_F(TableTest, ReleasedRowsAreNotAnEmptyTable) {
  Publish({{1}, {2}});
  TestReader reader({});
  reader.CatchUp(table_);
  table_.Clear();
  PublishFailure({});
  EXPECT_TRUE(table_.info().released);
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_FALSE(batch.begins_full_set) << "nothing is known, so nothing is said";
  EXPECT_EQ(reader.rows().size(), 2u);
  Publish({{2}});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows(), Expected({{2}}, reader.selection()));
}

TEST_F(TableTest, SmallBatchesAreBoundedAndCompleteInTheEnd) {
  Rows rows;
  for (int i = 0; i < 500; ++i) rows.push_back({i, 5, i});
  Publish(rows);
  TestReader reader({});
  int batches = 0;
  Batch batch;
  do {
    batch = reader.Read(table_, 1000);
    EXPECT_LE(batch.bytes->size(), 1000u);
    ++batches;
  } while (!batch.complete);
  EXPECT_GT(batches, 10);
  EXPECT_EQ(reader.rows(), Expected(rows, reader.selection()));
}

TEST_F(TableTest, SlowReaderIsFairToAllRows) {
  // All rows change with every tick, and the reader takes half of them per tick: a reader that
  // began at the newest change each time would never see the second half.
  Rows rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i, 5, 0});
  Publish(rows);
  TestReader reader({});
  reader.CatchUp(table_);
  for (int tick = 1; tick <= 10; ++tick) {
    for (TestRow& row : rows) row.data = tick;
    Publish(rows);
    reader.Read(table_, 1700);
  }
  std::map<uint64_t, int> values;
  int oldest = 10;
  for (const auto& [key, bytes] : reader.rows()) {
    v1::TcpConnection row;
    ASSERT_TRUE(row.ParseFromString(bytes));
    oldest = std::min(oldest, static_cast<int>(row.data().segments_in()));
  }
  EXPECT_GE(oldest, 5);
}

TEST_F(TableTest, ForgottenRemovalsMakeAResync) {
  Publish({{1}, {2}});
  TestReader reader({});
  reader.CatchUp(table_);
  EXPECT_TRUE(table_.CanResume(1));
  Publish({{1}});
  clock_.Advance(absl::Minutes(10));
  Publish({{1}, {3}});
  EXPECT_FALSE(table_.CanResume(1));
  const Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_TRUE(batch.begins_full_set);
  EXPECT_TRUE(batch.resync);
  EXPECT_EQ(reader.rows(), Expected({{1}, {3}}, reader.selection()));
}

TEST_F(TableTest, ResyncInTheMiddleOfAPass) {
  Rows rows;
  for (int i = 0; i < 100; ++i) rows.push_back({i});
  Publish(rows);
  TestReader reader({});
  reader.CatchUp(table_);
  for (TestRow& row : rows) row.data = 1;
  Publish(rows);
  reader.Read(table_, 1000);  // a part of the changes
  rows.resize(50);
  Publish(rows);
  clock_.Advance(absl::Minutes(10));
  Publish(rows);
  reader.CatchUp(table_, 1000);
  EXPECT_EQ(reader.rows(), Expected(rows, reader.selection()));
}

TEST_F(TableTest, ClearedTableMakesAResync) {
  Publish({{1}, {2}});
  TestReader reader({});
  reader.CatchUp(table_);
  table_.Clear();
  EXPECT_EQ(table_.row_bytes(), 0u);
  EXPECT_FALSE(table_.CanResume(1));
  Publish({{2}});
  reader.CatchUp(table_);
  EXPECT_EQ(reader.rows(), Expected({{2}}, reader.selection()));
}

TEST_F(TableTest, SnapshotHoldsWhatMatches) {
  Publish({{1, 5}, {2, 6}, {3, 5}});
  const SnapshotPtr snapshot = table_.TakeSnapshot(OnlyState(5));
  EXPECT_EQ(snapshot->rows.size(), 2u);
  EXPECT_EQ(snapshot->info.row_count, 3u);
}

TEST_F(TableTest, CallersInOneTickShareASnapshotAndItsPages) {
  Publish({{1}, {2}, {3}});
  const SnapshotPtr first = table_.TakeSnapshot({});
  const PagePosition all = {0, 1 << 20, 100};
  EXPECT_NE(table_.TakePage(first, all).bytes, table_.TakePage(first, all).bytes)
      << "for one caller nothing is kept";
  const SnapshotPtr second = table_.TakeSnapshot({});
  EXPECT_EQ(second, first);
  EXPECT_EQ(table_.TakePage(first, all).bytes, table_.TakePage(second, all).bytes);
  Publish({{1}, {2}, {3, 5, 1}});
  const SnapshotPtr later = table_.TakeSnapshot({});
  EXPECT_NE(later, first);
  EXPECT_NE(*table_.TakePage(later, all).bytes, *table_.TakePage(first, all).bytes);
}

TEST_F(TableTest, FiltersOfCallersWhoLeftAreForgotten) {
  Publish({{1}});
  for (int caller = 0; caller < 10000; ++caller) {
    Selection selection;
    selection.filter = std::make_shared<const Filter>(std::to_string(caller),
                                                      [](absl::string_view) { return true; });
    ASSERT_EQ(table_.TakeSnapshot(selection)->rows.size(), 1u);
  }
  EXPECT_LE(table_.audiences(), 64u);
}

TEST_F(TableTest, SnapshotOfAnotherConditionIsAnother) {
  Publish({{1}, {2}});
  const SnapshotPtr fresh = table_.TakeSnapshot({});
  PublishFailure({});
  const SnapshotPtr stale = table_.TakeSnapshot({});
  EXPECT_FALSE(fresh->condition.stale);
  EXPECT_TRUE(stale->condition.stale);
  EXPECT_EQ(stale->rows.size(), 2u);
  table_.Clear();
  EXPECT_TRUE(table_.TakeSnapshot({})->rows.empty());
}

TEST_F(TableTest, PagesAreBoundedAndEndWhereTheNextBegins) {
  Rows rows;
  for (int key = 1; key <= 50; ++key) rows.push_back({key, 5, key});
  Publish(rows);
  const SnapshotPtr snapshot = table_.TakeSnapshot({});
  std::string bytes;
  size_t first = 0;
  for (int pages = 1; first < snapshot->rows.size(); ++pages) {
    ASSERT_LT(pages, 51);
    const Page page = table_.TakePage(snapshot, {first, 200, 4});
    EXPECT_LE(page.bytes->size(), 200u);
    EXPECT_LE(page.end - first, 4u);
    bytes += *page.bytes;
    first = page.end;
  }
  EXPECT_EQ(bytes, *table_.TakePage(snapshot, {0, 1 << 20, 100}).bytes);
}

TEST_F(TableTest, TombstonesAreBoundedInBytes) {
  for (int tick = 0; tick < 50; ++tick) {
    Rows rows;
    for (int i = 0; i < 1000; ++i) rows.push_back({tick * 1000 + i});
    clock_.Advance(-absl::Seconds(1));  // age is not what limits them
    Publish(rows);
  }
  Table::Options small;
  small.tombstone_bytes = 1000;
  Table bounded(small);
  for (int tick = 1; tick <= 100; ++tick) {
    bounded.BeginTick();
    bounded.Put(EncodedTestRow({tick}, kAllTestParts).input());
    bounded.EndTick({}, absl::OkStatus());
  }
  EXPECT_FALSE(bounded.CanResume(50));
  EXPECT_TRUE(bounded.CanResume(99));
}

TEST_F(TableTest, TombstonesDoNotAgeWhenTheHostsClockSteps) {
  Table table((Table::Options()));
  for (int tick = 1; tick <= 10; ++tick) {
    clock_.Advance(absl::Seconds(1));
    TickInfo info;
    info.start_time = clock_.Wall() + (tick > 5 ? absl::Hours(1) : absl::ZeroDuration());
    info.steady_start = clock_.Steady();
    table.BeginTick();
    table.Put(EncodedTestRow({tick}, kAllTestParts).input());
    table.EndTick(info, absl::OkStatus());
  }
  EXPECT_TRUE(table.CanResume(1));
}

TEST_F(TableTest, ReadersWhoSelectTheSameShareBytes) {
  Publish({{1, 5, 10}, {2, 6, 20}});
  TestReader a(OnlyState(5));
  TestReader b(OnlyState(5));
  TestReader all({});
  for (TestReader* reader : {&a, &b, &all}) reader->CatchUp(table_);
  Publish({{1, 5, 11}, {2, 6, 21}});
  const Batch first = a.Read(table_, 1 << 20);
  const Batch second = b.Read(table_, 1 << 20);
  EXPECT_EQ(first.bytes, second.bytes) << "the same bytes, not equal ones";
  EXPECT_NE(first.bytes, all.Read(table_, 1 << 20).bytes);
  EXPECT_EQ(a.rows(), b.rows());
  EXPECT_EQ(b.rows().size(), 1u);
}

TEST_F(TableTest, ReaderElsewhereIsNotSentWhatOthersAre) {
  Publish({{1, 5, 10}, {2, 5, 20}});
  TestReader fast({});
  TestReader slow({});
  fast.CatchUp(table_);
  slow.CatchUp(table_);
  Publish({{1, 5, 11}, {2, 5, 20}});
  fast.CatchUp(table_);
  Publish({{1, 5, 11}, {2, 5, 21}});
  EXPECT_NE(fast.Read(table_, 1 << 20).bytes, slow.Read(table_, 1 << 20).bytes);
  EXPECT_EQ(fast.rows(), slow.rows());
}

TEST_F(TableTest, SharedBytesGoWhenEveryReaderHasThem) {
  Publish({{1}, {2}});
  TestReader a({});
  TestReader b({});
  a.CatchUp(table_);
  b.CatchUp(table_);
  Publish({{1, 5, 1}, {2, 5, 1}});
  a.CatchUp(table_);
  EXPECT_GT(table_.batch_bytes(), 0u) << "kept for the other one";
  b.CatchUp(table_);
  EXPECT_EQ(table_.batch_bytes(), 0u);
  Publish({{1, 5, 2}, {2, 5, 2}});
  a.CatchUp(table_);
  EXPECT_GT(table_.batch_bytes(), 0u);
  Publish({{1, 5, 2}, {2, 5, 2}});
  EXPECT_EQ(table_.batch_bytes(), 0u) << "nobody can be sent them any more";
}

TEST_F(TableTest, BytesThatAReaderHoldsAreCounted) {
  Publish({{1}, {2}});
  TestReader reader({});
  Batch batch = reader.Read(table_, 1 << 20);
  EXPECT_GE(table_.batch_bytes(), batch.bytes->size());
  batch = Batch();
  EXPECT_EQ(table_.batch_bytes(), 0u);
}

TEST_F(TableTest, WhatIsKeptForOthersIsBounded) {
  Table::Options options;
  options.kept_bytes = 2000;
  Table table(options);
  table.BeginTick();
  for (int key = 0; key < 1000; ++key) {
    table.Put(EncodedTestRow({key, 5, key}, kAllTestParts).input());
  }
  table.EndTick({}, absl::OkStatus());
  TestReader a({});
  TestReader b({});
  b.Read(table, 500);
  a.CatchUp(table, 500);
  EXPECT_LT(table.batch_bytes(), 2000u + 1000u);
  EXPECT_GT(table.batch_bytes(), 0u);
  b.CatchUp(table, 500);
  EXPECT_EQ(a.rows(), b.rows());
}

TEST_F(TableTest, RowIsJudgedOncePerFilterUntilItsFactsChange) {
  int calls = 0;
  const auto selection = [&calls](PartMask parts) {
    // Another object each time, as requests make them.
    Selection only_state_5;
    only_state_5.parts = parts;
    only_state_5.filter = std::make_shared<const Filter>("5", [&calls](absl::string_view facts) {
      ++calls;
      return facts[0] == 5;
    });
    return only_state_5;
  };
  std::vector<TestReader> readers;
  for (int i = 0; i < 10; ++i) readers.emplace_back(selection(kAllTestParts));
  for (int i = 0; i < 10; ++i) readers.emplace_back(selection(1 << 0 | 1 << kDataPart));
  Publish({{1, 5, 10}, {2, 6, 20}, {3, 5, 30}});
  for (TestReader& reader : readers) reader.CatchUp(table_, 1);
  EXPECT_EQ(calls, 3);
  Publish({{1, 5, 11}, {2, 6, 21}, {3, 5, 31}});
  for (TestReader& reader : readers) reader.CatchUp(table_);
  EXPECT_EQ(calls, 3) << "what filters read has not changed";
  Publish({{1, 6, 11}, {2, 6, 21}, {3, 5, 31}});
  for (TestReader& reader : readers) reader.CatchUp(table_);
  EXPECT_EQ(calls, 4);
  EXPECT_EQ(table_.TakeSnapshot(selection(kAllTestParts))->rows.size(), 1u);
  EXPECT_EQ(calls, 4) << "a snapshot uses what watchers found out";
}

// The model: whatever happens to the table and however readers read, a reader that is complete
// holds exactly what its selection picks of the table.
TEST_F(TableTest, RandomSchedulesEndInTheTable) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<uint64_t>(n)); };
    Table::Options options;
    options.tombstone_age = absl::Seconds(pick(20) + 1);
    options.tombstone_bytes = static_cast<size_t>(pick(3000)) + 1;
    Table table(options);
    std::map<int, TestRow> truth;
    PartMask collected = kAllTestParts;
    std::vector<TestReader> readers;
    for (int step = 0; step < 200; ++step) {
      switch (pick(6)) {
        case 0: {
          for (int i = pick(10); i > 0; --i) truth[pick(40)] = {0, pick(3), pick(3), pick(3)};
          for (int i = pick(5); i > 0; --i) truth.erase(pick(40));
          if (pick(10) == 0) collected = pick(2) == 0 ? kAllTestParts : (1 | 1 << kDataPart);
          clock_.Advance(absl::Seconds(1));
          TickInfo info;
          info.start_time = clock_.Wall();
          info.steady_start = clock_.Steady();
          table.BeginTick();
          for (auto& [key, row] : truth) {
            row.key = key;
            table.Put(EncodedTestRow(row, collected).input());
          }
          table.EndTick(info, absl::OkStatus());
          break;
        }
        case 1: {
          table.BeginTick();
          table.Put(EncodedTestRow({pick(50), pick(3)}, kAllTestParts).input());
          table.FailTick(absl::InternalError("failed"), clock_.Wall());
          break;
        }
        case 2: {
          Selection selection = pick(2) == 0 ? Selection() : OnlyState(pick(3));
          if (pick(3) == 0) selection.parts = 1 | 1 << kDataPart;
          if (readers.size() < 8) readers.emplace_back(selection);
          break;
        }
        case 3:
          if (pick(20) == 0) table.Clear();
          break;
        default: {
          if (readers.empty()) break;
          TestReader& reader = readers[static_cast<size_t>(pick(static_cast<int>(readers.size())))];
          // Few sizes, so that readers meet.
          reader.Read(table, static_cast<size_t>(pick(3)) * 200);
        }
      }
    }
    Rows rows;
    clock_.Advance(absl::Seconds(1));
    TickInfo info;
    info.start_time = clock_.Wall();
    info.steady_start = clock_.Steady();
    table.BeginTick();
    for (auto& [key, row] : truth) {
      row.key = key;
      rows.push_back(row);
      table.Put(EncodedTestRow(row, collected).input());
    }
    table.EndTick(info, absl::OkStatus());
    for (TestReader& reader : readers) {
      reader.CatchUp(table, static_cast<size_t>(pick(500)));
      ASSERT_EQ(reader.rows(), Expected(rows, reader.selection(), collected)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace farstat::feed
