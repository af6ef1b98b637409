// How a program of one's own watches agents with this library: WatchConnections is the whole of it.
// It is a test so that it stays true; README.md refers to it.

#include <memory>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "client/subscription.h"
#include "client/workers.h"
#include "farstat/v1/tcp.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/fake_agent.h"
#include "tests/support/run_cli.h"

namespace farstat::client {
namespace {

// Prints how many connections a host has after each reading, and when it is not known.
class Printer : public Subscription::Observer {
 public:
  Printer(const Runtime& runtime, const Target& target, std::ostream& out)
      : name_(target.name),
        out_(out),
        subscription_(runtime, target, *FindFamily("tcp"),
                      std::make_shared<v1::SubscribeTcpStatisticsRequest>(), *this, /*seed=*/1) {
    subscription_.Start();
  }
  void OnAccepted(const v1::Accepted& /*accepted*/, const Outage* /*outage*/) override {}
  void OnChange(const Change& change) override {
    if (change.gap.has_value())
      out_ << name_ << ": a gap, " << GapReasonName(change.gap->reason) << "\n";
    if (!change.tick_complete) return;
    const Section& tcp = subscription_.table().sections().at(v1::FAMILY_TCP);
    out_ << name_ << ": " << tcp.rows().size() << " connections\n";
  }
  void OnLost(const Outage& outage) override { out_ << outage.failure.message << "\n"; }
  void OnEnd(const Failure& failure) override { out_ << failure.message << "\n"; }

 private:
  const std::string name_;
  std::ostream& out_;
  Subscription subscription_;
};

// Watches all of them on this thread, for so long.
void WatchConnections(const std::vector<Target>& targets, const TlsFiles& tls,
                      absl::Duration duration, std::ostream& out) {
  EventLoop loop;
  LinkSettings settings;
  settings.dial.tls = tls;
  settings.dial.streaming = true;
  const std::unique_ptr<Dialer> dialer = MakeDialer(loop, settings.dial);
  Workers workers(4);
  Slots slots(128);
  const Runtime runtime = {loop, *dialer, slots, ProbingDiagnosis(workers, loop), settings};
  std::vector<std::unique_ptr<Printer>> printers;
  for (const Target& target : targets) {
    printers.push_back(std::make_unique<Printer>(runtime, target, out));
  }
  loop.After(duration, [&loop] { loop.Stop(); });
  loop.Run();
}

TEST(ExampleTest, Watches) {
  FakeAgent agent;
  agent.on_subscribe = [](grpc::ServerContext* context, const auto&, auto* writer) {
    FakeStream stream(writer);
    stream.Accept(1, false);
    stream.FullSet(1, {FakeConnection(1, 0, 0), FakeConnection(2, 0, 0)});
    stream.Delta(2, {}, {FakeConnection(1, 0, 0).key()});
    WaitForCancel(context);
    return grpc::Status::OK;
  };
  agent.Start();
  std::ostringstream out;
  WatchConnections({*ParseTarget(agent.target())}, TlsFiles(), absl::Seconds(1), out);
  EXPECT_EQ(out.str(), agent.target() + ": 2 connections\n" + agent.target() + ": 1 connections\n");
}

}  // namespace
}  // namespace farstat::client
