#include "client/format/agent_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/clock.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

v1::SourceStatus Source() {
  v1::SourceStatus source;
  source.set_family(v1::FAMILY_TCP);
  source.mutable_status()->set_state(v1::SECTION_STATE_OK);
  source.set_state(v1::SOURCE_STATE_OK);
  *source.mutable_state_since() = ToProto(absl::FromUnixSeconds(1'700'000'000));
  *source.mutable_interval() = ToProto(absl::Seconds(1));
  return source;
}

std::string TextOf(const v1::SourceStatus& source) {
  v1::GetAgentStatusResponse status;
  *status.add_sources() = source;
  TableStyle style;
  style.width = 1000;
  return AgentStatusText(status, style);
}

TEST(AgentTextTest, SourceThatKeepsItsTimeIsNothingToTell) {
  EXPECT_THAT(TextOf(Source()),
              AllOf(HasSubstr("every 1 s"), Not(HasSubstr("since")), Not(HasSubstr("instead"))));
}

TEST(AgentTextTest, SourceThatHangsOrIsLeftAloneIsTold) {
  v1::SourceStatus source = Source();
  source.set_state(v1::SOURCE_STATE_HUNG);
  source.set_hung_collections(3);
  EXPECT_THAT(TextOf(source), AllOf(HasSubstr("hangs since"), HasSubstr("3 hung")));
  source.set_state(v1::SOURCE_STATE_QUARANTINED);
  *source.mutable_retry_time() = ToProto(absl::FromUnixSeconds(1'700'000'060));
  EXPECT_THAT(TextOf(source), AllOf(HasSubstr("left alone since"), HasSubstr("tried again at")));
}

TEST(AgentTextTest, IntervalThatWasLengthenedIsTold) {
  v1::SourceStatus source = Source();
  *source.mutable_interval() = ToProto(absl::Seconds(5));
  *source.mutable_wanted_interval() = ToProto(absl::Seconds(1));
  *source.mutable_cpu_time() = ToProto(absl::Seconds(7));
  EXPECT_THAT(TextOf(source), AllOf(HasSubstr("every 5 s instead of 1 s"), HasSubstr("7 s of")));
}

}  // namespace
}  // namespace farstat::client
