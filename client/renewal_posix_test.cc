// Certificates that are refused and then renewed, over real TLS: the watch finds in by itself. The
// clock is the test's, so that half a minute takes none.

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "client/subscription.h"
#include "client/workers.h"
#include "farstat/v1/tcp.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/becomes.h"
#include "tests/support/fake_agent.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_cli.h"
#include "tests/support/test_certificates.h"

namespace farstat::client {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;

class Outcome : public Subscription::Observer {
 public:
  void OnAccepted(const v1::Accepted& /*accepted*/, const Outage* /*outage*/) override {
    accepted = true;
  }
  void OnChange(const Change& /*change*/) override {}
  void OnLost(const Outage& outage) override {
    ++losses;
    newest = outage;
  }
  void OnEnd(const Failure& failure) override { ADD_FAILURE() << failure.message; }

  bool accepted = false;
  int losses = 0;
  Outage newest;
};

TEST(RenewalTest, ACertificateThatIsRefusedIsTriedAgainWhenItMayBeRenewed) {
  const TestFolder folder;
  const TestAuthority authority;
  const TestAuthority stranger("strange CA");
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto* writer) {
    FakeStream(writer).Accept(1, false);
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start(folder.WriteTlsFiles("agent", authority.certificate(), authority.Issue()));

  testing::ManualClock clock;
  EventLoop loop(clock);
  LinkSettings settings;
  settings.dial.tls = folder.WriteTlsFiles("own", authority.certificate(), stranger.Issue());
  const std::unique_ptr<Dialer> dialer = MakeDialer(loop, settings.dial);
  Workers workers(1);
  Slots slots(1);
  const Runtime runtime = {loop, *dialer, slots, ProbingDiagnosis(workers, loop), settings};
  const Target target = *ParseTarget(agent.target());
  Outcome outcome;
  Subscription subscription(runtime, target, *FindFamily("tcp"),
                            std::make_shared<v1::SubscribeTcpStatisticsRequest>(), outcome, 1);
  const auto comes = [&](const std::function<bool()>& condition) {
    return testing::Becomes([&] {
      loop.RunReady();
      return condition();
    });
  };

  subscription.Start();
  ASSERT_TRUE(comes([&] { return outcome.losses == 1; }));
  EXPECT_EQ(outcome.newest.failure.failure_class, FailureClass::kTls);
  EXPECT_THAT(outcome.newest.failure.message, HasSubstr("strange CA"));
  EXPECT_THAT(outcome.newest.retry_in, AllOf(Ge(absl::Seconds(24)), Le(absl::Seconds(36))));
  // Not renewed yet: the same once more.
  clock.Advance(outcome.newest.retry_in);
  ASSERT_TRUE(comes([&] { return outcome.losses == 2; }));
  EXPECT_EQ(outcome.newest.failure.failure_class, FailureClass::kTls);
  folder.WriteTlsFiles("own", authority.certificate(), authority.Issue());
  clock.Advance(outcome.newest.retry_in);
  EXPECT_TRUE(comes([&] { return outcome.accepted; }));
  EXPECT_EQ(outcome.losses, 2);
}

}  // namespace
}  // namespace farstat::client
