#include "agent/service/firewall_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farstat::service {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kProgram[] = "C:\\Program Files\\farstat\\farstat-agent.exe";

FirewallVerdict Judge(const std::vector<std::string>& rules) {
  return JudgeInbound({{}, rules}, 9847, kProgram);
}

TEST(FirewallRulesTest, NoRuleLetsNothingIn) {
  EXPECT_FALSE(Judge({}).allowed);
  EXPECT_FALSE(Judge({}).blocked);
  EXPECT_FALSE(Judge({"", "v2.30|", "nonsense"}).allowed);
}

TEST(FirewallRulesTest, RuleOfPortAndProgramLetsIn) {
  const FirewallVerdict verdict = Judge(
      {"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9847|RA4=192.0.2.0/255.255.255.0"
       "|RA6=2001:db8::/32|App=c:\\program files\\FARSTAT\\farstat-agent.exe|Name=farstat|"});
  EXPECT_TRUE(verdict.allowed);
  EXPECT_EQ(verdict.rule_name, "farstat");
  EXPECT_THAT(verdict.remote_addresses, ElementsAre("192.0.2.0/255.255.255.0", "2001:db8::/32"));
}

TEST(FirewallRulesTest, OneRuleFromAnywhereIsFromAnywhere) {
  EXPECT_THAT(Judge({"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9847|RA4=LocalSubnet|",
                     "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9847|"})
                  .remote_addresses,
              IsEmpty());
}

TEST(FirewallRulesTest, RangesAndRulesForEverything) {
  EXPECT_TRUE(
      Judge({"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=9000-9999|"}).allowed);
  EXPECT_TRUE(Judge({"v2.30|Action=Allow|Active=TRUE|Dir=In|Name=all|"}).allowed);
  EXPECT_TRUE(Judge({"v2.30|Action=Allow|Active=TRUE|Dir=In|Svc=farstat-agent|"}).allowed);
}

TEST(FirewallRulesTest, WhatIsNotForTheAgentDoesNotMatter) {
  for (const std::string rule :
       {"v2.30|Action=Allow|Active=FALSE|Dir=In|Protocol=6|LPort=9847|",
        "v2.30|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|LPort=9847|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=17|LPort=9847|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9848|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=9848-9999|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=RPC|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|App=C:\\other.exe|",
        "v2.30|Action=Allow|Active=TRUE|Dir=In|Svc=other|"}) {
    EXPECT_FALSE(Judge({rule}).allowed) << rule;
  }
}

TEST(FirewallRulesTest, RuleThatBlocksWins) {
  const FirewallVerdict verdict =
      Judge({"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9847|Name=ours|",
             "v2.30|Action=Block|Active=TRUE|Dir=In|Protocol=6|Name=no servers|"});
  EXPECT_TRUE(verdict.blocked);
  EXPECT_EQ(verdict.rule_name, "no servers");
}

}  // namespace
}  // namespace farstat::service
