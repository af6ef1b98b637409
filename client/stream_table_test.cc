#include "client/stream_table.h"

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "farstat/v1/host.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace farstat::client {
namespace {

using Frame = v1::SubscribeTcpStatisticsResponse;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

v1::TcpConnection Connection(uint32_t port, uint64_t bytes) {
  v1::TcpConnection connection;
  connection.mutable_key()->set_local_port(port);
  connection.mutable_data()->set_thru_bytes_acked(bytes);
  return connection;
}

FieldPath BytesAcked() {
  const Descriptor* row = v1::TcpConnection::descriptor();
  const Descriptor* data = v1::TcpData::descriptor();
  return {row->FindFieldByName("data"), data->FindFieldByName("thru_bytes_acked")};
}

class StreamTableTest : public ::testing::Test {
 protected:
  StreamTableTest() { Begin(1, false); }

  void Begin(uint64_t start_id, bool resumed) {
    table_.BeginStream();
    sequence_ = 0;
    Frame frame;
    frame.mutable_accepted()->set_agent_start_id(start_id);
    frame.mutable_accepted()->set_resumed(resumed);
    ASSERT_TRUE(Apply(frame).ok());
  }

  absl::StatusOr<Change> Apply(Frame frame) {
    frame.mutable_header()->set_sequence(++sequence_);
    return table_.Apply(frame);
  }

  // At second `tick`; `base`: seconds before that, 0 for none.
  static Frame AtTick(uint64_t tick, bool complete, int64_t base = 0) {
    Frame frame;
    v1::FrameHeader* header = frame.mutable_header();
    header->set_tick(tick);
    header->set_tick_complete(complete);
    header->mutable_time()->set_seconds(1000 + static_cast<int64_t>(tick));
    if (base > 0)
      header->mutable_base_time()->set_seconds(1000 + static_cast<int64_t>(tick) - base);
    if (complete) header->set_resume_token("token " + std::to_string(tick));
    return frame;
  }

  void FullSet(uint64_t tick, const std::vector<v1::TcpConnection>& rows) {
    Frame begin = AtTick(tick, false);
    begin.mutable_sync_begin();
    ASSERT_TRUE(Apply(begin).ok());
    for (const v1::TcpConnection& row : rows) {
      Frame frame = AtTick(tick, false);
      *frame.mutable_statistics()->add_connections() = row;
      ASSERT_TRUE(Apply(frame).ok());
    }
    Frame end = AtTick(tick, true);
    end.mutable_sync_end()->set_row_count(rows.size());
    const absl::StatusOr<Change> change = Apply(end);
    ASSERT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(change->tick_complete);
    removed_ports_.clear();
    for (const auto& key : change->removed) {
      removed_ports_.push_back(
          google::protobuf::DynamicCastToGenerated<v1::TcpConnectionKey>(key.get())->local_port());
    }
  }

  absl::StatusOr<Change> Delta(uint64_t tick, const std::vector<v1::TcpConnection>& rows,
                               const std::vector<uint32_t>& removed = {}, int64_t base = 1) {
    Frame frame = AtTick(tick, true, base);
    frame.mutable_statistics();
    for (const v1::TcpConnection& row : rows) *frame.mutable_statistics()->add_connections() = row;
    for (const uint32_t port : removed) {
      frame.mutable_statistics()->add_removed_connections()->set_local_port(port);
    }
    return Apply(frame);
  }

  const Section& section() const { return table_.sections().at(v1::FAMILY_TCP); }

  std::map<uint32_t, uint64_t> Held() const {
    std::map<uint32_t, uint64_t> held;
    for (const auto& [key, row] : section().rows()) {
      const auto& connection =
          *google::protobuf::DynamicCastToGenerated<v1::TcpConnection>(row.current.get());
      held[connection.key().local_port()] = connection.data().thru_bytes_acked();
    }
    return held;
  }

  absl::optional<double> RateOf(uint32_t port) const {
    const std::string key = RowKey(Connection(port, 0));
    return section().RateOf(section().rows().at(key), BytesAcked());
  }

  StreamTable table_{*FindFamily("tcp")};
  uint64_t sequence_ = 0;
  std::vector<uint32_t> removed_ports_;
};

TEST_F(StreamTableTest, AFullSetThenDeltas) {
  FullSet(1, {Connection(1, 10), Connection(2, 20)});
  EXPECT_TRUE(table_.has_complete_tick());
  EXPECT_EQ(table_.resume_token(), "token 1");
  const absl::StatusOr<Change> change = Delta(2, {Connection(2, 25), Connection(3, 30)}, {1, 99});
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->rows.size(), 2u);
  EXPECT_EQ(change->removed.size(), 1u) << "99 was not known";
  EXPECT_TRUE(change->tick_complete);
  EXPECT_EQ(Held(), (std::map<uint32_t, uint64_t>{{2, 25}, {3, 30}}));
}

TEST_F(StreamTableTest, ARowThatCameAheadOfItsTickHasARateOfItsOwn) {
  FullSet(1, {Connection(1, 10), Connection(2, 20)});
  // The collection of second 3 overtook the pass that began at second 2.
  Frame ahead = AtTick(2, false, 1);
  *ahead.mutable_statistics()->add_connections() = Connection(1, 110);
  *ahead.mutable_statistics()->add_connections() = Connection(2, 120);
  ASSERT_TRUE(Apply(ahead).ok());
  ASSERT_TRUE(Delta(3, {Connection(1, 160)}, {}, 2).ok());
  EXPECT_THAT(RateOf(1), Optional(DoubleEq(50))) << "since second 2";
  EXPECT_THAT(RateOf(2), Optional(DoubleEq(50))) << "since second 1";
}

TEST_F(StreamTableTest, RatesAreGrowthOverTheTimeBetweenCollections) {
  FullSet(1, {Connection(1, 10), Connection(2, 20)});
  EXPECT_EQ(RateOf(1), absl::nullopt);
  ASSERT_TRUE(Delta(3, {Connection(1, 110), Connection(3, 1)}, {}, 2).ok());
  EXPECT_THAT(RateOf(1), Optional(DoubleEq(50)));
  EXPECT_THAT(RateOf(2), Optional(DoubleEq(0))) << "unchanged";
  EXPECT_EQ(RateOf(3), absl::nullopt) << "new";
  ASSERT_TRUE(Delta(4, {Connection(1, 5)}).ok());
  EXPECT_EQ(RateOf(1), absl::nullopt) << "went back";
  EXPECT_THAT(RateOf(3), Optional(DoubleEq(0)));
}

TEST_F(StreamTableTest, AHeartbeatIsAQuietReading) {
  FullSet(1, {Connection(1, 10)});
  ASSERT_TRUE(Delta(2, {Connection(1, 110)}).ok());
  EXPECT_THAT(RateOf(1), Optional(DoubleEq(100)));
  Frame frame;
  frame.mutable_heartbeat();
  const absl::StatusOr<Change> change = Apply(frame);
  ASSERT_TRUE(change.ok());
  EXPECT_TRUE(change->heartbeat);
  EXPECT_TRUE(change->tick_complete);
  EXPECT_THAT(RateOf(1), Optional(DoubleEq(0)));
}

TEST_F(StreamTableTest, ANewFullSetSweepsWhatDidNotCome) {
  FullSet(1, {Connection(1, 10), Connection(2, 20)});
  Begin(1, false);
  FullSet(5, {Connection(2, 60), Connection(4, 40)});
  EXPECT_THAT(removed_ports_, ElementsAre(1));
  EXPECT_EQ(Held(), (std::map<uint32_t, uint64_t>{{2, 60}, {4, 40}}));
  EXPECT_THAT(RateOf(2), Optional(DoubleEq(10))) << "over the gap of 4 seconds";
}

TEST_F(StreamTableTest, AnotherAgentProcessHasNoRatesAcrossItsStart) {
  FullSet(1, {Connection(1, 10)});
  Begin(2, false);
  FullSet(1, {Connection(1, 60)});
  EXPECT_EQ(RateOf(1), absl::nullopt);
}

TEST_F(StreamTableTest, AResumedStreamGoesOn) {
  FullSet(1, {Connection(1, 10)});
  Begin(1, true);
  ASSERT_TRUE(Delta(3, {Connection(1, 30)}, {}, 2).ok());
  EXPECT_EQ(Held(), (std::map<uint32_t, uint64_t>{{1, 30}}));
  EXPECT_THAT(RateOf(1), Optional(DoubleEq(10)));
}

TEST_F(StreamTableTest, LossIsNoticed) {
  FullSet(1, {Connection(1, 10)});
  ++sequence_;
  EXPECT_EQ(Delta(2, {}).status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(StreamTableTest, ContradictionsAreLossToo) {
  Frame begin = AtTick(1, false);
  begin.mutable_sync_begin();
  ASSERT_TRUE(Apply(begin).ok());
  Frame end = AtTick(1, true);
  end.mutable_sync_end()->set_row_count(7);
  EXPECT_THAT(std::string(Apply(end).status().message()), HasSubstr("7 rows came with 0"));
  table_.BeginStream();
  sequence_ = 0;
  EXPECT_THAT(std::string(Delta(2, {}).status().message()),
              HasSubstr("did not begin with Accepted"));
}

TEST_F(StreamTableTest, AnUnknownBodyOfALaterAgentIsSkipped) {
  FullSet(1, {Connection(1, 10)});
  EXPECT_TRUE(Apply(AtTick(2, true)).ok());
  EXPECT_EQ(table_.resume_token(), "token 2");
}

TEST_F(StreamTableTest, StatusAndGoodbyeAreHandedOn) {
  FullSet(1, {});
  EXPECT_EQ(section().status().state(), v1::SECTION_STATE_OK);
  Frame frame;
  frame.mutable_status()->set_state(v1::SECTION_STATE_STALE);
  absl::StatusOr<Change> change = Apply(frame);
  ASSERT_TRUE(change.ok());
  EXPECT_TRUE(change->status_changed);
  EXPECT_EQ(section().status().state(), v1::SECTION_STATE_STALE);
  Frame goodbye;
  goodbye.mutable_goodbye()->set_reason(v1::GOODBYE_REASON_SHUTDOWN);
  change = Apply(goodbye);
  ASSERT_TRUE(change.ok() && change->goodbye.has_value());
}

// Random streams of an agent, cut off at random and resumed or not: after every complete tick the
// client holds exactly what the agent does.
TEST_F(StreamTableTest, HoldsExactlyTheAgentsTable) {
  std::mt19937 random(20240517);
  const auto below = [&](uint32_t end) { return static_cast<uint32_t>(random() % end); };
  std::map<uint32_t, uint64_t> model;
  uint64_t tick = 1;
  FullSet(tick, {});
  for (int step = 0; step < 3000; ++step) {
    ++tick;
    std::set<uint32_t> touched;
    std::vector<v1::TcpConnection> changed;
    std::vector<uint32_t> removed;
    for (uint32_t i = below(4); i > 0; --i) touched.insert(below(40));
    for (const uint32_t port : touched) {
      if (below(3) == 0 && model.erase(port) > 0) {
        removed.push_back(port);
      } else {
        changed.push_back(Connection(port, model[port] += 1 + below(1000)));
      }
    }
    const uint32_t fate = below(20);
    if (fate == 0) {  // The frame is lost with the stream, and the agent begins anew.
      Begin(1, false);
      std::vector<v1::TcpConnection> all;
      for (const auto& [port, bytes] : model) all.push_back(Connection(port, bytes));
      if (below(2) == 0 && !all.empty()) {  // Cut off inside the full set, too.
        Frame begin = AtTick(tick, false);
        begin.mutable_sync_begin();
        ASSERT_TRUE(Apply(begin).ok());
        Frame part = AtTick(tick, false);
        *part.mutable_statistics()->add_connections() = all[0];
        ASSERT_TRUE(Apply(part).ok());
        Begin(1, false);
      }
      FullSet(tick, all);
    } else if (fate == 1) {  // The same, resumed: what was lost comes again.
      Begin(1, true);
      ASSERT_TRUE(Delta(tick, changed, removed).ok());
    } else {
      ASSERT_TRUE(Delta(tick, changed, removed).ok());
    }
    ASSERT_EQ(Held(), model) << "at step " << step;
  }
}

class HostStreamTest : public ::testing::Test {
 protected:
  absl::StatusOr<Change> Apply(v1::SubscribeHostStatisticsResponse frame) {
    frame.mutable_header()->set_sequence(++sequence_);
    return table_.Apply(frame);
  }

  bool Complete(v1::Family family) {
    v1::SubscribeHostStatisticsResponse begin;
    begin.mutable_sync_begin()->set_family(family);
    EXPECT_TRUE(Apply(begin).ok());
    v1::SubscribeHostStatisticsResponse end;
    end.mutable_header()->set_tick_complete(true);
    end.mutable_sync_end()->set_family(family);
    const absl::StatusOr<Change> change = Apply(end);
    EXPECT_TRUE(change.ok()) << change.status();
    return change.ok() && change->tick_complete;
  }

  StreamTable table_{HostFamily()};
  uint64_t sequence_ = 0;
};

TEST_F(HostStreamTest, IsCompleteWhenEveryFamilyIsOrCannotBe) {
  table_.BeginStream();
  v1::SubscribeHostStatisticsResponse accepted;
  for (const v1::Family family : {v1::FAMILY_RAS, v1::FAMILY_IKE}) {
    v1::SectionStatus* status = accepted.mutable_accepted()->add_unsupported();
    status->set_family(family);
    status->set_state(v1::SECTION_STATE_UNAVAILABLE);
  }
  ASSERT_TRUE(Apply(accepted).ok());
  EXPECT_FALSE(Complete(v1::FAMILY_TCP));
  EXPECT_TRUE(Complete(v1::FAMILY_IPSEC));
  EXPECT_EQ(table_.sections().size(), 4u);
}

TEST_F(HostStreamTest, RowsGoToTheirFamily) {
  table_.BeginStream();
  v1::SubscribeHostStatisticsResponse accepted;
  accepted.mutable_accepted();
  ASSERT_TRUE(Apply(accepted).ok());
  v1::SubscribeHostStatisticsResponse rows;
  rows.mutable_header()->set_family(v1::FAMILY_IPSEC);
  rows.mutable_statistics()->mutable_ipsec()->add_sas()->mutable_key()->set_spi(7);
  rows.mutable_statistics()->mutable_ipsec()->mutable_totals();
  const absl::StatusOr<Change> change = Apply(rows);
  ASSERT_TRUE(change.ok()) << change.status();
  EXPECT_TRUE(change->totals_changed);
  EXPECT_EQ(table_.sections().at(v1::FAMILY_IPSEC).rows().size(), 1u);
  v1::SubscribeHostStatisticsResponse strange;
  strange.mutable_sync_begin()->set_family(static_cast<v1::Family>(77));
  EXPECT_EQ(Apply(strange).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace farstat::client
