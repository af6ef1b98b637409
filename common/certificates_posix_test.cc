#include <sys/stat.h>

#include "common/certificates.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_certificates.h"

namespace farstat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KeyPermissionsTest, AKeyThatOthersMayReadIsRefused) {
  const TestFolder folder;
  const TestAuthority authority;
  const TlsFiles files = folder.WriteTlsFiles("host", authority.certificate(), authority.Issue());
  chmod(files.key.c_str(), 0640);
  EXPECT_THAT(CheckTlsFiles(files, absl::Now()), ElementsAre(HasSubstr("chmod 600 " + files.key)));
}

}  // namespace
}  // namespace farstat
