// Subscriptions against agents that the test plays, on a clock that it moves.

#include "client/subscription.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "farstat/v1/errors.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_dialer.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;

using Rows = std::map<uint32_t, uint64_t>;

// Port -> bytes out.
Rows RowsOf(const StreamTable& table) {
  Rows rows;
  const auto section = table.sections().find(v1::FAMILY_TCP);
  if (section == table.sections().end()) return rows;
  for (const auto& [key, row] : section->second.rows()) {
    const auto& connection =
        *google::protobuf::DynamicCastToGenerated<v1::TcpConnection>(row.current.get());
    rows[connection.key().local_port()] = connection.data().thru_bytes_acked();
  }
  return rows;
}

// Writes down what it is told.
class Diary : public Subscription::Observer {
 public:
  void OnAccepted(const v1::Accepted& accepted, const Outage* outage) override {
    entries.push_back(absl::StrCat(
        accepted.resumed() ? "resumed" : "accepted",
        outage == nullptr ? "" : absl::StrCat(" after ", FailureClassName(Class(*outage)))));
  }
  void OnChange(const Change& change) override {
    if (change.gap.has_value()) gaps.push_back(*change.gap);
    if (change.tick_complete) ++ticks;
  }
  void OnLost(const Outage& outage) override {
    entries.push_back(absl::StrCat("lost ", FailureClassName(Class(outage))));
    lost.push_back(outage);
  }
  void OnEnd(const Failure& failure) override {
    entries.push_back(
        absl::StrCat("end ", FailureClassName(failure.failure_class), ": ", failure.message));
  }

  std::vector<std::string> entries;
  std::vector<Outage> lost;
  std::vector<Gap> gaps;
  int ticks = 0;

 private:
  static FailureClass Class(const Outage& outage) { return outage.failure.failure_class; }
};

class SubscriptionTest : public ::testing::Test {
 protected:
  explicit SubscriptionTest(uint64_t seed = 7)
      : subscription_(runtime_, target_, *FindFamily("tcp"),
                      std::make_shared<v1::SubscribeTcpStatisticsRequest>(), diary_, seed) {}

  // In steps, so that timers fire when they are due.
  void Advance(absl::Duration duration) {
    constexpr absl::Duration kStep = absl::Milliseconds(50);
    loop_.RunReady();
    for (; duration > absl::ZeroDuration(); duration -= kStep) {
      clock_.Advance(std::min(kStep, duration));
      loop_.RunReady();
    }
  }

  void Start() {
    subscription_.Start();
    loop_.RunReady();
  }
  // Past the wait after the newest loss.
  void AwaitRetry() {
    ASSERT_FALSE(diary_.lost.empty());
    Advance(diary_.lost.back().retry_in + absl::Milliseconds(1));
  }

  ScriptedStream& stream() { return *dialer_.streams().back(); }
  FakeStream& frames() { return stream().frames(); }

  static absl::Time Second(int64_t second) {
    return absl::FromUnixSeconds(1704067200 + second);  // As FakeStream has it.
  }

  testing::ManualClock clock_;
  EventLoop loop_{clock_};
  ScriptedDialer dialer_{loop_};
  Slots slots_{2};
  // What a probe would find out; statuses that tell by themselves are not probed.
  Failure found_ = {FailureClass::kRefused, "nothing listens there", false};
  Runtime runtime_{loop_, dialer_, slots_,
                   [this](const FailedCall& call, const std::function<void(const Failure&)>& tell) {
                     tell(NeedsProbe(call) ? found_ : Diagnose(call));
                   },
                   LinkSettings()};
  Target target_ = *ParseTarget("agent.example");
  Diary diary_;
  Subscription subscription_;
};

TEST_F(SubscriptionTest, HoldsTheAgentsTable) {
  Start();
  EXPECT_EQ(stream().resume_token(), "");
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10), FakeConnection(2, 0, 20)});
  frames().Delta(2, {FakeConnection(2, 0, 21)}, {FakeConnection(1, 0, 0).key()});
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{2, 21}}));
  EXPECT_THAT(diary_.entries, ElementsAre("accepted"));
  EXPECT_EQ(diary_.ticks, 2);
  EXPECT_TRUE(subscription_.streaming());
}

TEST_F(SubscriptionTest, ResumesFromTheNewestTokenWithoutAGap) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  frames().Delta(2, {FakeConnection(1, 0, 11)}, {});
  stream().End(absl::UnavailableError("Socket closed"));
  EXPECT_FALSE(subscription_.streaming());
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{1, 11}})) << "as it was";
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "after 2");
  frames().Accept(1, true);
  frames().Delta(5, {FakeConnection(1, 0, 15)}, {});
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{1, 15}}));
  EXPECT_THAT(diary_.entries, ElementsAre("accepted", "lost REFUSED", "resumed after REFUSED"));
  EXPECT_THAT(diary_.gaps, IsEmpty());
}

TEST_F(SubscriptionTest, AFullSetInsteadOfResumingReplacesTheTableAndTellsTheGap) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10), FakeConnection(2, 0, 20)});
  stream().End(absl::UnavailableError("Socket closed"));
  AwaitRetry();
  frames().Accept(1, false);
  frames().next().mutable_sync_begin()->set_reason(v1::SYNC_REASON_RESYNC);
  EXPECT_THAT(diary_.gaps, IsEmpty()) << "told when it ends";
  frames().FullSet(9, {FakeConnection(2, 0, 29), FakeConnection(3, 0, 30)});
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{2, 29}, {3, 30}}));
  ASSERT_EQ(diary_.gaps.size(), 1u);
  EXPECT_EQ(diary_.gaps[0].reason, Gap::Reason::kResync);
  EXPECT_EQ(diary_.gaps[0].from, Second(1));
  EXPECT_EQ(diary_.gaps[0].until, Second(9));
}

TEST_F(SubscriptionTest, ARestartedAgentIsAGapOfThatReason) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(4, {FakeConnection(1, 0, 10)});
  stream().End(absl::UnavailableError("Socket closed"));
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "after 4");
  // It is lost again before it is complete: still one gap.
  frames().Accept(2, false);
  stream().End(absl::UnavailableError("Socket closed"));
  AwaitRetry();
  frames().Accept(2, false);
  frames().FullSet(6, {FakeConnection(7, 0, 70)});
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{7, 70}}));
  ASSERT_EQ(diary_.gaps.size(), 1u);
  EXPECT_EQ(diary_.gaps[0].reason, Gap::Reason::kAgentRestarted);
  EXPECT_EQ(diary_.gaps[0].from, Second(4));
  EXPECT_EQ(diary_.gaps[0].until, Second(6));
}

TEST_F(SubscriptionTest, MergedReadingsAndAFullSetWithinAStreamAreGaps) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  frames().next().mutable_header()->set_skipped_ticks(3);
  frames().Delta(5, {FakeConnection(1, 0, 15)}, {});
  frames().next().mutable_sync_begin()->set_reason(v1::SYNC_REASON_RESYNC);
  frames().FullSet(8, {FakeConnection(1, 0, 18)});
  ASSERT_EQ(diary_.gaps.size(), 2u);
  EXPECT_EQ(diary_.gaps[0].reason, Gap::Reason::kSkippedTicks);
  EXPECT_EQ(diary_.gaps[0].skipped_ticks, 3u);
  EXPECT_EQ(diary_.gaps[0].from, Second(1));
  EXPECT_EQ(diary_.gaps[0].until, Second(5));
  EXPECT_EQ(diary_.gaps[1].reason, Gap::Reason::kResync);
  EXPECT_EQ(diary_.gaps[1].from, Second(5));
}

TEST_F(SubscriptionTest, LostFramesBeginAgainWithoutAToken) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  frames().LoseFrame();
  frames().Delta(3, {FakeConnection(1, 0, 13)}, {});
  EXPECT_TRUE(stream().cancelled());
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{1, 10}})) << "not applied";
  EXPECT_THAT(diary_.lost.back().failure.message, HasSubstr("frames are missing"));
  EXPECT_FALSE(frames().Delta(4, {FakeConnection(1, 0, 14)}, {})) << "nobody listens";
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "");
}

TEST_F(SubscriptionTest, AFrameThatComesTwiceIsNotAppliedTwice) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  frames().RepeatNumber();
  frames().Delta(1, {FakeConnection(1, 0, 99)}, {});
  EXPECT_EQ(RowsOf(subscription_.table()), (Rows{{1, 10}}));
  EXPECT_EQ(diary_.ticks, 1);
  EXPECT_TRUE(stream().cancelled());
}

TEST_F(SubscriptionTest, AnAgentThatResumesWhatItDoesNotKnowIsNotBelieved) {
  Start();
  frames().Accept(1, true);
  EXPECT_THAT(diary_.entries, ElementsAre("lost INTERNAL")) << "there was no token";
  AwaitRetry();
  frames().Accept(1, false);
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  stream().End(absl::UnavailableError("Socket closed"));
  AwaitRetry();
  frames().Accept(2, true);
  EXPECT_THAT(diary_.lost.back().failure.message, HasSubstr("did not begin"));
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "");
}

TEST_F(SubscriptionTest, WaitsGrowToABoundAndAreRandom) {
  dialer_.set_reachable(false);
  Start();
  for (int failures = 1; failures <= 40; ++failures) {
    ASSERT_EQ(dialer_.dials(), failures);
    ASSERT_EQ(diary_.lost.size(), static_cast<size_t>(failures));
    const absl::Duration wait = diary_.lost.back().retry_in;
    EXPECT_LE(wait, std::min(Backoff::kLongest, Backoff::kFirst * std::exp2(failures - 1)));
    Advance(wait - absl::Milliseconds(1));
    EXPECT_EQ(dialer_.dials(), failures) << "not sooner";
    Advance(absl::Milliseconds(2));
  }
  // Full jitter: uniform between nothing and the bound, once that is reached.
  std::vector<absl::Duration> waits;
  for (size_t i = 10; i < 40; ++i) waits.push_back(diary_.lost[i].retry_in);
  std::sort(waits.begin(), waits.end());
  EXPECT_LT(waits.front(), absl::Seconds(6));
  EXPECT_GT(waits.back(), absl::Seconds(24));
  EXPECT_GT(waits[waits.size() / 2], absl::Seconds(8));
  EXPECT_LT(waits[waits.size() / 2], absl::Seconds(22));
  EXPECT_FALSE(diary_.lost.back().had_stream);
  EXPECT_EQ(diary_.lost.back().since, diary_.lost.front().since) << "one outage";
}

TEST_F(SubscriptionTest, OnlyAStableStreamShortensTheWaits) {
  Start();
  absl::Duration longest = absl::ZeroDuration();
  for (int i = 0; i < 20; ++i) {
    frames().Accept(1, false);
    frames().FullSet(1, {});
    Advance(absl::Seconds(1));
    stream().End(absl::UnavailableError("Socket closed"));
    longest = std::max(longest, diary_.lost.back().retry_in);
    AwaitRetry();
  }
  EXPECT_GT(longest, absl::Seconds(10)) << "an agent that falls at once is not hammered";
  for (int i = 0; i < 10; ++i) {
    frames().Accept(1, false);
    frames().FullSet(1, {});
    Advance(Subscription::kStable);
    stream().End(absl::UnavailableError("Socket closed"));
    EXPECT_LE(diary_.lost.back().retry_in, Backoff::kFirst);
    AwaitRetry();
  }
}

TEST_F(SubscriptionTest, TheAgentsWishesAreHonoured) {
  Start();
  frames().Accept(1, false);
  frames().FullSet(1, {});
  frames().next().mutable_goodbye()->mutable_retry_after()->set_seconds(20);
  frames().Goodbye(v1::GOODBYE_REASON_SHUTDOWN);
  EXPECT_THAT(diary_.lost, IsEmpty()) << "the stream's end follows";
  stream().End(absl::OkStatus());
  ASSERT_EQ(diary_.lost.size(), 1u);
  EXPECT_THAT(diary_.lost[0].retry_in, AllOf(Ge(absl::Seconds(20)), Le(absl::Seconds(21))));
  EXPECT_EQ(diary_.lost[0].failure.message, "the agent stops or restarts");
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "after 1");
  absl::Status busy = ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached, "full");
  v1::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(40);
  busy.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord(info.SerializeAsString()));
  stream().End(busy);
  ASSERT_EQ(diary_.lost.size(), 2u);
  EXPECT_THAT(diary_.lost[1].retry_in, AllOf(Ge(absl::Seconds(40)), Le(absl::Seconds(42))));
}

TEST_F(SubscriptionTest, AGoodbyeForPolicyEndsIt) {
  Start();
  frames().Accept(1, false);
  frames().next().mutable_goodbye()->set_message("subscriptions are off");
  frames().Goodbye(v1::GOODBYE_REASON_POLICY);
  stream().End(absl::OkStatus());
  EXPECT_THAT(diary_.entries, ElementsAre("accepted", "end INTERNAL: subscriptions are off"));
}

TEST_F(SubscriptionTest, ASilentStreamIsGivenUp) {
  Start();
  frames().Accept(1, false);  // Heartbeats every 15 s.
  frames().FullSet(1, {FakeConnection(1, 0, 10)});
  for (int i = 0; i < 20; ++i) {
    Advance(absl::Seconds(15));
    frames().next().mutable_heartbeat();
    frames().Send();
  }
  EXPECT_THAT(diary_.lost, IsEmpty()) << "heartbeats are enough";
  const absl::Time heard = clock_.Wall();
  Advance(3 * absl::Seconds(15));
  EXPECT_THAT(diary_.lost, IsEmpty());
  Advance(absl::Seconds(1) + LinkSettings().timeout);
  ASSERT_EQ(diary_.lost.size(), 1u);
  EXPECT_EQ(diary_.lost[0].failure.failure_class, FailureClass::kRpcTimeout);
  EXPECT_EQ(diary_.lost[0].since, heard);
  EXPECT_TRUE(diary_.lost[0].had_stream);
  EXPECT_TRUE(stream().cancelled());
  AwaitRetry();
  EXPECT_EQ(stream().resume_token(), "after 1");
}

TEST_F(SubscriptionTest, AnAgentThatDoesNotAcceptInTimeIsGivenUp) {
  Start();
  Advance(LinkSettings().timeout);
  EXPECT_THAT(diary_.entries, ElementsAre("lost RPC_TIMEOUT"));
}

TEST_F(SubscriptionTest, WhatARetryCannotHealEndsItWithTheAgentsCause) {
  using absl::StatusCode;
  for (const StatusCode code : {StatusCode::kUnauthenticated, StatusCode::kPermissionDenied,
                                StatusCode::kInvalidArgument, StatusCode::kUnimplemented}) {
    // A reason that this client is too old to know changes nothing.
    for (const absl::string_view reason : {"", "REASON_OF_A_LATER_AGENT"}) {
      Diary diary;
      Subscription subscription(runtime_, target_, *FindFamily("tcp"),
                                std::make_shared<v1::SubscribeTcpStatisticsRequest>(), diary, 1);
      subscription.Start();
      loop_.RunReady();
      stream().End(reason.empty() ? absl::Status(code, "the cause")
                                  : ErrorStatus(code, reason, "the cause"));
      const int dials = dialer_.dials();
      Advance(absl::Seconds(40));
      ASSERT_EQ(diary.entries.size(), 1u);
      EXPECT_THAT(diary.entries[0], AllOf(HasSubstr("end "), HasSubstr("the cause")));
      EXPECT_EQ(dialer_.dials(), dials);
    }
  }
}

TEST_F(SubscriptionTest, RefusedCertificatesAreTriedAtASteadyPace) {
  found_ = {FailureClass::kTls, "the agent refuses this side's certificate", false};
  dialer_.set_reachable(false);
  Start();
  for (int i = 0; i < 10; ++i) {
    EXPECT_THAT(diary_.lost.back().retry_in, AllOf(Ge(absl::Seconds(24)), Le(absl::Seconds(36))));
    AwaitRetry();
  }
  EXPECT_EQ(dialer_.dials(), 11);
  dialer_.set_reachable(true);
  AwaitRetry();
  frames().Accept(1, false);
  EXPECT_THAT(diary_.entries.back(), "accepted after TLS");
}

TEST_F(SubscriptionTest, NothingIsToldAfterStop) {
  Start();
  frames().Accept(1, false);
  stream().End(absl::UnavailableError("Socket closed"));
  subscription_.Stop();
  const size_t told = diary_.entries.size();
  const int dials = dialer_.dials();
  Advance(absl::Seconds(60));
  EXPECT_EQ(diary_.entries.size(), told);
  EXPECT_EQ(dialer_.dials(), dials);
}

TEST_F(SubscriptionTest, ManyConnectAFewAtATime) {
  constexpr int kCount = 2000;
  const auto request = std::make_shared<v1::SubscribeTcpStatisticsRequest>();
  Diary diary;
  std::vector<std::unique_ptr<Subscription>> many;
  for (int i = 0; i < kCount; ++i) {
    many.push_back(std::make_unique<Subscription>(runtime_, target_, *FindFamily("tcp"), request,
                                                  diary, static_cast<uint64_t>(i)));
    many.back()->Start();
  }
  // One that no longer wants to, out of the middle of the queue.
  many[1000]->Stop();
  size_t accepted = 0;
  loop_.RunReady();
  while (accepted < dialer_.streams().size()) {
    EXPECT_LE(dialer_.streams().size() - accepted, 2u) << "places";
    const std::shared_ptr<ScriptedStream> next = dialer_.streams()[accepted++];
    next->frames().Accept(1, false);
    next->frames().FullSet(1, {FakeConnection(1, 0, 10)});
    loop_.RunReady();
  }
  EXPECT_EQ(accepted, kCount - 1u);
  EXPECT_EQ(diary.ticks, kCount - 1);
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(RowsOf(many[static_cast<size_t>(i)]->table()).size(), i == 1000 ? 0u : 1u);
  }
}

}  // namespace
}  // namespace farstat::client
