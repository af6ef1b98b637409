#include <windows.h>
#include <sddl.h>

#include "common/certificates.h"
#include "common/utf16.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/test_certificates.h"

namespace farstat {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Protects a file as a text of Windows' security descriptor definition language says.
void Protect(const std::string& path, const wchar_t* text) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  ASSERT_NE(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor,
                                                                 nullptr),
            0);
  EXPECT_NE(SetFileSecurityW(Utf16(path).c_str(), DACL_SECURITY_INFORMATION, descriptor), 0);
  LocalFree(descriptor);
}

TEST(KeyPermissionsTest, AKeyThatEverybodyMayReadIsRefused) {
  const TestFolder folder;
  const TestAuthority authority;
  const TlsFiles files = folder.WriteTlsFiles("host", authority.certificate(), authority.Issue());
  // Everyone may read.
  Protect(files.key, L"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FR;;;WD)");
  EXPECT_THAT(CheckTlsFiles(files, absl::Now()), ElementsAre(HasSubstr("icacls \"" + files.key)));
  // SYSTEM and the administrators alone.
  Protect(files.key, L"D:P(A;;FA;;;SY)(A;;FA;;;BA)");
  EXPECT_THAT(CheckTlsFiles(files, absl::Now()), IsEmpty());
}

}  // namespace
}  // namespace farstat
