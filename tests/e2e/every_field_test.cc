// Every field that Windows has for farstat is seen on the command line from a simulated host: in
// `-o jsonl` by its name, and for the fields of rows also as a column of `--columns all`. The
// fields are those of the descriptors, so that a new one is looked for by itself.

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "farstat/v1/annotations.pb.h"
#include "farstat/v1/ike.pb.h"
#include "farstat/v1/ipsec.pb.h"
#include "farstat/v1/ras.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "google/protobuf/struct.pb.h"
#include "tests/support/process.h"
#include "tests/support/running_simulator.h"

namespace farstat::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using Names = std::set<std::string>;

// What no simulated Windows shows, and why. Fields that only Linux has are not listed: their
// annotation says so, and the test holds them to it.
const std::map<std::string, std::string>& NeverShown() {
  const std::string no_value = "Windows itself states no value here";
  const std::string zero = "JSON leaves out zero and false, and nothing of the kind happens here";
  const std::string no_counters = "Windows counts nothing for a single SA";
  const std::string links =
      "links go down without an error here; a connection's status is the same message";
  const std::string other_modules =
      "only IKEv2 and AuthIP fail here, whose errors are the same message";
  static const auto& fields = *new std::map<std::string, std::string>{
      {"tcp row send_congestion.lim_cwnd_bytes", no_value},
      {"tcp column send_congestion.lim_cwnd_bytes", no_value},
      {"tcp totals max_connections", no_value},
      {"ipsec row accumulation.since", no_counters},
      {"ipsec row accumulation.wraps", no_counters},
      {"ipsec row accumulation.resets", no_counters},
      {"ipsec row accumulation.uncertain", no_counters},
      {"ipsec column accumulation.since", no_counters},
      {"ipsec column accumulation.wraps", no_counters},
      {"ipsec column accumulation.resets", no_counters},
      {"ipsec column accumulation.uncertain", no_counters},
      {"ike totals ike.errors.code", other_modules},
      {"ike totals ike.errors.symbol", other_modules},
      {"ike totals ike.errors.text", other_modules},
      {"ike totals ike.errors.count", other_modules},
      {"ras row links.status.error_symbol", links},
      {"ras row links.status.error_text", links},
      {"ras column links.status.error_symbol", links},
      {"ras column links.status.error_text", links},
      {"ras row links.win32_code", zero},
      {"tcp row missing_groups.win32_code", zero},
      {"ras row accumulation.wraps", zero},
      {"ras row accumulation.resets", zero},
      {"ras row accumulation.uncertain", zero},
      {"ras row links.accumulation.wraps", zero},
      {"ras row links.accumulation.resets", zero},
      {"ras row links.accumulation.uncertain", zero},
      {"tcp row accumulation.wraps", zero},
      {"tcp row accumulation.resets", zero},
      {"tcp row accumulation.uncertain", zero},
      {"tcp totals accumulation.wraps", zero},
      {"tcp totals accumulation.resets", zero},
      {"tcp totals accumulation.uncertain", zero},
      {"ipsec totals accumulation.wraps", zero},
      {"ipsec totals accumulation.resets", zero},
      {"ipsec totals accumulation.uncertain", zero},
      {"ike totals accumulation.wraps", zero},
      {"ike totals accumulation.resets", zero},
      {"ike totals accumulation.uncertain", zero},
  };
  return fields;
}

// A value below a message, by its path: "data.thru_bytes_acked".
struct Leaf {
  std::string path;
  const FieldDescriptor* field;

  bool is_of_linux_only() const {
    const v1::FieldInfo& info = field->options().GetExtension(v1::field);
    return info.windows().empty() && !info.linux().empty();
  }
};

void CollectLeaves(const Descriptor* message, const std::string& prefix,
                   std::vector<Leaf>& leaves) {
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* field = message->field(i);
    const std::string path = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name());
    // Times are messages of Protobuf's own, and one value for people.
    if (field->message_type() == nullptr ||
        field->message_type()->file()->package() != "farstat.v1") {
      leaves.push_back({path, field});
    } else {
      CollectLeaves(field->message_type(), path, leaves);
    }
  }
}

std::vector<Leaf> LeavesOf(const Descriptor* message) {
  std::vector<Leaf> leaves;
  if (message != nullptr) CollectLeaves(message, "", leaves);
  return leaves;
}

struct FamilyOfTest {
  std::string name;
  const Descriptor* row;
  const Descriptor* totals;
};

std::vector<FamilyOfTest> FamiliesOfTest() {
  return {{"ras", v1::RasConnection::descriptor(), nullptr},
          {"tcp", v1::TcpConnection::descriptor(), v1::TcpStack::descriptor()},
          {"ipsec", v1::IpsecSa::descriptor(), v1::IpsecTotals::descriptor()},
          {"ike", v1::IkeSa::descriptor(), v1::IkeTotals::descriptor()}};
}

// The fields that only Linux has, or all others: "tcp row data.thru_bytes_acked", "tcp column
// data.thru_bytes_acked", "tcp totals active_opens", …
Names NamesOfFields(bool of_linux_only) {
  Names names;
  for (const FamilyOfTest& family : FamiliesOfTest()) {
    const auto add = [&](const std::string& where, const Leaf& leaf) {
      if (leaf.is_of_linux_only() != of_linux_only) return;
      names.insert(absl::StrCat(family.name, " ", where, " ", leaf.path));
    };
    for (const Leaf& leaf : LeavesOf(family.row)) {
      add("row", leaf);
      add("column", leaf);
    }
    for (const Leaf& leaf : LeavesOf(family.totals)) add("totals", leaf);
  }
  return names;
}

void AddMembers(const google::protobuf::Value& value, const std::string& path, Names& seen) {
  if (value.has_list_value()) {
    for (const auto& entry : value.list_value().values()) AddMembers(entry, path, seen);
  } else if (value.has_struct_value()) {
    for (const auto& [name, member] : value.struct_value().fields()) {
      AddMembers(member, absl::StrCat(path, absl::EndsWith(path, " ") ? "" : ".", name), seen);
    }
  } else {
    seen.insert(path);
  }
}

// The command line and a simulated host, and what was seen there so far.
class Onlooker {
 public:
  Onlooker(const std::string& scenario, Names families)
      : families_(std::move(families)),
        simulator_(1, {"--scenario", scenario, "--local-operators"}) {
    if (families_.count("tcp") > 0) Farstat({"estats", "enable", "--all", "--groups", "all"});
  }

  void Look(Names& seen) {
    for (const FamilyOfTest& family : FamiliesOfTest()) {
      if (families_.count(family.name) == 0) continue;
      LookAtRecords(family, seen);
      LookAtColumns(family, seen);
    }
  }

 private:
  std::string Farstat(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-t", simulator_.addresses().at(0)});
    const Finished finished = RunToEnd(Binary("farstat"), arguments);
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
    return finished.out;
  }

  void LookAtRecords(const FamilyOfTest& family, Names& seen) {
    std::vector<std::string> arguments = {"get", family.name, "-o", "jsonl"};
    if (family.name == "tcp") arguments.push_back("--owner");
    for (const absl::string_view line : absl::StrSplit(Farstat(arguments), '\n')) {
      google::protobuf::Struct record;
      if (line.empty()) continue;
      ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &record).ok())
          << line;
      const std::string kind = record.fields().at("kind").string_value();
      if (kind != "row" && kind != "totals") continue;
      AddMembers(record.fields().at("data"), absl::StrCat(family.name, " ", kind, " "), seen);
    }
  }

  // Cells are at least two blanks apart and have no two blanks inside.
  static std::vector<std::string> CellsOf(absl::string_view line) {
    std::vector<std::string> cells;
    for (const absl::string_view cell : absl::StrSplit(line, "  ", absl::SkipEmpty())) {
      const absl::string_view text = absl::StripAsciiWhitespace(cell);
      if (!text.empty()) cells.emplace_back(text);
    }
    return cells;
  }

  void LookAtColumns(const FamilyOfTest& family, Names& seen) {
    const std::vector<Leaf> leaves = LeavesOf(family.row);
    bool below_heading = false;
    for (const absl::string_view line :
         absl::StrSplit(Farstat({"get", family.name, "--columns", "all"}), '\n')) {
      const std::vector<std::string> cells = CellsOf(line);
      if (cells.size() != leaves.size()) continue;
      for (size_t i = 0; i < cells.size(); ++i) {
        if (!below_heading) {
          EXPECT_TRUE(IsHeadingOf(leaves[i], cells[i])) << cells[i] << " over " << leaves[i].path;
        } else if (cells[i] != "-") {
          seen.insert(absl::StrCat(family.name, " column ", leaves[i].path));
        }
      }
      below_heading = true;
    }
  }

  // The title of the annotation, or the field's name without its unit.
  static bool IsHeadingOf(const Leaf& leaf, const std::string& heading) {
    const std::string& title = leaf.field->options().GetExtension(v1::field).title();
    if (!title.empty()) return heading == title;
    const std::string name = absl::StrReplaceAll(absl::AsciiStrToLower(heading), {{"-", "_"}});
    return absl::StartsWith(leaf.field->name(), name);
  }

  const Names families_;
  RunningSimulator simulator_;
};

TEST(EveryFieldTest, IsSeenOnTheCommandLineFromASimulatedHost) {
  Names wanted = NamesOfFields(/*of_linux_only=*/false);
  EXPECT_GT(wanted.size(), 600u);
  for (const auto& [name, reason] : NeverShown()) {
    EXPECT_EQ(wanted.erase(name), 1u) << name << " is no field";
  }
  const Names all = {"ras", "tcp", "ipsec", "ike"};
  std::vector<std::unique_ptr<Onlooker>> onlookers;
  for (const char* scenario : {"healthy_office", "flapping_vpn", "ike_failing", "older_windows"}) {
    onlookers.push_back(std::make_unique<Onlooker>(scenario, all));
  }
  // Dial-up lines and protection against denial of service; its ten thousand connections have
  // nothing else to show.
  onlookers.push_back(std::make_unique<Onlooker>("busy_vpn_gateway", Names{"ras", "ipsec", "ike"}));
  Names seen;
  Names missing = wanted;
  // Errors and retransmissions take their time.
  const absl::Time end = absl::Now() + absl::Seconds(90);
  while (!missing.empty() && absl::Now() < end && !HasFailure()) {
    for (const std::unique_ptr<Onlooker>& onlooker : onlookers) onlooker->Look(seen);
    missing.clear();
    for (const std::string& name : wanted) {
      if (seen.count(name) == 0) missing.insert(name);
    }
  }
  for (const std::string& name : NamesOfFields(/*of_linux_only=*/true)) {
    // Identities are never absent, so that their columns show zero.
    if (absl::StrContains(name, " column key.")) continue;
    EXPECT_EQ(seen.count(name), 0u) << name << " is said to be Linux's alone";
  }
  EXPECT_THAT(missing, ::testing::IsEmpty()) << absl::StrJoin(missing, "\n");
}

}  // namespace
}  // namespace farstat::testing
