#include "agent/rpc/quota.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/status.h"

namespace farstat::rpc {
namespace {

using ::testing::HasSubstr;

TEST(PeerHostTest, LeavesOutThePort) {
  EXPECT_EQ(PeerHost("ipv4:192.0.2.1:40000"), "ipv4:192.0.2.1");
  EXPECT_EQ(PeerHost("ipv6:%5B2001:db8::1%5D:40000"), "ipv6:%5B2001:db8::1%5D");
  EXPECT_EQ(PeerHost("unix:/run/farstat"), "unix:/run/farstat");
  EXPECT_EQ(PeerHost("inproc"), "inproc");
}

class QuotaTest : public ::testing::Test {
 protected:
  // Whether the peer gets another one.
  bool Takes(const std::string& peer) {
    absl::StatusOr<Quota::SharePtr> share = quota_.Take(peer);
    if (share.ok()) shares_.push_back(*std::move(share));
    return share.ok();
  }

  Quota quota_{{"max_things", "things", "try again later", 3, 2}};
  std::vector<Quota::SharePtr> shares_;
};

TEST_F(QuotaTest, OnePeerCannotTakeEverything) {
  EXPECT_TRUE(Takes("a"));
  EXPECT_TRUE(Takes("a"));
  EXPECT_FALSE(Takes("a"));
  EXPECT_TRUE(Takes("b"));
  EXPECT_FALSE(Takes("b")) << "all are taken";
}

TEST_F(QuotaTest, WhatIsGivenBackCanBeTakenAgain) {
  EXPECT_TRUE(Takes("a"));
  EXPECT_TRUE(Takes("a"));
  EXPECT_EQ(shares_.back()->peer_host(), "a");
  shares_.clear();
  EXPECT_TRUE(Takes("a"));
  EXPECT_TRUE(Takes("a"));
  EXPECT_FALSE(Takes("a"));
}

TEST_F(QuotaTest, RefusalNamesTheLimitAndWhatToDo) {
  Takes("a");
  Takes("a");
  const absl::Status by_peer = quota_.Take("a").status();
  EXPECT_EQ(by_peer.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorInfoOf(by_peer).metadata().at("limit"), "max_things_per_peer");
  EXPECT_THAT(std::string(by_peer.message()), HasSubstr("serves a its limit of 2 things"));
  Takes("b");
  const absl::Status total = quota_.Take("c").status();
  EXPECT_EQ(ErrorInfoOf(total).reason(), kLimitReached);
  EXPECT_EQ(ErrorInfoOf(total).metadata().at("limit"), "max_things");
  EXPECT_THAT(std::string(total.message()), HasSubstr("3 things already; try again later"));
}

}  // namespace
}  // namespace farstat::rpc
