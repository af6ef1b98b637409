#include "agent/service/family_examination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/hosts/this_host.h"
#include "common/status.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A family whose collections end as told.
std::unique_ptr<families::Family> Family(v1::Family id, std::function<feed::Collected()> collect) {
  auto family = std::make_unique<families::Family>();
  family->id = id;
  family->feed = std::make_unique<feed::Feed>(
      [collect = std::move(collect)](const feed::Demands&,
                                     absl::FunctionRef<void(const feed::RowInput&)>) {
        return collect();
      },
      SystemClock(), feed::Feed::Options());
  return family;
}

std::string Examined(std::unique_ptr<families::Family> family,
                     absl::Duration patience = absl::Seconds(20)) {
  auto host = std::make_unique<hosts::Host>();
  host->families.push_back(std::move(family));
  std::string text;
  for (const Finding& finding : ExamineFamilies(std::move(host), patience)) {
    absl::StrAppend(&text, finding.grade(), " ", finding.subject(), ": ", finding.found(), " -> ",
                    finding.advice(), "\n");
  }
  return text;
}

TEST(FamilyExaminationTest, FamilyThatAnswersIsFine) {
  auto family = Family(v1::FAMILY_RAS, [] { return feed::Collected(); });
  family->limitations = {"links have no statistics"};
  EXPECT_THAT(Examined(std::move(family)), AllOf(HasSubstr("OK RAS statistics: 0 rows in"),
                                                 HasSubstr("links have no statistics")));
}

TEST(FamilyExaminationTest, FamilyThatIsNotHereSaysWhy) {
  auto family = std::make_unique<families::Family>();
  family->id = v1::FAMILY_IKE;
  family->unavailable = absl::UnimplementedError("this Windows has no FwpmEngineOpen0");
  EXPECT_THAT(
      Examined(std::move(family)),
      HasSubstr("OK IKE statistics: not on this host: this Windows has no FwpmEngineOpen0"));
}

TEST(FamilyExaminationTest, RefusedRightsAndStoppedServicesAreExplained) {
  const auto with = [](absl::string_view reason, bool partial) {
    return Examined(Family(v1::FAMILY_IPSEC, [=] {
      feed::Collected collected;
      (partial ? collected.partial : collected.status) =
          ErrorStatus(absl::StatusCode::kFailedPrecondition, reason, "Windows says no");
      return collected;
    }));
  };
  EXPECT_THAT(with(kAgentLacksPrivilege, true),
              AllOf(HasSubstr("WARN IPsec statistics: Windows says no"), HasSubstr("root")));
  EXPECT_THAT(with(kSourceStopped, true), HasSubstr("services above"));
  EXPECT_THAT(with(kNotSupportedHere, true),
              HasSubstr("OK IPsec statistics: not complete on this host: Windows says no"));
}

TEST(FamilyExaminationTest, FamilyThatHangsIsLeftBehind) {
  // Never destroyed: the thread that waits is joined by nobody, and may be there to the end.
  static auto* const let_go = new std::promise<void>();
  static auto* const gate = new std::shared_future<void>(let_go->get_future());
  EXPECT_THAT(Examined(Family(v1::FAMILY_IPSEC,
                              [] {
                                gate->wait();
                                return feed::Collected();
                              }),
                       absl::Milliseconds(50)),
              AllOf(HasSubstr("FAIL IPsec statistics"), HasSubstr("no answer within 50ms")));
  let_go->set_value();
}

TEST(FamilyExaminationTest, ThisHostIsExaminedForReal) {
  auto host = std::make_unique<hosts::Host>(hosts::ThisHost(""));
  bool tested = false;
  for (const Finding& finding : ExamineFamilies(std::move(host), absl::Seconds(60))) {
    if (finding.subject() != "TCP self-test") continue;
    tested = true;
    EXPECT_EQ(finding.grade(), "OK") << finding.found();
  }
  EXPECT_TRUE(tested);
}

}  // namespace
}  // namespace farstat::service
