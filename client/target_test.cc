#include "client/target.h"

#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_certificates.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  return std::string(ParseTarget(text).status().message());
}

std::vector<std::string> Uris(const std::vector<std::string>& arguments,
                              const std::string& input = "") {
  std::istringstream stream(input);
  const auto targets = ParseTargets(arguments, stream);
  if (!targets.ok()) return {std::string(targets.status().message())};
  std::vector<std::string> uris;
  for (const Target& target : *targets) uris.push_back(target.GrpcUri());
  return uris;
}

TEST(TargetTest, AllWaysToWriteAnAddress) {
  EXPECT_THAT(Uris({"web1", "web1:1", "192.0.2.7", "[2001:db8::1]:2", "2001:db8::2", "::1",
                    "[fe80::1%eth0]:3", "dns:web2", "dns:///web3:4", "münchen"}),
              ElementsAre("dns:///web1:9847", "dns:///web1:1", "ipv4:192.0.2.7:9847",
                          "ipv6:[2001:db8::1]:2", "ipv6:[2001:db8::2]:9847", "ipv6:[::1]:9847",
                          "ipv6:[fe80::1%25eth0]:3", "dns:///web2:9847", "dns:///web3:4",
                          "dns:///münchen:9847"));
}

TEST(TargetTest, MalformedAddressesAreExplained) {
  EXPECT_THAT(ErrorOf("web1:0"), HasSubstr("not a number from 1 to 65535"));
  EXPECT_THAT(ErrorOf("web1:http"), HasSubstr("not a number from 1 to 65535"));
  EXPECT_THAT(ErrorOf("web1:65536"), HasSubstr("not a number from 1 to 65535"));
  EXPECT_THAT(ErrorOf("web1:"), HasSubstr("the port is missing"));
  EXPECT_THAT(ErrorOf(":9847"), HasSubstr("the host is missing"));
  EXPECT_THAT(ErrorOf("[::1"), HasSubstr("\"]\" is missing"));
  EXPECT_THAT(ErrorOf("[web1]:1"), HasSubstr("no IPv6 address"));
  EXPECT_THAT(ErrorOf("[::1]9847"), HasSubstr("\":\" must follow"));
  EXPECT_THAT(ErrorOf("a b"), HasSubstr("no host has such a name"));
  EXPECT_THAT(ErrorOf("-v"), HasSubstr("no host has such a name"));
  EXPECT_THAT(ErrorOf("http://web1"), HasSubstr("this is a URL"));
  EXPECT_THAT(ErrorOf("srv:_farstat._tcp.example"), HasSubstr("SRV records are not looked up yet"));
  EXPECT_THAT(ErrorOf("web1:0"), HasSubstr("target \"web1:0\""));
}

TEST(TargetTest, ListsComeFromCommasFilesAndStandardInput) {
  const TestFolder folder;
  const std::string file = folder.Write("fleet.txt",
                                        "# the fleet\n"
                                        "\n"
                                        "web1   name=front tags=env=prod,role=web\n"
                                        "  10.0.0.1,10.0.0.2:5 tags=env=test   # two\n");
  EXPECT_THAT(Uris({"a,b , c", "@" + file, "-"}, "d\ne:7\n"),
              ElementsAre("dns:///a:9847", "dns:///b:9847", "dns:///c:9847", "dns:///web1:9847",
                          "ipv4:10.0.0.1:9847", "ipv4:10.0.0.2:5", "dns:///d:9847", "dns:///e:7"));
}

TEST(TargetTest, MistakesInFilesNameTheirLine) {
  EXPECT_THAT(Uris({"-"}, "a\nb:x\n"), ElementsAre(HasSubstr("standard input:2: target \"b:x\"")));
  EXPECT_THAT(Uris({"-"}, "a prod\n"), ElementsAre(HasSubstr("neither name=NAME nor tags=")));
  EXPECT_THAT(Uris({"-"}, "a,b name=x\n"), ElementsAre(HasSubstr("for one address")));
  EXPECT_THAT(
      Uris({"-"}, "a name=x\nb name=x\n"),
      ElementsAre(AllOf(HasSubstr("standard input:2:"), HasSubstr("two targets are named x"))));
  EXPECT_THAT(Uris({"@/no/such/file"}), ElementsAre(HasSubstr("No such file or directory")));
  EXPECT_THAT(Uris({"-"}, "# nothing\n"), ElementsAre(HasSubstr("the target list is empty")));
}

TEST(TargetTest, RepetitionsCountOnce) {
  EXPECT_THAT(Uris({"a,a", "a"}), ElementsAre("dns:///a:9847"));
}

TEST(TargetTest, NothingMeansThisHost) {
  EXPECT_THAT(Uris({}), ElementsAre("ipv4:127.0.0.1:9847"));
}

TEST(TargetTest, NamesAndLoopback) {
  const Target named = *ParseTarget("web1:1");
  EXPECT_EQ(named.name, "web1:1");
  EXPECT_FALSE(named.IsLoopback());
  for (const char* const loopback :
       {"127.0.0.1", "127.9.9.9:1", "[::1]:1", "localhost", "LOCALHOST"}) {
    EXPECT_TRUE(ParseTarget(loopback)->IsLoopback()) << loopback;
  }
  EXPECT_FALSE(ParseTarget("127.example.org")->IsLoopback());
}

class TagsTest : public ::testing::Test {
 protected:
  std::vector<std::string> Select(const std::vector<std::string>& selectors) {
    std::istringstream input(
        "a tags=env=prod,role=web\nb tags=env=prod,role=db\nc tags=env=test\nd\n");
    const auto targets = SelectByTags(*ParseTargets({"-"}, input), selectors);
    if (!targets.ok()) return {std::string(targets.status().message())};
    std::vector<std::string> names;
    for (const Target& target : *targets) names.push_back(target.name);
    return names;
  }
};

TEST_F(TagsTest, KeysAreAndedValuesAreOred) {
  EXPECT_THAT(Select({}), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Select({"env=prod"}), ElementsAre("a", "b"));
  EXPECT_THAT(Select({"env=prod", "role=db"}), ElementsAre("b"));
  EXPECT_THAT(Select({"env=prod", "env=test"}), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Select({"role"}), ElementsAre("a", "b"));
}

TEST_F(TagsTest, NoMatchIsAnErrorWithASuggestion) {
  EXPECT_THAT(Select({"env=prd"}), ElementsAre(HasSubstr("Did you mean env=prod?")));
  EXPECT_THAT(Select({"=x"}), ElementsAre(HasSubstr("write key=value")));
}

}  // namespace
}  // namespace farstat::client
