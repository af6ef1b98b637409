// Every member of Windows' structures that the API has is delivered by some simulated host: what
// nobody can see in the simulator is tested by nobody who uses it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/simulator/scenarios.h"
#include "agent/sources/simulated/host.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/ipsec_source.h"
#include "agent/sources/windows/ras_source.h"
#include "agent/sources/windows/tcp_source.h"
#include "farstat/v1/annotations.pb.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/manual_clock.h"

namespace farstat::simulator {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Fields = std::set<std::string>;

bool IsOfWindows(const FieldDescriptor* field) {
  return !field->options().GetExtension(v1::field).windows().empty();
}

bool IsOurs(const Descriptor* message) { return message->file()->package() == "farstat.v1"; }

// The fields below `message` that Windows has.
void AddPromised(const Descriptor* message, Fields& fields) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    if (IsOfWindows(field)) fields.insert(field->full_name());
    if (field->message_type() != nullptr && IsOurs(field->message_type())) {
      AddPromised(field->message_type(), fields);
    }
  }
}

// Those that are set.
void AddSet(const Message& message, Fields& fields) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (IsOfWindows(field)) fields.insert(field->full_name());
    if (field->message_type() == nullptr || !IsOurs(field->message_type())) continue;
    if (!field->is_repeated()) {
      AddSet(message.GetReflection()->GetMessage(message, field), fields);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      AddSet(message.GetReflection()->GetRepeatedMessage(message, field, i), fields);
    }
  }
}

// Notes the fields of the rows of a family.
template <typename Row, typename Totals>
class FieldSink : public sources::RowSink {
 public:
  explicit FieldSink(Fields& fields) : fields_(fields) {}
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    Row parsed;
    Totals totals;
    Message& message = kind == sources::RowKind::kTotals ? static_cast<Message&>(totals) : parsed;
    ASSERT_TRUE(message.ParseFromArray(row.bytes().data(), static_cast<int>(row.bytes().size())));
    AddSet(message, fields_);
  }

 private:
  Fields& fields_;
};

// RAS has no totals.
struct Family {
  std::unique_ptr<sources::Source> source;
  std::unique_ptr<sources::RowSink> sink;
};

void Visit(const std::string& scenario_name, Fields& seen) {
  auto scenario = LoadScenario(scenario_name);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  scenario->mutable_tcp()->mutable_estats()->add_enabled()->set_share(1);
  farstat::testing::ManualClock clock;
  const sources::simulated::Host host(*scenario, 1, clock);
  Family families[] = {{std::make_unique<sources::windows::RasSource>(host.api(), clock),
                        std::make_unique<FieldSink<v1::RasConnection, v1::RasConnection>>(seen)},
                       {std::make_unique<sources::windows::TcpSource>(host.api(), clock),
                        std::make_unique<FieldSink<v1::TcpConnection, v1::TcpStack>>(seen)},
                       {std::make_unique<sources::windows::IpsecSource>(host.api(), clock),
                        std::make_unique<FieldSink<v1::IpsecSa, v1::IpsecTotals>>(seen)},
                       {std::make_unique<sources::windows::IkeSource>(host.api(), clock),
                        std::make_unique<FieldSink<v1::IkeSa, v1::IkeTotals>>(seen)}};
  for (int step = 0; step < 20; ++step) {
    for (Family& family : families) family.source->Collect(~sources::PartMask{0}, *family.sink);
    clock.Advance(absl::Seconds(9));
  }
}

TEST(FieldCoverageTest, ShippedScenariosShowEveryFieldOfWindows) {
  Fields promised;
  for (const Descriptor* row :
       {v1::RasConnection::descriptor(), v1::TcpConnection::descriptor(),
        v1::TcpStack::descriptor(), v1::IpsecSa::descriptor(), v1::IpsecTotals::descriptor(),
        v1::IkeSa::descriptor(), v1::IkeTotals::descriptor()}) {
    AddPromised(row, promised);
  }
  EXPECT_GT(promised.size(), 300u);
  Fields seen;
  for (const ShippedScenario& scenario : ShippedScenarios()) Visit(scenario.name, seen);
  Fields missing;
  for (const std::string& field : promised) {
    if (seen.count(field) == 0) missing.insert(field);
  }
  // Windows itself states no value here, and so does the simulated one.
  EXPECT_THAT(missing, ::testing::ElementsAre("farstat.v1.TcpSendCongestion.lim_cwnd_bytes",
                                              "farstat.v1.TcpStack.max_connections"));
}

}  // namespace
}  // namespace farstat::simulator
