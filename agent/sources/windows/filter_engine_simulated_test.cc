// The IPsec and IKE collectors against the simulated filter engine: long runs with rekeys, wraps
// and restarts, and every call failing in turn.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/sources/ike_rows.h"
#include "agent/sources/ipsec_rows.h"
#include "agent/sources/windows/ike_source.h"
#include "agent/sources/windows/ipsec_source.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "farstat/v1/annotations.pb.h"
#include "tests/support/filter_engine_rows.h"
#include "tests/support/simulated_filter_engine.h"

namespace farstat::sources::windows {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

using farstat::testing::SimulatedFilterEngine;
using IpsecRows = farstat::testing::FilterEngineRows<v1::IpsecSa, v1::IpsecTotals, IpsecFacts>;
using IkeRows = farstat::testing::FilterEngineRows<v1::IkeSa, v1::IkeTotals, IkeFacts>;

constexpr PartMask kAllIpsec =
    PartBit(kIpsecTotalsPart) | PartBit(kIpsecDosProtectionPart) | PartBit(kIpsecSasPart);
constexpr PartMask kAllIke = PartBit(kIkeTotalsPart) | PartBit(kIkeSasPart);

// Every kind of peer, more of them than a page of SAs holds, failures and drops.
constexpr char kPeers[] = R"(filter_engine {
  peers { count: 120 nat_traversal: true sa_pairs: 2 offloaded: true
          lifetime_s: 300 main_mode_lifetime_s: 1200
          inbound_bytes_per_s: 10000 outbound_bytes_per_s: 5000 }
  peers { count: 20 ipv6: true authentication: AUTHENTICATION_PRESHARED_KEY
          main_mode_failures { code: 13801 share: 0.3 } retry_s: 20 session_s: 60 pause_s: 60 }
  peers { count: 30 transport_mode: true key_module: KEY_MODULE_AUTHIP ip_protocol: 6
          local_port: 445 authentication: AUTHENTICATION_KERBEROS impersonation_share: 0.5 }
  peers { count: 5 transport_mode: true protection: PROTECTION_AH
          authentication: AUTHENTICATION_EAP quick_mode_failures { code: 13868 share: 0.2 } }
  drops { esp_replay_per_s: 3 ah_invalid_spi_per_s: 2 clear_text_per_s: 5 }
  ike_disturbances { invalid_packets_per_s: 4 ipv4_send_failures_per_s: 1 }
  dos_protection { state: STATE_ACTIVE packets_per_s: 50 state_entries_per_s: 2 }
  counters_start: 4294967000
})";

// Counters of a message and of the messages in it, by their path.
void CollectCounters(const google::protobuf::Message& message, const std::string& path,
                     std::map<std::string, uint64_t>& counters) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    const std::string name = path + "." + field->name();
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field->is_repeated()) {
        CollectCounters(message.GetReflection()->GetMessage(message, field), name, counters);
      }
    } else if (field->options().GetExtension(v1::field).kind() == v1::FIELD_KIND_COUNTER) {
      counters[name] = ValueOf(message, *field);
    }
  }
}

std::map<std::string, uint64_t> CountersOf(const v1::IpsecTotals& totals) {
  std::map<std::string, uint64_t> counters;
  CollectCounters(totals, "", counters);
  return counters;
}

std::map<std::string, uint64_t> CountersOf(const v1::IkeTotals& totals) {
  std::map<std::string, uint64_t> counters;
  CollectCounters(totals, "", counters);
  for (const auto& [name, module] :
       {std::pair("ike", &totals.ike()), std::pair("authip", &totals.authip()),
        std::pair("ikev2", &totals.ikev2())}) {
    for (const v1::IkeErrorCount& error : module->errors()) {
      counters[absl::StrCat(name, " ", error.symbol())] = error.count();
    }
  }
  return counters;
}

void ExpectNoneFell(const std::map<std::string, uint64_t>& before,
                    const std::map<std::string, uint64_t>& after) {
  for (const auto& [path, value] : before) {
    const auto found = after.find(path);
    ASSERT_NE(found, after.end()) << path;
    ASSERT_GE(found->second, value) << path;
  }
}

void ExpectNothingHeld(const SimulatedFilterEngine& host, int sessions) {
  EXPECT_EQ(host.model.LiveEngines(), sessions);
  EXPECT_EQ(host.model.LiveEnumHandles(), 0);
  EXPECT_EQ(host.model.LiveArrays(), 0);
  EXPECT_EQ(host.model.Violations(), 0);
}

// Pitfall 31.
TEST(FilterEngineSimulatedTest, EveryRowIsGoodAndWithoutSecrets) {
  SimulatedFilterEngine host(kPeers);
  IpsecSource ipsec(host.api, host.clock);
  IkeSource ike(host.api, host.clock);
  for (int minute = 0; minute < 20; ++minute) {
    IpsecRows ipsec_rows;
    IkeRows ike_rows;
    const Outcome ipsec_outcome = ipsec.Collect(kAllIpsec, ipsec_rows);
    const Outcome ike_outcome = ike.Collect(kAllIke, ike_rows);
    ASSERT_TRUE(ipsec_outcome.status.ok() && ipsec_outcome.partial.ok());
    ASSERT_TRUE(ike_outcome.status.ok() && ike_outcome.partial.ok());
    EXPECT_GT(ipsec_rows.rows().size(), 400u);
    EXPECT_TRUE(ipsec_rows.totals().has_dos_protection());
    std::set<std::string> keys;
    for (const v1::IpsecSa& sa : ipsec_rows.rows()) {
      EXPECT_TRUE(keys.insert(sa.key().SerializeAsString()).second);
      EXPECT_TRUE(sa.has_local_address() && sa.has_remote_address() && sa.has_mode());
      EXPECT_EQ(sa.transforms_size(), 1);
    }
    std::set<uint64_t> main_modes;
    for (const v1::IkeSa& sa : ike_rows.rows()) {
      EXPECT_TRUE(main_modes.insert(sa.key().sa_id()).second);
      EXPECT_EQ(sa.authentications_size(), 1);
    }
    for (const auto* rows : {&ipsec_rows.bytes(), &ike_rows.bytes()}) {
      for (const std::string& row : *rows) {
        ASSERT_THAT(row, Not(HasSubstr("SECRET")));
        ASSERT_THAT(row, Not(HasSubstr(std::string("S\0E\0C\0R\0E\0T", 11))));
      }
    }
    ExpectNothingHeld(host, 2);
    host.clock.Advance(absl::Minutes(1));
  }
}

// Counters begin shortly before 2^32, and both services restart again and again.
// Pitfall 24. Pitfall 29.
TEST(FilterEngineSimulatedTest, TotalsNeverFallOverWrapsAndRestarts) {
  SimulatedFilterEngine host(
      std::string(
          "service_outages { service: 'BFE' after_s: 300 duration_s: 40 every_s: 900 }"
          "service_outages { service: 'IKEEXT' after_s: 500 duration_s: 20 every_s: 700 }") +
      kPeers);
  // The services' own states.
  host.world.Fill(host.api);
  IpsecSource ipsec(host.api, host.clock);
  IkeSource ike(host.api, host.clock);
  std::map<std::string, uint64_t> ipsec_before;
  std::map<std::string, uint64_t> ike_before;
  v1::IpsecTotals ipsec_totals;
  v1::IkeTotals ike_totals;
  int ipsec_failures = 0;
  int ike_failures = 0;
  for (int tick = 0; tick < 720; ++tick) {
    IpsecRows ipsec_rows;
    const Outcome ipsec_outcome = ipsec.Collect(PartBit(kIpsecTotalsPart), ipsec_rows);
    if (ipsec_outcome.status.ok()) {
      ipsec_totals = ipsec_rows.totals();
      const auto counters = CountersOf(ipsec_totals);
      ASSERT_NO_FATAL_FAILURE(ExpectNoneFell(ipsec_before, counters));
      ipsec_before = counters;
    } else {
      ++ipsec_failures;
      EXPECT_EQ(ErrorInfoOf(ipsec_outcome.status).reason(), kSourceStopped);
    }
    IkeRows ike_rows;
    const Outcome ike_outcome = ike.Collect(PartBit(kIkeTotalsPart), ike_rows);
    if (ike_outcome.status.ok()) {
      ike_totals = ike_rows.totals();
      const auto counters = CountersOf(ike_totals);
      ASSERT_NO_FATAL_FAILURE(ExpectNoneFell(ike_before, counters));
      ike_before = counters;
    } else {
      ++ike_failures;
      EXPECT_EQ(ErrorInfoOf(ike_outcome.status).reason(), kSourceStopped);
    }
    host.clock.Advance(absl::Seconds(10));
  }
  // Two hours: BFE was away eight times, IKEEXT ten times.
  EXPECT_GE(ipsec_failures, 8 * 4);
  EXPECT_GE(ike_failures, 8 * 4 + 10);
  EXPECT_EQ(ipsec_totals.accumulation().resets(), 8u);
  EXPECT_EQ(ike_totals.accumulation().resets(), 10u);
  EXPECT_GT(ipsec_totals.accumulation().wraps(), 0u);
  EXPECT_GT(ike_totals.accumulation().wraps(), 0u);
  EXPECT_FALSE(ipsec_totals.accumulation().uncertain());
  EXPECT_FALSE(ike_totals.accumulation().uncertain());
  ExpectNothingHeld(host, 2);
}

// Pitfall 26.
TEST(FilterEngineSimulatedTest, AnAccountWithoutRightsIsToldSo) {
  SimulatedFilterEngine host(std::string("not_administrator: true ") + kPeers);
  IpsecSource ipsec(host.api, host.clock);
  IkeSource ike(host.api, host.clock);
  IpsecRows ipsec_rows;
  EXPECT_EQ(ErrorInfoOf(ipsec.Collect(kAllIpsec, ipsec_rows).status).reason(),
            kAgentLacksPrivilege);
  IkeRows ike_rows;
  EXPECT_EQ(ErrorInfoOf(ike.Collect(kAllIke, ike_rows).status).reason(), kAgentLacksPrivilege);
  ExpectNothingHeld(host, 2);
}

// --- Every call fails in turn ---

// Lets one of the calls of a table fail.
class FailingCall {
 public:
  explicit FailingCall(Api& api) {
    VisitEntries(
        api, [this](absl::string_view, absl::string_view name, auto& entry) { Wrap(name, entry); });
  }

  // The call with this number, counted from now on and from 1; 0: none.
  void Arm(int number, uint32_t code) {
    number_ = number;
    code_ = code;
    calls_ = 0;
  }
  int calls() const { return calls_; }

 private:
  template <typename... Arguments>
  void Wrap(absl::string_view name, std::function<uint32_t(Arguments...)>& entry) {
    if (!entry) return;
    // What gives something back does so, whatever it says of it.
    const bool gives_back = name.find("Close") != absl::string_view::npos ||
                            name.find("Destroy") != absl::string_view::npos;
    entry = [this, gives_back, call = entry](Arguments... arguments) {
      const bool fails = ++calls_ == number_;
      if (fails && !gives_back) return code_;
      const uint32_t result = call(arguments...);
      return fails ? code_ : result;
    };
  }
  template <typename... Arguments>
  void Wrap(absl::string_view, std::function<void(Arguments...)>&) {}

  int number_ = 0;
  uint32_t code_ = 0;
  int calls_ = 0;
};

// A collection in which one call fails, and the next one. `warm`: the session is open already.
// Returns how many calls the first of them made.
template <typename SourceType, typename Rows>
int CollectWithFailure(SimulatedFilterEngine& host, PartMask parts, bool warm, int number,
                       uint32_t code) {
  Api api = host.api;
  FailingCall failing(api);
  SourceType source(api, host.clock);
  Rows good;
  if (warm) {
    EXPECT_TRUE(source.Collect(parts, good).status.ok());
  }
  failing.Arm(number, code);
  Rows rows;
  const Outcome outcome = source.Collect(parts, rows);
  const int calls = failing.calls();
  // All is good, or it is said what is not; rows that count are all of them or none.
  if (outcome.status.ok()) {
    EXPECT_TRUE(!outcome.partial.ok() || rows.totals_count() == 1);
    EXPECT_TRUE(!outcome.partial.ok() || rows.rows().size() > 100);
    EXPECT_TRUE(rows.rows().empty() || rows.rows().size() > 100);
    if (warm && !rows.rows().empty()) {
      EXPECT_EQ(rows.rows().size(), good.rows().size());
    }
  }
  failing.Arm(0, 0);
  host.clock.Advance(FilterEngine::kLongestWait);
  Rows after;
  const Outcome next = source.Collect(parts, after);
  EXPECT_TRUE(next.status.ok()) << next.status;
  EXPECT_TRUE(next.partial.ok()) << next.partial;
  EXPECT_EQ(after.totals_count(), 1);
  EXPECT_GT(after.rows().size(), 100u);
  ExpectNothingHeld(host, 1);
  return calls;
}

// SAs for two pages.
constexpr char kFewPeers[] = R"(filter_engine {
  peers { count: 120 inbound_bytes_per_s: 10000 outbound_bytes_per_s: 5000 }
  dos_protection { state: STATE_ACTIVE packets_per_s: 50 state_entries_per_s: 2 }
})";

template <typename SourceType, typename Rows>
void SweepFailures(PartMask parts) {
  for (const uint32_t code :
       {5u, 6u, 87u, 1726u, 1753u, 13931u, 0x80320010u, 0x80320012u, 0x80320044u}) {
    SimulatedFilterEngine host(kFewPeers);
    host.world.Fill(host.api);
    for (const bool warm : {false, true}) {
      const int calls = CollectWithFailure<SourceType, Rows>(host, parts, warm, 0, code);
      EXPECT_GE(calls, 5);
      for (int number = 1; number <= calls; ++number) {
        SCOPED_TRACE(::testing::Message() << "call " << number << " fails with " << code
                                          << (warm ? ", session open" : ""));
        CollectWithFailure<SourceType, Rows>(host, parts, warm, number, code);
      }
    }
    ExpectNothingHeld(host, 0);
  }
}

// Pitfall 30.
TEST(FilterEngineSimulatedTest, IpsecSurvivesTheFailureOfAnyCall) {
  SweepFailures<IpsecSource, IpsecRows>(kAllIpsec);
}

// Pitfall 30.
TEST(FilterEngineSimulatedTest, IkeSurvivesTheFailureOfAnyCall) {
  SweepFailures<IkeSource, IkeRows>(kAllIke);
}

}  // namespace
}  // namespace farstat::sources::windows
