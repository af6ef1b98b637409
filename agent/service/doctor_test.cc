#include "agent/service/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "tests/support/test_certificates.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A host on which all is well, until a test changes it.
class DoctorTest : public ::testing::Test {
 protected:
  DoctorTest() {
    std::filesystem::create_directory(folder_.Path("state"));
    facts_.paths.folder = folder_.Path("");
    facts_.paths.state_directory = folder_.Path("state");
    facts_.settings_file = folder_.Write("agent.textproto", "listen: '127.0.0.1:9847'");
    facts_.program = "C:\\farstat-agent.exe";
    facts_.now = &absl::Now;
    facts_.rights = [this] { return rights_; };
    facts_.service = [this](const std::string& name) -> absl::StatusOr<SystemService> {
      const auto found = services_.find(name);
      if (found == services_.end()) return absl::NotFoundError("not installed");
      return found->second;
    };
    facts_.needed_services = {{"BFE", "IPsec statistics", false},
                              {"RasMan", "RAS statistics", true}};
    facts_.agent_runs = [this] { return agent_runs_; };
    facts_.probe_listen = [this](const std::string&) { return probe_; };
    facts_.firewall = [this]() -> absl::StatusOr<Firewall> { return firewall_; };
    facts_.command_to_close_file = [this](const std::string&) { return command_to_close_; };
    facts_.examine_families = [this] { return family_findings_; };
    services_["farstat-agent"] = {true, SystemService::Start::kDelayed};
    services_["BFE"] = {true, SystemService::Start::kAutomatic};
    services_["RasMan"] = {false, SystemService::Start::kManual};
    agent_runs_ = true;
    probe_ = absl::UnavailableError("in use");
  }

  void Settings(const std::string& text) { folder_.Write("agent.textproto", text); }
  // Settings that serve the network, with a certificate that is valid for `left`.
  void ServeNetwork(absl::Duration left = 90 * absl::Hours(24),
                    const std::vector<std::string>& names = {"DNS:agent.example"}) {
    const TestAuthority authority("CA", absl::Now() + 900 * absl::Hours(24));
    TestCertificateOptions options;
    options.common_name = "agent";
    options.names = names;
    options.not_after = absl::Now() + left;
    folder_.WriteTlsFiles("agent", authority.certificate(), authority.Issue(options));
    Settings(
        "listen: '0.0.0.0:9847' tls { ca: 'agent-ca.pem' certificate: 'agent.pem' "
        "key: 'agent-key.pem' }");
    firewall_.rules = {"v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=9847|Name=farstat|"};
  }
  // "GRADE subject: found -> advice" of the findings about a subject.
  std::string About(const std::string& subject) {
    report_ = Examine(facts_);
    std::string lines;
    for (const Finding& finding : report_.findings()) {
      if (!absl::StartsWith(finding.subject(), subject)) continue;
      lines += finding.grade() + " " + finding.found() + " -> " + finding.advice() + "\n";
    }
    return lines;
  }

  const TestFolder folder_;
  DoctorFacts facts_;
  std::vector<Right> rights_ = {{"administrator", true, "EStats", "be one"}};
  std::map<std::string, SystemService> services_;
  bool agent_runs_ = false;
  absl::Status probe_;
  Firewall firewall_;
  std::string command_to_close_;
  std::vector<Finding> family_findings_;
  DoctorReport report_;
};

TEST_F(DoctorTest, HealthyHostIsFine) {
  const DoctorReport report = Examine(facts_);
  EXPECT_EQ(report.grade(), "OK") << DoctorText(report, false);
  EXPECT_EQ(DoctorExitCode(report), 0);
  for (const Finding& finding : report.findings()) EXPECT_EQ(finding.advice(), "");
}

TEST_F(DoctorTest, HealthyServerOfTheNetworkIsFine) {
  ServeNetwork();
  const DoctorReport report = Examine(facts_);
  EXPECT_EQ(report.grade(), "OK") << DoctorText(report, false);
  EXPECT_THAT(About("certificate"), AllOf(HasSubstr("agent (DNS:agent.example), valid until 20"),
                                          HasSubstr("(89 days)")));
  EXPECT_THAT(About("firewall"), HasSubstr("\"farstat\" lets TCP port 9847 in from anywhere"));
}

TEST_F(DoctorTest, MissingSettingsAreAWarning) {
  std::filesystem::remove(facts_.settings_file);
  EXPECT_THAT(About("settings"), AllOf(HasSubstr("WARN"), HasSubstr("configure")));
  EXPECT_EQ(DoctorExitCode(report_), 1);
}

TEST_F(DoctorTest, EveryProblemOfSettingsFails) {
  Settings("log_level: 'loud' max_streams: -1 listen: '0.0.0.0:1'");
  EXPECT_THAT(About("settings"), AllOf(HasSubstr("FAIL"), HasSubstr("loud"),
                                       HasSubstr("max_streams"), HasSubstr("mutual TLS")));
  EXPECT_EQ(DoctorExitCode(report_), 2);
}

TEST_F(DoctorTest, CertificatesThatEndAreSaid) {
  ServeNetwork(5 * absl::Hours(24) + absl::Hours(1));
  EXPECT_THAT(About("certificate"), AllOf(HasSubstr("WARN"), HasSubstr("expires in 5 days")));
  ServeNetwork(-absl::Minutes(1));
  EXPECT_THAT(About("certificate"), AllOf(HasSubstr("FAIL"), HasSubstr("expired")));
  ServeNetwork(absl::Hours(2400), {});
  EXPECT_THAT(About("certificate"), AllOf(HasSubstr("WARN"), HasSubstr("subjectAltName")));
  std::filesystem::remove(folder_.Path("agent-key.pem"));
  EXPECT_THAT(About("certificates"), AllOf(HasSubstr("FAIL"), HasSubstr("agent-key.pem")));
}

TEST_F(DoctorTest, RightsThatAreMissingAreExplained) {
  rights_ = {{"administrator", false, "EStats", "be one"}};
  EXPECT_THAT(About("right"), AllOf(HasSubstr("WARN"), HasSubstr("EStats"), HasSubstr("be one")));
}

TEST_F(DoctorTest, ServicesThatAreMissingDisabledOrStopped) {
  services_["BFE"] = {false, SystemService::Start::kAutomatic};
  EXPECT_THAT(About("service BFE"), AllOf(HasSubstr("WARN"), HasSubstr("net start BFE")));
  services_["BFE"] = {true, SystemService::Start::kDisabled};
  EXPECT_THAT(About("service BFE"), AllOf(HasSubstr("disabled, though it still runs"),
                                          HasSubstr("sc config BFE start= auto")));
  services_["RasMan"] = {false, SystemService::Start::kDisabled};
  EXPECT_THAT(About("service RasMan"), HasSubstr("sc config RasMan start= demand"));
  services_.erase("RasMan");
  EXPECT_THAT(About("service RasMan"), AllOf(HasSubstr("WARN"), HasSubstr("not installed")));
  services_.erase("farstat-agent");
  EXPECT_THAT(About("service farstat-agent"), HasSubstr("farstat-agent install"));
  services_["farstat-agent"] = {false, SystemService::Start::kDelayed};
  EXPECT_THAT(About("service farstat-agent"), HasSubstr("event log"));
  services_["farstat-agent"] = {false, SystemService::Start::kDisabled};
  EXPECT_THAT(About("service farstat-agent"), HasSubstr("delayed-auto"));
}

TEST_F(DoctorTest, AddressIsFreeTakenOrNotServed) {
  EXPECT_THAT(About("address"), HasSubstr("OK taken, and the agent runs"));
  agent_runs_ = false;
  EXPECT_THAT(About("address"), AllOf(HasSubstr("FAIL in use"), HasSubstr("netstat")));
  probe_ = absl::OkStatus();
  EXPECT_THAT(About("address"), HasSubstr("OK free"));
  agent_runs_ = true;
  EXPECT_THAT(About("address"), AllOf(HasSubstr("WARN"), HasSubstr("does not listen here")));
}

TEST_F(DoctorTest, FirewallMattersToTheNetworkOnly) {
  EXPECT_EQ(About("firewall"), "") << "loopback";
  ServeNetwork();
  firewall_.rules.clear();
  EXPECT_THAT(About("firewall"), AllOf(HasSubstr("WARN"), HasSubstr("New-NetFirewallRule"),
                                       HasSubstr("9847"), HasSubstr("C:\\farstat-agent.exe")));
  firewall_.rules = {"v2.30|Action=Block|Active=TRUE|Dir=In|Name=closed|"};
  EXPECT_THAT(About("firewall"), AllOf(HasSubstr("FAIL"), HasSubstr("closed")));
  firewall_.rules.clear();
  firewall_.profiles_off = {"public"};
  EXPECT_THAT(About("firewall"), HasSubstr("off for the profile public"));
  facts_.firewall = [] { return absl::UnavailableError("cannot be read"); };
  EXPECT_THAT(About("firewall"), AllOf(HasSubstr("WARN"), HasSubstr("cannot be read")));
  facts_.firewall = nullptr;
  EXPECT_EQ(About("firewall"), "");
}

TEST_F(DoctorTest, FolderThatIsMissingOrOpen) {
  command_to_close_ = "icacls x";
  EXPECT_THAT(About("folders"), AllOf(HasSubstr("FAIL"), HasSubstr("icacls x")));
  std::filesystem::remove(facts_.paths.state_directory);
  EXPECT_THAT(About("folders"), AllOf(HasSubstr("WARN"), HasSubstr("farstat-agent install")));
}

TEST_F(DoctorTest, SystemWithoutServicesIsNotAskedForThem) {
  facts_.service = nullptr;
  EXPECT_EQ(About("service"), "");
}

TEST_F(DoctorTest, TextIsAlignedAndColouredOnlyOnRequest) {
  family_findings_ = {Failure("TCP statistics", "first line\nsecond line", "do this")};
  const DoctorReport report = Examine(facts_);
  const std::string text = DoctorText(report, false);
  EXPECT_THAT(text, Not(HasSubstr("\033")));
  EXPECT_THAT(DoctorText(report, true), HasSubstr("\033[32mOK  \033[0m"));
  EXPECT_THAT(text, HasSubstr("OK    settings               the file can be used\n"));
  EXPECT_THAT(text, HasSubstr("FAIL  TCP statistics         first line\n"
                              "                             second line\n"
                              "                             -> do this\n"));
  EXPECT_THAT(text, HasSubstr(" 1 FAIL\n"));
  EXPECT_EQ(DoctorExitCode(report), 2);
}

TEST_F(DoctorTest, JsonIsTheReport) {
  family_findings_ = {Warning("RAS statistics", "says \"no\"", "ask again")};
  const DoctorReport report = Examine(facts_);
  DoctorReport read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(DoctorJson(report), &read).ok());
  EXPECT_EQ(read.SerializeAsString(), report.SerializeAsString());
  EXPECT_THAT(DoctorJson(report),
              AllOf(HasSubstr("\"grade\": \"WARN\""), HasSubstr("\"settings_file\"")));
}

}  // namespace
}  // namespace farstat::service
