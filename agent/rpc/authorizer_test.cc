#include "agent/rpc/authorizer.h"

#include <gtest/gtest.h>

namespace farstat::rpc {
namespace {

// Who is let through over TLS is in tests/contract/operations_test.cc, with real certificates.
TEST(AuthorizerTest, OperatorNamesAreWholeNamesOrSuffixes) {
  for (const char* good :
       {"admin", "box.ops.example", "*.ops.example", "spiffe://example/admin", "CN with blanks"}) {
    EXPECT_TRUE(CheckOperatorName(good).ok()) << good;
  }
  for (const char* bad : {"", "*", "*.", "*..example", "*ops.example", "box.*.example", "*.*",
                          "*.ops.example/x", "*.x://y", "spiffe://example/*"}) {
    EXPECT_FALSE(CheckOperatorName(bad).ok()) << bad;
  }
}

TEST(AuthorizerTest, RefusalNamesTheSettingThatFits) {
  Authorizer::Caller caller;
  caller.name = "somebody";
  EXPECT_NE(Authorizer::RequireOperator(caller, "Method").message().find("local_operators"),
            absl::string_view::npos);
  caller.has_certificate = true;
  const absl::Status status = Authorizer::RequireOperator(caller, "Method");
  EXPECT_TRUE(absl::IsPermissionDenied(status));
  EXPECT_NE(status.message().find("somebody"), absl::string_view::npos);
  caller.is_operator = true;
  EXPECT_TRUE(Authorizer::RequireOperator(caller, "Method").ok());
}

}  // namespace
}  // namespace farstat::rpc
