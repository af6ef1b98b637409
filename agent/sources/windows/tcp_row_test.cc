#include "agent/sources/windows/tcp_row.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "agent/sources/windows/tcp_source.h"
#include "tests/support/manual_clock.h"
#include "tests/support/tcp_estats_members.h"
#include "tests/support/windows_tcp_fake.h"
#include "tests/support/windows_tcp_rows.h"

namespace farstat::sources::windows {
namespace {

using testing::EstatsMember;
using testing::FakeTcp;
using testing::kEstatsMembers;

// Never anything but 0, so they are no fields.
const std::set<std::string> kReserved = {
    "TCP_ESTATS_PATH_ROD_v0.QuenchRcvd", "TCP_ESTATS_PATH_ROD_v0.AckAfterFr",
    "TCP_ESTATS_REC_ROD_v0.EcnSent", "TCP_ESTATS_REC_ROD_v0.EcnNoncesRcvd"};

// What the fields hold, by the member that the API's annotation names.
using Values = std::map<std::string, uint64_t>;

class WindowsTcpRowTest : public ::testing::Test {
 protected:
  WindowsTcpRowTest() : connection_(windows_.AddIpv4(1, 1)) { connection_.SwitchAll(true); }

  // The row as it is written of the connection, read for the first time.
  v1::TcpConnection Collect() {
    testing::ManualClock clock;
    TcpSource source(windows_.api, clock);
    testing::WindowsTcpRows rows;
    const Outcome outcome =
        source.Collect(PartBit(0) | PartBit(kTcpConnectionsPart) | kEstatsGroups, rows);
    EXPECT_TRUE(outcome.status.ok() && outcome.partial.ok());
    return rows.connection();
  }
  Values EstatsValues() {
    Values values;
    ForEachValue(Collect(), [&](const google::protobuf::Message& message,
                                const google::protobuf::FieldDescriptor& field) {
      const std::string member = WindowsSourceOf(field);
      if (!absl::StartsWith(member, "TCP_ESTATS_")) return;
      EXPECT_TRUE(values.emplace(member, ValueOf(message, field)).second) << member;
    });
    return values;
  }
  // Gives every member a value of its own and returns them all.
  Values SetDistinct() {
    Values values;
    uint64_t next = 1;
    for (const EstatsMember& member : kEstatsMembers) {
      ++next;
      const uint64_t value = member.size == 8   ? (next << 33) + next
                             : member.size == 4 ? next * 20'011
                                                : 1 + next % 13;
      values[member.name] = value;
      member.Set(connection_, value);
    }
    for (const char* flag :
         {"SYN_OPTS_ROS_v0.ActiveOpen", "BANDWIDTH_ROD_v0.OutboundBandwidthPeaked",
          "BANDWIDTH_ROD_v0.InboundBandwidthPeaked"}) {
      values[absl::StrCat("TCP_ESTATS_", flag)] = 1;
    }
    connection_.syn_opts.active_open = 1;
    return values;
  }

  testing::FakeTcpWindows windows_;
  FakeTcp& connection_;
};

const google::protobuf::FieldDescriptor* FieldOf(const std::string& member) {
  const google::protobuf::Descriptor& row = *v1::TcpConnection::descriptor();
  for (int i = 0; i < row.field_count(); ++i) {
    const google::protobuf::Descriptor* group = row.field(i)->message_type();
    for (int j = 0; group != nullptr && j < group->field_count(); ++j) {
      if (WindowsSourceOf(*group->field(j)) == member) return group->field(j);
    }
  }
  return nullptr;
}

// The API's own annotations are the oracle, and Microsoft's reference for where a member is: each
// field has the value of the member that it names.
// Pitfall 11.
TEST_F(WindowsTcpRowTest, EachFieldHasTheMemberThatItsAnnotationNames) {
  Values expected = SetDistinct();
  for (const std::string& reserved : kReserved) EXPECT_EQ(expected.erase(reserved), 1u);
  EXPECT_EQ(EstatsValues(), expected);
}

// …and there is no field with such an annotation beside those.
TEST_F(WindowsTcpRowTest, EachAnnotatedFieldIsFilled) {
  const Values values = (SetDistinct(), EstatsValues());
  int annotated = 0;
  const google::protobuf::Descriptor& row = *v1::TcpConnection::descriptor();
  for (int i = 0; i < row.field_count(); ++i) {
    const google::protobuf::Descriptor* group = row.field(i)->message_type();
    for (int j = 0; group != nullptr && j < group->field_count(); ++j) {
      const std::string member = WindowsSourceOf(*group->field(j));
      if (!absl::StartsWith(member, "TCP_ESTATS_")) continue;
      ++annotated;
      EXPECT_EQ(values.count(member), 1u) << member;
    }
  }
  EXPECT_EQ(annotated, 104);
}

// Pitfall 11.
TEST_F(WindowsTcpRowTest, ReservedMembersAreNoFields) {
  for (const std::string& reserved : kReserved) EXPECT_EQ(FieldOf(reserved), nullptr) << reserved;
}

// All ones in a gauge, a minimum, a maximum or a limit is no value; in a counter or a sequence
// number it is one.
// Pitfall 10.
TEST_F(WindowsTcpRowTest, AllOnesIsAbsentWhereItMeansNoValue) {
  for (const EstatsMember& member : kEstatsMembers) {
    const auto* field = FieldOf(member.name);
    if (field == nullptr || member.size == 1) continue;
    SetDistinct();
    member.Set(connection_, member.AllOnes());
    const Values values = EstatsValues();
    switch (field->options().GetExtension(v1::field).kind()) {
      case v1::FIELD_KIND_COUNTER:
      case v1::FIELD_KIND_SEQUENCE:
        EXPECT_EQ(values.at(member.name), member.AllOnes()) << member.name;
        break;
      case v1::FIELD_KIND_STATE:
        if (field->name() == "soft_error_reason") break;
        [[fallthrough]];
      default:
        EXPECT_EQ(values.count(member.name), 0u) << member.name;
    }
  }
}

// Pitfall 10.
TEST_F(WindowsTcpRowTest, OptionsThatWereNotUsedAreAbsent) {
  connection_.rec.win_scale_sent = kEstatsNoWinScale;
  connection_.obs_rec.win_scale_rcvd = 0;
  connection_.syn_opts = {0, 0, 1460};
  const v1::TcpConnection row = Collect();
  EXPECT_FALSE(row.receive().has_win_scale_sent());
  EXPECT_TRUE(row.observed_receive().has_win_scale_received()) << "a scale of 0 is one";
  EXPECT_FALSE(row.syn_options().has_mss_received_bytes());
  EXPECT_EQ(row.syn_options().mss_sent_bytes(), 1460u);
  EXPECT_TRUE(row.syn_options().has_active_open());
}

// Zero is a value everywhere else.
TEST_F(WindowsTcpRowTest, ZerosAreWritten) {
  const Values values = EstatsValues();
  for (const EstatsMember& member : kEstatsMembers) {
    const std::string name = member.name;
    if (FieldOf(name) == nullptr || absl::StartsWith(name, "TCP_ESTATS_BANDWIDTH") ||
        absl::StartsWith(name, "TCP_ESTATS_SYN_OPTS_ROS_v0.Mss")) {
      continue;
    }
    ASSERT_EQ(values.count(name), 1u) << name;
    EXPECT_EQ(values.at(name), 0u) << name;
  }
}

// Round-trip times are in milliseconds in one group and in microseconds in the other, and what is
// called a sum there is none.
// Pitfall 11.
TEST_F(WindowsTcpRowTest, UnitsAreThoseOfTheirGroup) {
  connection_.path.smoothed_rtt = 25;
  connection_.path.sum_rtt = 1000;
  connection_.path.post_cong_count_rtt = 4;
  connection_.fine_rtt.sum_rtt = 25'400;
  const v1::TcpConnection row = Collect();
  EXPECT_EQ(row.path().smoothed_rtt_ms(), 25u);
  EXPECT_EQ(row.path().sum_rtt_ms(), 1000u);
  EXPECT_EQ(row.path().post_cong_count_rtt(), 4u);
  EXPECT_EQ(row.fine_rtt().smoothed_rtt_us(), 25'400u);
  const auto& smoothed = *FieldOf("TCP_ESTATS_FINE_RTT_ROD_v0.SumRtt");
  EXPECT_EQ(smoothed.options().GetExtension(v1::field).kind(), v1::FIELD_KIND_GAUGE);
  const auto& count = *FieldOf("TCP_ESTATS_PATH_ROD_v0.PostCongCountRtt");
  EXPECT_EQ(count.options().GetExtension(v1::field).unit(), v1::UNIT_COUNT);
}

// Each member that Windows counts in 32 bits is published in 64.
TEST_F(WindowsTcpRowTest, NarrowCountersAreWidened) {
  int widened = 0;
  for (const EstatsMember& member : kEstatsMembers) {
    const auto* field = FieldOf(member.name);
    if (field == nullptr || member.size != 4 ||
        field->options().GetExtension(v1::field).kind() != v1::FIELD_KIND_COUNTER) {
      continue;
    }
    ++widened;
    EXPECT_EQ(field->cpp_type(), google::protobuf::FieldDescriptor::CPPTYPE_UINT64) << member.name;
  }
  EXPECT_EQ(widened, 1 + 9 + 25 + 3);
}

TEST(WindowsTcpAccumulationTest, IsTheMessage) {
  AccumulationHistory history;
  history.since = absl::FromUnixNanos(1'700'000'000'123'456'789);
  RowWriter row;
  const auto written = [&] {
    row.Clear();
    WriteTcpAccumulation(v1::TcpConnection::kAccumulationFieldNumber, history, row);
    v1::TcpConnection connection;
    history.Fill(*connection.mutable_accumulation());
    EXPECT_EQ(std::string(row.bytes()), connection.SerializeAsString());
  };
  written();
  history.wraps = 300;
  history.resets = 2;
  history.uncertain = true;
  written();
}

}  // namespace
}  // namespace farstat::sources::windows
