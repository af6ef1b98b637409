// The RAS collector and answers that are odd: successes that are none, codes in two spellings,
// things that vanish between two calls, pointers that lead nowhere.

#include "agent/sources/windows/ras_calls.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <string>

#include "agent/sources/windows/ras_projection.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"
#include "tests/support/ras_answers.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources::windows {
namespace {

constexpr char kName[] = "V";

TEST(RasCallsTest, AnswersAreTakenAsTheyAre) {
  RasAnswers answers;
  const v1::RasConnection row = answers.Collect().Get(kName);
  EXPECT_EQ(answers.outcome.status, absl::OkStatus());
  EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  EXPECT_EQ(row.statistics().bytes_out(), 1u);
  EXPECT_EQ(row.statistics().compression_ratio_in(), 11u);
  EXPECT_EQ(row.statistics().compression_ratio_out(), 12u);
  EXPECT_EQ(row.statistics().speed_bits_per_second(), 13u);
  EXPECT_EQ(row.statistics().connect_duration_ms(), 14u);
  EXPECT_EQ(row.links(0).statistics().bytes_in(), 2u);
  EXPECT_EQ(row.missing_groups_size(), 0);
}

// Pitfall 35.
TEST(RasCallsTest, SuccessWithoutDeliveryIsNotBelieved) {
  RasAnswers answers;
  answers.api.ras_get_connect_status = [](Handle, RasConnectionStatus*) { return kSuccess; };
  answers.api.ras_get_connection_statistics = [](Handle, RasStats*) { return kSuccess; };
  answers.api.ras_get_link_statistics = [](Handle, uint32_t, RasStats*) { return kSuccess; };
  answers.api.ras_get_projection_info_ex = [](Handle, RasProjectionInfo*, uint32_t*) {
    return kSuccess;
  };
  for (const PartMask parts : {kRasStatus, kRasStatistics, kRasLinks, kRasProjection}) {
    const v1::RasConnection row = answers.Collect(parts).Get(kName);
    EXPECT_EQ(answers.outcome.status, absl::OkStatus());
    EXPECT_TRUE(absl::IsUnimplemented(answers.outcome.partial)) << answers.outcome.partial;
    EXPECT_FALSE(row.has_status() || row.has_statistics() || row.has_projection());
    EXPECT_EQ(row.missing_groups_size(), 0) << "it is told once";
    for (const v1::RasLink& link : row.links()) {
      EXPECT_FALSE(link.has_status() || link.has_statistics());
    }
  }
}

TEST(RasCallsTest, CountersThatAreAllZeroAreBelieved) {
  RasAnswers answers;
  answers.stats = {};
  answers.stats.size = sizeof(RasStats);
  const v1::RasConnection row = answers.Collect(kRasStatistics).Get(kName);
  EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  EXPECT_TRUE(row.statistics().has_bytes_out());
  EXPECT_EQ(row.statistics().bytes_out(), 0u);
}

TEST(RasCallsTest, RowsThatWereNotWrittenAreNotBelieved) {
  RasAnswers answers;
  answers.api.ras_enum_connections = [](RasConnection*, uint32_t* bytes, uint32_t* count) {
    *bytes = sizeof(RasConnection);
    *count = 1;
    return kSuccess;
  };
  EXPECT_EQ(answers.Collect().size(), 0u);
  EXPECT_TRUE(absl::IsUnimplemented(answers.outcome.status));
  answers.api.ras_enum_connections = [](RasConnection*, uint32_t*, uint32_t* count) {
    *count = 1'000'000;
    return kSuccess;
  };
  EXPECT_EQ(answers.Collect().size(), 0u);
  EXPECT_FALSE(answers.outcome.status.ok());
}

// Pitfall 19.
TEST(RasCallsTest, OnlyCode603MeansThatTheBufferIsTooSmall) {
  RasAnswers answers;
  int calls = 0;
  answers.api.ras_enum_connections = [&](RasConnection*, uint32_t*, uint32_t*) {
    ++calls;
    return kErrorInsufficientBuffer;
  };
  answers.Collect();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Win32CodeOf(answers.outcome.status), kErrorInsufficientBuffer);
}

// Pitfall 19.
TEST(RasCallsTest, ListThatNeverFitsIsGivenUp) {
  RasAnswers answers;
  int calls = 0;
  answers.api.ras_enum_connections = [&](RasConnection*, uint32_t* bytes, uint32_t*) {
    ++calls;
    *bytes *= 2;
    return kErrorBufferTooSmall;
  };
  answers.Collect();
  EXPECT_EQ(calls, kGrowTries);
  EXPECT_EQ(ErrorInfoOf(answers.outcome.status).reason(), kTableChanging);
}

// Pitfall 17.
TEST(RasCallsTest, SizesThatNobodyKnowsAreTriedAgainNextTime) {
  RasAnswers answers;
  std::vector<uint32_t> sizes;
  answers.api.ras_enum_connections = [&](RasConnection* rows, uint32_t*, uint32_t*) {
    uint32_t size = 0;
    std::memcpy(&size, rows, sizeof(size));
    sizes.push_back(size);
    return kErrorInvalidSize;
  };
  answers.Collect();
  EXPECT_EQ(Win32CodeOf(answers.outcome.status), kErrorInvalidSize);
  answers.Collect();
  EXPECT_EQ(sizes, (std::vector<uint32_t>{1388, 1372, 1360, 1344, 1388, 1372, 1360, 1344}));
}

// Pitfall 37.
TEST(RasCallsTest, ArgumentErrorHasOneSpelling) {
  for (const uint32_t code : {kErrorInvalidParameter, kErrorInvalidArgument}) {
    RasAnswers answers;
    answers.api.ras_get_connection_statistics = [=](Handle, RasStats*) { return code; };
    answers.api.ras_get_link_statistics = [=](Handle, uint32_t, RasStats*) { return code; };
    const v1::RasConnection row = answers.Collect().Get(kName);
    ASSERT_EQ(row.missing_groups_size(), 1);
    EXPECT_EQ(row.missing_groups(0).group(), v1::RAS_GROUP_STATISTICS);
    EXPECT_EQ(row.missing_groups(0).win32_code(), kErrorInvalidParameter);
    EXPECT_EQ(row.missing_groups(0).win32_symbol(), "ERROR_INVALID_PARAMETER");
    EXPECT_EQ(row.links(0).win32_code(), kErrorInvalidParameter);
    EXPECT_TRUE(row.links(0).up());
    EXPECT_TRUE(row.links(0).has_status());
    EXPECT_EQ(Win32CodeOf(answers.outcome.partial), kErrorInvalidParameter);
    EXPECT_TRUE(row.has_status() && row.has_projection()) << "the rest stays";
  }
}

TEST(RasCallsTest, FailedGroupSaysSoInItsPart) {
  RasAnswers answers;
  answers.api.ras_get_connect_status = [](Handle, RasConnectionStatus*) {
    return kErrorAccessDenied;
  };
  const v1::RasConnection row = answers.Collect(kRasStatus | kRasProjection).Get(kName);
  EXPECT_FALSE(row.has_status());
  EXPECT_TRUE(row.has_projection());
  ASSERT_EQ(row.missing_groups_size(), 1);
  EXPECT_EQ(row.missing_groups(0).win32_code(), kErrorAccessDenied);
  const absl::Status first = answers.outcome.partial;
  EXPECT_EQ(ErrorInfoOf(first).reason(), kAgentLacksPrivilege);
  answers.Collect(kRasStatus | kRasProjection);
  EXPECT_EQ(answers.outcome.partial.message(), first.message()) << "the same at every tick";
}

TEST(RasCallsTest, ConnectionThatVanishesIsCounted) {
  RasAnswers answers;
  answers.api.ras_get_connect_status = [](Handle, RasConnectionStatus*) {
    return kErrorInvalidHandle;
  };
  EXPECT_EQ(answers.Collect(kRasStatus).size(), 0u);
  EXPECT_EQ(answers.outcome.status, absl::OkStatus());
  EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  EXPECT_EQ(answers.outcome.vanished_rows, 1u);
  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t, Handle*) {
    return kErrorInvalidHandle;
  };
  EXPECT_EQ(answers.Collect(kRasLinks).size(), 0u);
  EXPECT_EQ(answers.outcome.vanished_rows, 1u);
}

// A row that went away would come back with the next collection, for nothing has ended.
TEST(RasCallsTest, ListedConnectionInTroubleKeepsItsRow) {
  for (const uint32_t code : {606u, 615u, 617u, 619u, 631u, 668u, 754u}) {
    RasAnswers answers;
    answers.api.ras_get_connect_status = [=](Handle, RasConnectionStatus*) { return code; };
    answers.api.ras_get_connection_statistics = [=](Handle, RasStats*) { return code; };
    answers.api.ras_get_projection_info_ex = [=](Handle, RasProjectionInfo*, uint32_t*) {
      return code;
    };
    const PartMask parts = kRasStatus | kRasStatistics | kRasProjection;
    const CollectedRasRows rows = answers.Collect(parts);
    ASSERT_EQ(rows.size(), 1u) << code;
    const v1::RasConnection row = rows.Get(kName);
    EXPECT_EQ(row.missing_groups_size(), 3);
    for (const v1::RasMissingGroup& missing : row.missing_groups()) {
      EXPECT_EQ(missing.win32_code(), code);
    }
    EXPECT_EQ(answers.outcome.status, absl::OkStatus());
    EXPECT_EQ(answers.outcome.partial, absl::OkStatus()) << "it is no fault of the collection";
    EXPECT_EQ(answers.outcome.vanished_rows, 0u);
  }
}

// Pitfall 16.
TEST(RasCallsTest, KnownLinkInTroubleIsDown) {
  RasAnswers answers;
  const auto links = [&](uint32_t count, uint32_t in_trouble, uint32_t code) {
    answers.api.ras_get_sub_entry_handle = [=](Handle, uint32_t link, Handle* handle) {
      if (link > count) return kErrorNoMoreItems;
      if (link == in_trouble) return code;
      *handle = 0x1000 + link;
      return kSuccess;
    };
  };
  links(3, 0, 0);
  EXPECT_EQ(answers.Collect(kRasLinks).Get(kName).links_size(), 3);
  for (const uint32_t link : {1u, 2u, 3u}) {
    links(3, link, 619);
    const v1::RasConnection row = answers.Collect(kRasLinks).Get(kName);
    EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
    ASSERT_EQ(row.links_size(), 3) << link;
    for (const v1::RasLink& each : row.links()) EXPECT_EQ(each.up(), each.index() != link);
  }
}

// Pitfall 16.
TEST(RasCallsTest, NoLinksAreMadeUpWhereAllAreInTrouble) {
  RasAnswers answers;
  const auto known = answers.api.ras_get_sub_entry_handle;
  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t, Handle*) { return uint32_t{668}; };
  for (int i = 0; i < 3; ++i) {
    const v1::RasConnection row = answers.Collect(kRasLinks).Get(kName);
    EXPECT_EQ(row.links_size(), 0);
    ASSERT_EQ(row.missing_groups_size(), 1);
    EXPECT_EQ(row.missing_groups(0).win32_code(), 668u);
  }
  answers.api.ras_get_sub_entry_handle = known;
  EXPECT_TRUE(answers.Collect(kRasLinks).Get(kName).links(0).up());
  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t, Handle*) { return uint32_t{668}; };
  for (int i = 0; i < 3; ++i) {
    const v1::RasConnection row = answers.Collect(kRasLinks).Get(kName);
    ASSERT_EQ(row.links_size(), 1);
    EXPECT_FALSE(row.links(0).up());
    EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  }
}

// Pitfall 16.
TEST(RasCallsTest, AsManyLinksAsAreShownAreNotTooMany) {
  RasAnswers answers;
  std::map<uint32_t, int> asked;
  uint32_t links = 32;
  answers.api.ras_get_sub_entry_handle = [&](Handle, uint32_t link, Handle* handle) {
    ++asked[link];
    if (link > links) return kErrorNoMoreItems;
    *handle = 0x1000 + link;
    return kSuccess;
  };
  EXPECT_EQ(answers.Collect(kRasLinks).Get(kName).links_size(), 32);
  EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  answers.Collect(kRasLinks | kRasStatistics);
  EXPECT_EQ(asked[2], 2) << "that there are several is known from the first walk";
  links = 33;
  EXPECT_EQ(answers.Collect(kRasLinks).Get(kName).links_size(), 32);
  EXPECT_EQ(ErrorInfoOf(answers.outcome.partial).reason(), kLimitReached);
}

// Pitfall 16.
TEST(RasCallsTest, LinkThatGoesDownMeanwhileIsDown) {
  RasAnswers answers;
  answers.api.ras_get_link_statistics = [](Handle, uint32_t, RasStats*) { return uint32_t{668}; };
  const v1::RasConnection row = answers.Collect(kRasLinks).Get(kName);
  EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
  ASSERT_EQ(row.links_size(), 1);
  EXPECT_TRUE(row.links(0).has_up());
  EXPECT_FALSE(row.links(0).up());
  EXPECT_FALSE(row.links(0).has_status() || row.links(0).has_statistics());
  EXPECT_EQ(row.links(0).win32_code(), 0u);
}

// Pitfall 16.
TEST(RasCallsTest, LinkThatWasDownHasNewCounters) {
  RasAnswers answers;
  answers.stats.bytes_xmited = 1000;
  answers.stats.connect_duration = 500;
  answers.Collect(kRasLinks);
  const auto up = answers.api.ras_get_sub_entry_handle;
  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t link, Handle*) {
    return link == 1 ? kErrorPortNotOpen : kErrorNoMoreItems;
  };
  const v1::RasConnection down = answers.Collect(kRasLinks).Get(kName);
  ASSERT_EQ(down.links_size(), 1);
  EXPECT_FALSE(down.links(0).up());
  answers.api.ras_get_sub_entry_handle = up;
  // It was up so shortly that its time alone does not tell.
  answers.stats.bytes_xmited = 1500;
  answers.stats.connect_duration = 600;
  const v1::RasConnection row = answers.Collect(kRasLinks).Get(kName);
  EXPECT_EQ(row.links(0).statistics().bytes_out(), 2500u);
  EXPECT_EQ(row.links(0).accumulation().resets(), 1u);
}

// Pitfall 16.
TEST(RasCallsTest, LinksEndWhereWindowsSaysSoOrAtABound) {
  RasAnswers answers;
  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t link, Handle* handle) {
    *handle = 0x1000 + link;
    return link % 2 == 1 ? kSuccess : kErrorPortNotOpen;
  };
  const v1::RasConnection row = answers.Collect(kRasLinks | kRasStatistics).Get(kName);
  EXPECT_EQ(row.links_size(), 32);
  EXPECT_TRUE(row.links(2).up());
  EXPECT_FALSE(row.links(3).up());
  EXPECT_FALSE(row.statistics().has_compression_ratio_in());
  EXPECT_EQ(ErrorInfoOf(answers.outcome.partial).reason(), kLimitReached);

  answers.api.ras_get_sub_entry_handle = [](Handle, uint32_t link, Handle* handle) {
    *handle = 0x1000 + link;
    return link < 3 ? kSuccess : kErrorAccessDenied;
  };
  const v1::RasConnection cut = answers.Collect(kRasLinks).Get(kName);
  ASSERT_EQ(cut.links_size(), 3);
  EXPECT_TRUE(cut.links(1).has_statistics());
  EXPECT_FALSE(cut.links(2).has_up());
  EXPECT_EQ(cut.links(2).win32_code(), kErrorAccessDenied);
  EXPECT_EQ(Win32CodeOf(answers.outcome.partial), kErrorAccessDenied);
}

TEST(RasCallsTest, ProjectionThatIsNotThereYetIsNoError) {
  for (const uint32_t code : {kErrorProjectionNotComplete, kErrorProtocolNotConfigured}) {
    RasAnswers answers;
    answers.api.ras_get_projection_info_ex = [=](Handle, RasProjectionInfo*, uint32_t*) {
      return code;
    };
    const v1::RasConnection row = answers.Collect(kRasProjection).Get(kName);
    EXPECT_EQ(answers.outcome.partial, absl::OkStatus());
    ASSERT_EQ(row.missing_groups_size(), 1);
    EXPECT_EQ(row.missing_groups(0).win32_code(), code);
  }
}

// Pitfall 19.
TEST(RasCallsTest, ProjectionGrows) {
  RasAnswers answers;
  std::vector<uint32_t> sizes;
  answers.api.ras_get_projection_info_ex = [&](Handle, RasProjectionInfo* info, uint32_t* bytes) {
    sizes.push_back(*bytes);
    EXPECT_EQ(info->version, kRasApiVersion601);
    *bytes = 5000;
    if (sizes.back() < 5000) return kErrorBufferTooSmall;
    info->type = kRasProjectionPpp;
    return kSuccess;
  };
  EXPECT_TRUE(answers.Collect(kRasProjection).Get(kName).has_projection());
  EXPECT_EQ(sizes.size(), 2u);
}

TEST(RasCallsTest, AddressesOutsideTheBufferAreNotFollowed) {
  static const uint8_t elsewhere[4][4] = {};
  for (int i = 0; i < 4; ++i) {
    RasAnswers answers;
    answers.api.ras_get_projection_info_ex = [=](Handle, RasProjectionInfo* info, uint32_t* bytes) {
      const auto* begin = reinterpret_cast<const uint8_t*>(info);
      info->type = kRasProjectionIkev2;
      RasIkev2Projection& ikev2 = info->ikev2;
      ikev2.num_ipv4_server_addresses = i == 2 ? 0x40000000 : 4;
      // Elsewhere, beyond the end, too many, nowhere.
      const void* at[] = {elsewhere, begin + *bytes - 8, begin + sizeof(*info), nullptr};
      ikev2.ipv4_server_addresses = static_cast<const uint8_t(*)[4]>(at[i]);
      return kSuccess;
    };
    const v1::RasConnection row = answers.Collect(kRasProjection).Get(kName);
    EXPECT_TRUE(row.projection().has_ikev2());
    EXPECT_EQ(row.projection().ikev2().ipv4_server_addresses_size(), 0) << i;
  }
}

TEST(RasCallsTest, ProtocolThatFailsDoesNotSpoilTheOthers) {
  RasAnswers answers;
  answers.api.ras_get_projection_info_ex = nullptr;
  answers.api.ras_get_projection_info = [](Handle, uint32_t kind, void* to, uint32_t*) {
    if (kind == kRasProjectionPppLcp) return kErrorAccessDenied;
    if (kind != kRasProjectionPppIp) return kErrorProtocolNotConfigured;
    static_cast<RasPppIp*>(to)->error = 738;
    return kSuccess;
  };
  const v1::RasConnection row = answers.Collect(kRasProjection).Get(kName);
  EXPECT_EQ(row.projection().ppp().ipv4_error_code(), 738u);
  EXPECT_FALSE(row.projection().ppp().has_ipv4_address());
  EXPECT_EQ(Win32CodeOf(answers.outcome.partial), kErrorAccessDenied);
  // All of them only pretend.
  answers.api.ras_get_projection_info = [](Handle, uint32_t, void*, uint32_t*) { return kSuccess; };
  EXPECT_FALSE(answers.Collect(kRasProjection).Get(kName).has_projection());
  EXPECT_TRUE(absl::IsUnimplemented(answers.outcome.partial));
}

TEST(RasCallsTest, UnknownStatesAndErrorsAreShownAsNumbers) {
  RasAnswers answers;
  answers.api.ras_get_connect_status = [](Handle, RasConnectionStatus* status) {
    status->state = 77;
    status->error = 599;
    std::fill(std::begin(status->phone_number), std::end(status->phone_number), u'7');
    return kSuccess;
  };
  const v1::RasStatus status = answers.Collect(kRasStatus).Get(kName).status();
  EXPECT_EQ(static_cast<int>(status.state()), 78);
  EXPECT_EQ(status.error_code(), 599u);
  EXPECT_FALSE(status.has_error_symbol());
  EXPECT_FALSE(status.has_error_text());
  EXPECT_EQ(status.phone_number(), std::string(129, '7')) << "without a zero at the end";
}

}  // namespace
}  // namespace farstat::sources::windows
