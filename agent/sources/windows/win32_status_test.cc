#include "agent/sources/windows/win32_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/sources/windows/abi_ike.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

using ::testing::HasSubstr;

std::string Metadata(const absl::Status& status, const std::string& key) {
  const v1::ErrorInfo info = ErrorInfoOf(status);
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

std::vector<Win32Code> AllCodes() {
  std::vector<Win32Code> all;
  for (const auto codes : {SystemCodes(), RasCodes(), IkeCodes()}) {
    all.insert(all.end(), codes.begin(), codes.end());
  }
  return all;
}

// The API's table of errors, row by row.
struct Condition {
  absl::StatusCode code;
  absl::string_view reason;
  std::vector<uint32_t> win32_codes;
};

std::vector<Condition> Conditions() {
  using Code = absl::StatusCode;
  return {
      {Code::kFailedPrecondition, kAgentLacksPrivilege, {5, 1300, 1314, 0x80070005}},
      {Code::kUnimplemented,
       kNotSupportedHere,
       {1, 50, 120, 126, 127, 731, 1060, 1717, 1745, 1764, 13931, 0x80004001, 0x80320041}},
      {Code::kUnavailable,
       kSourceStopped,
       {695, 711, 827, 834, 1058, 1062, 1068, 1115, 1722, 1726, 1727, 1753, 0x80320010,
        0x80320044}},
      {Code::kUnavailable,
       kSourceBusy,
       {170, 258, 600, 616, 638, 730, 838, 997, 1460, 1723, 1818, 0x8032000A, 0x8032000F,
        0x80320012, 0x8032003E}},
      {Code::kNotFound,
       kObjectVanished,
       {6,   601, 606, 615, 617, 618, 619, 628,  629,        630,        631,        668,
        754, 828, 829, 830, 831, 832, 833, 1168, 0x80070006, 0x80320001, 0x80320003, 0x80320008}},
      {Code::kResourceExhausted,
       kLimitReached,
       {8, 14, 614, 664, 1130, 1450, 1455, 1721, 1816, 0x8007000E}},
  };
}

TEST(Win32StatusTest, EveryRowMapsAsTheApiPromises) {
  std::set<uint32_t> named;
  for (const Condition& condition : Conditions()) {
    for (const uint32_t code : condition.win32_codes) {
      const absl::Status status = Win32Status("SomeFunction", code);
      EXPECT_EQ(status.code(), condition.code) << code;
      EXPECT_EQ(ErrorInfoOf(status).reason(), condition.reason) << code;
      EXPECT_NE(FindWin32Code(code), nullptr) << code;
      named.insert(code);
    }
  }
  for (const Win32Code& row : AllCodes()) {
    if (named.count(row.code) != 0) continue;
    const absl::Status status = Win32Status("SomeFunction", row.code);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal) << row.symbol;
    EXPECT_EQ(ErrorInfoOf(status).reason(), kNativeCallFailed) << row.symbol;
  }
}

TEST(Win32StatusTest, EveryRowTellsFunctionCodeAndSymbol) {
  for (const Win32Code& row : AllCodes()) {
    const absl::Status status = Win32Status("SomeFunction", row.code);
    EXPECT_EQ(Metadata(status, "api"), "SomeFunction");
    EXPECT_EQ(Metadata(status, "win32_code"), absl::StrCat(row.code));
    EXPECT_EQ(Metadata(status, "win32_symbol"), row.symbol);
    EXPECT_EQ(Win32CodeOf(status), row.code);
    EXPECT_EQ(ErrorInfoOf(status).domain(), "farstat");
    const std::string message(status.message());
    EXPECT_THAT(message, HasSubstr("SomeFunction"));
    EXPECT_THAT(message, HasSubstr(std::string(row.symbol)));
    EXPECT_THAT(message, HasSubstr(std::string(row.sentence)));
    EXPECT_THAT(message, HasSubstr(absl::StrCat(row.code)));
  }
}

TEST(Win32StatusTest, RowsAreSoundAndFoundByTheirCode) {
  std::set<uint32_t> codes;
  std::set<absl::string_view> symbols;
  for (const Win32Code& row : AllCodes()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_TRUE(symbols.insert(row.symbol).second) << row.symbol;
    EXPECT_TRUE(absl::EndsWith(row.sentence, ".")) << row.symbol;
    const Win32Code* found = FindWin32Code(row.code);
    ASSERT_NE(found, nullptr) << row.symbol;
    EXPECT_EQ(found->symbol, row.symbol);
  }
}

TEST(Win32StatusTest, SuccessIsOk) {
  EXPECT_TRUE(Win32Status("SomeFunction", 0).ok());
  EXPECT_EQ(Win32CodeOf(absl::OkStatus()), 0u);
}

TEST(Win32StatusTest, MessageSaysWhatToDo) {
  EXPECT_EQ(Win32Status("SetPerTcpConnectionEStats", 5).message(),
            "SetPerTcpConnectionEStats failed with 5 ERROR_ACCESS_DENIED. Access is denied. Run "
            "the agent as LocalSystem or as an elevated administrator.");
}

TEST(Win32StatusTest, UnknownCodesAreNamedByNumber) {
  const absl::Status small = Win32Status("SomeFunction", 4711);
  EXPECT_EQ(small.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(ErrorInfoOf(small).reason(), kNativeCallFailed);
  EXPECT_EQ(small.message(), "SomeFunction failed with 4711, a code that farstat does not know.");
  EXPECT_EQ(Metadata(small, "win32_symbol"), "");
  EXPECT_EQ(Win32CodeOf(small), 4711u);

  const absl::Status large = Win32Status("SomeFunction", 0x80329999);
  EXPECT_THAT(std::string(large.message()), HasSubstr("0x80329999 (2150799769)"));
  EXPECT_EQ(Win32CodeOf(large), 0x80329999);
}

// RAS returns it as an HRESULT, the others as a Win32 code.
TEST(Win32StatusTest, BothNamesOfAWrongArgumentAreOurFault) {
  for (const uint32_t code : {kErrorInvalidParameter, kErrorInvalidArgument}) {
    EXPECT_EQ(ErrorInfoOf(Win32Status("RasGetLinkStatistics", code)).reason(), kNativeCallFailed);
  }
  EXPECT_THAT(std::string(Win32Status("RasGetLinkStatistics", kErrorInvalidArgument).message()),
              HasSubstr("0x80070057 (2147942487) E_INVALIDARG"));
}

TEST(Win32StatusTest, AbsentEntriesAreNotSupportedHere) {
  const absl::Status status = AbsentEntry("GetTcpStatisticsEx2");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(ErrorInfoOf(status).reason(), kNotSupportedHere);
  EXPECT_EQ(Metadata(status, "api"), "GetTcpStatisticsEx2");
  EXPECT_EQ(Win32CodeOf(status), 0u);
}

TEST(IkeErrorTest, EachIndexIsTheCodeFrom13800On) {
  for (int index = 0; index < kIkeErrorCodeCount; ++index) {
    EXPECT_EQ(IkeErrorAt(index).code, 13800u + static_cast<uint32_t>(index));
    EXPECT_TRUE(absl::StartsWith(IkeErrorAt(index).symbol, "ERROR_IPSEC_IKE_"));
  }
  EXPECT_EQ(IkeErrorAt(1).symbol, "ERROR_IPSEC_IKE_AUTH_FAIL");
  EXPECT_EQ(IkeErrorAt(5).symbol, "ERROR_IPSEC_IKE_TIMED_OUT");
  EXPECT_EQ(IkeErrorAt(21).symbol, "ERROR_IPSEC_IKE_SIMULTANEOUS_REKEY");
  EXPECT_EQ(IkeErrorAt(50).symbol, "ERROR_IPSEC_IKE_NO_MM_POLICY");
  EXPECT_EQ(IkeErrorAt(68).symbol, "ERROR_IPSEC_IKE_POLICY_MATCH");
  EXPECT_EQ(IkeErrorAt(84).symbol, "ERROR_IPSEC_IKE_QM_LIMIT");
  EXPECT_EQ(IkeErrorAt(96).symbol, "ERROR_IPSEC_IKE_TOO_MANY_FILTERS");
}

TEST(IkeErrorTest, CodesBeyondTheTableAreKnownToo) {
  ASSERT_EQ(IkeCodes().size(), 110u);
  EXPECT_EQ(FindWin32Code(13905)->symbol, "ERROR_IPSEC_IKE_AUTHORIZATION_FAILURE");
  EXPECT_EQ(FindWin32Code(13909)->symbol, "ERROR_IPSEC_IKE_NEG_STATUS_EXTENDED_END");
  EXPECT_EQ(FindWin32Code(13910), nullptr);
}

TEST(RasErrorTest, ErrorsOfConnectionsHaveSymbolAndSentence) {
  EXPECT_EQ(FindWin32Code(691)->symbol, "ERROR_AUTHENTICATION_FAILURE");
  EXPECT_EQ(FindWin32Code(809)->sentence,
            "The VPN server did not answer; a firewall may block the way.");
  EXPECT_EQ(FindWin32Code(868)->symbol, "ERROR_DNSNAME_NOT_RESOLVABLE");
}

}  // namespace
}  // namespace farstat::sources::windows
