#include "agent/sources/windows/grow.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace farstat::sources::windows {
namespace {

// A list in Windows that changes between calls: needs the next of `sizes`, then always the last.
class ChangingList {
 public:
  ChangingList(uint32_t too_small, std::vector<uint32_t> sizes)
      : too_small_(too_small), sizes_(std::move(sizes)) {}

  uint32_t operator()(void* data, uint32_t* bytes) {
    given_.push_back(*bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 8, 0u);
    const uint32_t needed = sizes_[std::min(given_.size(), sizes_.size()) - 1];
    const bool fits = needed <= *bytes;
    *bytes = needed;
    if (!fits) return too_small_;
    std::memset(data, 'x', needed);
    return kSuccess;
  }

  // The sizes of the buffers that were offered.
  const std::vector<uint32_t>& given() const { return given_; }

 private:
  const uint32_t too_small_;
  const std::vector<uint32_t> sizes_;
  std::vector<uint32_t> given_;
};

TEST(FetchGrowingTest, FetchesAtOnceWhatFits) {
  AlignedBuffer buffer(64);
  ChangingList list(kErrorInsufficientBuffer, {40});
  EXPECT_EQ(FetchGrowing("F", kErrorInsufficientBuffer, buffer, list).value(), 40u);
  EXPECT_EQ(list.given(), std::vector<uint32_t>{64});
}

TEST(FetchGrowingTest, GrowsToWhatIsNeededAndAQuarter) {
  AlignedBuffer buffer(64);
  ChangingList list(kErrorBufferTooSmall, {1000, 1200});
  EXPECT_EQ(FetchGrowing("F", kErrorBufferTooSmall, buffer, list).value(), 1200u);
  EXPECT_EQ(list.given(), (std::vector<uint32_t>{64, 1256}));
}

TEST(FetchGrowingTest, AListThatShrankMeanwhileGivesItsOwnSize) {
  AlignedBuffer buffer(64);
  ChangingList list(kErrorBufferTooSmall, {1000, 0});
  EXPECT_EQ(FetchGrowing("F", kErrorBufferTooSmall, buffer, list).value(), 0u);
}

TEST(FetchGrowingTest, GivesUpOnAListThatKeepsGrowing) {
  AlignedBuffer buffer(8);
  int calls = 0;
  const auto result = FetchGrowing("GetExtendedTcpTable", kErrorInsufficientBuffer, buffer,
                                   [&](void*, uint32_t* bytes) {
                                     ++calls;
                                     *bytes += *bytes / 2 + 100;
                                     return kErrorInsufficientBuffer;
                                   });
  EXPECT_EQ(calls, 8);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kAborted);
  const v1::ErrorInfo info = ErrorInfoOf(result.status());
  EXPECT_EQ(info.reason(), kTableChanging);
  EXPECT_EQ(info.metadata().at("api"), "GetExtendedTcpTable");
}

TEST(FetchGrowingTest, GrowsAlsoWhenTheSizeThatIsNamedDoesNot) {
  for (const uint32_t named : {0u, 1u, 64u}) {
    AlignedBuffer buffer(64);
    std::vector<uint32_t> given;
    const auto result =
        FetchGrowing("F", kErrorBufferTooSmall, buffer, [&](void*, uint32_t* bytes) {
          given.push_back(*bytes);
          *bytes = named;
          return kErrorBufferTooSmall;
        });
    EXPECT_EQ(ErrorInfoOf(result.status()).reason(), kTableChanging);
    ASSERT_EQ(given.size(), 8u);
    for (size_t i = 1; i < given.size(); ++i) EXPECT_GT(given[i], given[i - 1]);
  }
}

TEST(FetchGrowingTest, DoesNotBelieveMoreBytesThanItGave) {
  AlignedBuffer buffer(64);
  std::vector<uint32_t> given;
  const auto result =
      FetchGrowing("F", kErrorInsufficientBuffer, buffer, [&](void*, uint32_t* bytes) {
        given.push_back(*bytes);
        *bytes = 500;
        return kSuccess;
      });
  EXPECT_EQ(result.value(), 500u);
  EXPECT_EQ(given, (std::vector<uint32_t>{64, 632}));
}

// RAS says 603 where iphlpapi says 122; either is an ordinary error to the other.
TEST(FetchGrowingTest, TheOtherCodeForTooSmallEndsAtOnce) {
  for (const auto& [expected, returned] :
       {std::pair(kErrorBufferTooSmall, kErrorInsufficientBuffer),
        std::pair(kErrorInsufficientBuffer, kErrorBufferTooSmall)}) {
    AlignedBuffer buffer(64);
    ChangingList list(returned, {1000});
    const auto result = FetchGrowing("F", expected, buffer, list);
    EXPECT_EQ(Win32CodeOf(result.status()), returned);
    EXPECT_EQ(list.given().size(), 1u);
  }
}

TEST(FetchGrowingTest, OtherErrorsKeepTheirCode) {
  AlignedBuffer buffer(64);
  const auto result = FetchGrowing("RasEnumConnectionsW", kErrorBufferTooSmall, buffer,
                                   [](void*, uint32_t*) { return kErrorInvalidSize; });
  EXPECT_EQ(Win32CodeOf(result.status()), kErrorInvalidSize);
}

TEST(FetchGrowingTest, RefusesAbsurdSizes) {
  AlignedBuffer buffer(64);
  int calls = 0;
  const auto result = FetchGrowing("F", kErrorBufferTooSmall, buffer, [&](void*, uint32_t* bytes) {
    ++calls;
    *bytes = UINT32_MAX;
    return kErrorBufferTooSmall;
  });
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(buffer.size(), 64u);
}

TEST(FetchGrowingTest, LeavesNothingOfAnEarlierFetch) {
  AlignedBuffer buffer(64);
  ChangingList list(kErrorBufferTooSmall, {64});
  ASSERT_TRUE(FetchGrowing("F", kErrorBufferTooSmall, buffer, list).ok());
  const auto result =
      FetchGrowing("F", kErrorBufferTooSmall, buffer, [](void*, uint32_t*) { return kSuccess; });
  EXPECT_EQ(result.value(), 64u);
  EXPECT_EQ(static_cast<const char*>(buffer.data())[63], 0);
}

TEST(NextBufferSizeTest, IsAlwaysLarger) {
  for (const uint32_t given : {0u, 1u, 8u, 1000u, 1u << 30}) {
    for (const uint32_t reported : {0u, 1u, 999u, 1001u, 1u << 31}) {
      EXPECT_GT(NextBufferSize(given, reported), given) << given << " " << reported;
    }
  }
}

}  // namespace
}  // namespace farstat::sources::windows
