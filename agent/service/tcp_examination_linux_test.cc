// Over this host's real connections, with switches that a test decides on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/hosts/this_host.h"
#include "agent/service/tcp_examination.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/tcp_rows.h"
#include "common/status.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TcpExaminationTest : public ::testing::Test {
 protected:
  TcpExaminationTest() {
    operations_.set_estats =
        [this](const sources::EstatsRequest& request) -> absl::StatusOr<sources::EstatsResult> {
      if (!answer_.ok()) return answer_;
      switched_.push_back(request.enable != 0 ? "on" : "off");
      const sources::TcpFacts other = {};
      EXPECT_FALSE(request.filter({reinterpret_cast<const char*>(&other), sizeof(other)}))
          << "no other connection is touched";
      sources::EstatsResult result;
      result.succeeded = succeeded_;
      if (!failure_.ok()) result.failures.emplace_back().status = failure_;
      return result;
    };
  }
  std::string Examined() {
    const Finding finding =
        ExamineTcp(*host_.families[v1::FAMILY_TCP - 1], operations_, absl::Seconds(60));
    return absl::StrCat(finding.grade(), " ", finding.found(), " -> ", finding.advice());
  }

  const hosts::Host host_ = hosts::ThisHost("");
  families::Operations operations_;
  absl::Status answer_;
  absl::Status failure_;
  uint64_t succeeded_ = 1;
  std::vector<std::string> switched_;
};

TEST_F(TcpExaminationTest, SwitchesOnCountsAndSwitchesOff) {
  EXPECT_THAT(Examined(), HasSubstr("OK 10000 bytes were sent over loopback, 1000"));
  EXPECT_THAT(switched_, ElementsAre("on", "off"));
}

TEST_F(TcpExaminationTest, WithoutSwitchesItOnlyCounts) {
  operations_.set_estats = nullptr;
  EXPECT_THAT(Examined(), HasSubstr("OK 10000 bytes"));
}

TEST_F(TcpExaminationTest, MissingRightIsAWarning) {
  answer_ = ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, "denied");
  EXPECT_THAT(Examined(), AllOf(HasSubstr("WARN denied"), HasSubstr("administrator")));
  answer_ = absl::OkStatus();
  failure_ = ErrorStatus(absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, "refused");
  EXPECT_THAT(Examined(), HasSubstr("WARN refused"));
}

TEST_F(TcpExaminationTest, SwitchThatDoesNotWorkFails) {
  failure_ = absl::InternalError("nothing happened");
  EXPECT_THAT(Examined(), HasSubstr("FAIL nothing happened"));
  failure_ = absl::OkStatus();
  succeeded_ = 0;
  EXPECT_THAT(Examined(), HasSubstr("FAIL the connection is not in the table"));
}

TEST_F(TcpExaminationTest, HostWithoutExtendedStatisticsIsLeftOut) {
  families::Family family;
  EXPECT_EQ(ExamineTcp(family, operations_, absl::Seconds(1)).grade(), "OK");
  EXPECT_THAT(switched_, IsEmpty());
}

}  // namespace
}  // namespace farstat::service
