// Every collector again and again, each time with another of its calls failing, in each way that is
// documented for that function: no crash, no leak, what is missing is told, and the next collection
// is whole again.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/sources/simulated/host.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/ipsec_source.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/tcp_source.h"
#include "common/status.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/call_faults.h"
#include "tests/support/manual_clock.h"

namespace farstat::sources::simulated {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using windows::CallFaults;

// A few rows of everything, so that each call can fail in its turn.
constexpr char kScenario[] = R"(
ras {
  connections { name: "Head office" kind: RAS_KIND_IKEV2 connected_for_s: 60 in_kbps: 900 out_kbps: 220 }
  connections { name: "Branch" kind: RAS_KIND_SSTP connected_for_s: 60 in_kbps: 90 out_kbps: 20 }
}
tcp {
  local_addresses: "192.168.1.20"
  local_addresses: "2001:db8:1::20"
  processes { name: "svchost.exe" id: "terminal" service: "TermService" }
  processes { name: "backup.exe" }
  listeners { process: "terminal" port: 3389 }
  paths { name: "lan" rtt_ms: 0.6 up_mbps: 1000 queue_ms: 5 }
  connections { name: "desktop" count: 1 processes: "terminal" inbound: true port: 3389 path: "lan"
                peers: "192.168.1.40/32" traffic { out_kbps: 300 } }
  connections { name: "backup" count: 1 processes: "backup.exe" port: 445 path: "lan"
                peers: "2001:db8:1::9/128" ipv6_share: 1 traffic { out_unlimited: true } }
  estats { enabled { share: 1 } }
}
filter_engine {
  peers { count: 2 first_contact_s: -60 inbound_bytes_per_s: 9000 outbound_bytes_per_s: 4000 }
  peers { count: 1 transport_mode: true ipv6: true key_module: KEY_MODULE_AUTHIP
          first_contact_s: -60 inbound_bytes_per_s: 9000 outbound_bytes_per_s: 4000 }
  dos_protection { state: STATE_ACTIVE packets_per_s: 40 state_entries_per_s: 6 }
})";

Scenario SmallScenario() {
  Scenario scenario;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kScenario, &scenario));
  EXPECT_TRUE(CheckScenario(scenario).ok()) << CheckScenario(scenario);
  return scenario;
}

constexpr PartMask kEverything = (PartMask{1} << kMaxParts) - 1;

// The fields that a message has, with those of the messages in it: "statistics.bytes_in".
void ListFields(const Message& message, const std::string& prefix, std::set<std::string>& fields) {
  std::vector<const FieldDescriptor*> present;
  message.GetReflection()->ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    const std::string path = absl::StrCat(prefix, field->name());
    fields.insert(path);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      ListFields(message.GetReflection()->GetMessage(message, field), path + ".", fields);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      ListFields(message.GetReflection()->GetRepeatedMessage(message, field, i),
                 absl::StrCat(path, "[", i, "]."), fields);
    }
  }
}

// What one collection came to: the fields of each row, by key; the totals have an empty key.
struct Collection {
  Outcome outcome;
  std::map<std::string, std::set<std::string>> rows;
};

// How a family's rows are made and read.
struct FamilyUnderTest {
  const char* name;
  std::unique_ptr<Source> (*make)(const windows::Api&, const Clock&);
  std::unique_ptr<Message> (*new_row)();
  std::unique_ptr<Message> (*new_totals)();
};

template <typename T>
std::unique_ptr<Source> MakeSource(const windows::Api& api, const Clock& clock) {
  return std::make_unique<T>(api, clock);
}
template <typename T>
std::unique_ptr<Message> New() {
  return std::make_unique<T>();
}

class ParsingSink : public RowSink {
 public:
  ParsingSink(const FamilyUnderTest& family, Collection& collection)
      : family_(family), collection_(collection) {}

  void Put(RowKind kind, RowWriter& row) override {
    const auto message = kind == RowKind::kRow ? family_.new_row() : family_.new_totals();
    ASSERT_TRUE(message->ParseFromString(std::string(row.bytes()))) << family_.name;
    const std::string key = kind == RowKind::kRow ? std::string(row.key()) : "";
    ListFields(*message, "", collection_.rows[key]);
  }

 private:
  const FamilyUnderTest& family_;
  Collection& collection_;
};

Collection Collect(const FamilyUnderTest& family, Source& source) {
  Collection collection;
  ParsingSink sink(family, collection);
  collection.outcome = source.Collect(kEverything, sink);
  return collection;
}

// One simulated host with one collector on it.
class Setting {
 public:
  Setting(const FamilyUnderTest& family, const Scenario& scenario)
      : family_(family),
        host_(scenario, /*seed=*/7, clock_),
        faults_(host_.api()),
        source_(family.make(faults_.api(), clock_)) {}

  CallFaults& faults() { return faults_; }
  const Host& host() const { return host_; }
  Collection Collect() {
    clock_.Advance(absl::Seconds(1));
    return simulated::Collect(family_, *source_);
  }
  // Longer than any back-off.
  void Wait() { clock_.Advance(absl::Minutes(10)); }

 private:
  const FamilyUnderTest& family_;
  testing::ManualClock clock_;
  Host host_;
  CallFaults faults_;
  std::unique_ptr<Source> source_;
};

// Fields that `whole` has and `part` lacks.
std::vector<std::string> Missing(const Collection& whole, const Collection& part) {
  std::vector<std::string> missing;
  for (const auto& [key, fields] : whole.rows) {
    const auto it = part.rows.find(key);
    if (it == part.rows.end()) {
      missing.push_back("a whole row");
      continue;
    }
    for (const std::string& field : fields) {
      if (it->second.count(field) == 0) missing.push_back(field);
    }
  }
  return missing;
}

// Whether a row of `part` says what it lacks, in a field that it has only then.
bool RowsSaySo(const Collection& whole, const Collection& part) {
  for (const auto& [key, fields] : part.rows) {
    const auto it = whole.rows.find(key);
    if (it == whole.rows.end()) continue;
    for (const std::string& field : fields) {
      if (it->second.count(field) == 0) return true;
    }
  }
  return false;
}

void ExpectTold(const Collection& whole, const Collection& faulty, const std::string& fault) {
  if (!faulty.outcome.status.ok()) {
    const v1::ErrorInfo error = ErrorInfoOf(faulty.outcome.status);
    EXPECT_TRUE(error.metadata().contains("api")) << fault << ": " << faulty.outcome.status;
    return;
  }
  const std::vector<std::string> missing = Missing(whole, faulty);
  if (missing.empty()) return;
  EXPECT_TRUE(!faulty.outcome.partial.ok() || faulty.outcome.vanished_rows > 0 ||
              RowsSaySo(whole, faulty))
      << fault << ": missing and not told: " << missing[0] << " and " << missing.size() - 1
      << " more";
}

class FaultSweepTest : public ::testing::TestWithParam<FamilyUnderTest> {};

TEST_P(FaultSweepTest, EveryCallFailsInEveryDocumentedWay) {
  const Scenario scenario = SmallScenario();
  std::vector<std::string> calls;
  Collection whole;
  {
    Setting setting(GetParam(), scenario);
    setting.Collect();
    setting.faults().Record();
    whole = setting.Collect();
    calls = setting.faults().called();
    ASSERT_TRUE(whole.outcome.status.ok()) << whole.outcome.status;
    ASSERT_FALSE(whole.rows.empty());
  }
  ASSERT_GT(calls.size(), 3u);
  int faults = 0;
  for (size_t n = 1; n <= calls.size(); ++n) {
    for (const uint32_t code : windows::DocumentedFailures(calls[n - 1])) {
      const std::string fault = absl::StrCat("call ", n, ", ", calls[n - 1], ", gives ", code);
      SCOPED_TRACE(fault);
      Setting setting(GetParam(), scenario);
      setting.Collect();
      setting.faults().Fail(n, code);
      const Collection faulty = setting.Collect();
      if (!windows::SaysThereIsLess(calls[n - 1], code)) ExpectTold(whole, faulty, fault);
      setting.faults().Record();
      setting.Wait();
      const Collection after = setting.Collect();
      EXPECT_TRUE(after.outcome.status.ok()) << after.outcome.status;
      EXPECT_EQ(setting.host().filter_engine().LiveArrays(), 0);
      EXPECT_EQ(setting.host().filter_engine().LiveEnumHandles(), 0);
      EXPECT_EQ(setting.host().filter_engine().Violations(), 0);
      ++faults;
    }
  }
  EXPECT_GT(faults, 10);
}

INSTANTIATE_TEST_SUITE_P(
    Families, FaultSweepTest,
    ::testing::Values(FamilyUnderTest{"ras", MakeSource<windows::RasSource>, New<v1::RasConnection>,
                                      New<v1::RasConnection>},
                      FamilyUnderTest{"tcp", MakeSource<windows::TcpSource>, New<v1::TcpConnection>,
                                      New<v1::TcpStack>},
                      FamilyUnderTest{"ipsec", MakeSource<windows::IpsecSource>, New<v1::IpsecSa>,
                                      New<v1::IpsecTotals>},
                      FamilyUnderTest{"ike", MakeSource<windows::IkeSource>, New<v1::IkeSa>,
                                      New<v1::IkeTotals>}),
    [](const ::testing::TestParamInfo<FamilyUnderTest>& family) { return family.param.name; });

}  // namespace
}  // namespace farstat::sources::simulated
