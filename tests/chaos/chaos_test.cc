// What API.md promises, of the built agent under what befalls it: it is killed, frozen, cut off,
// its certificates are replaced, its clock steps, clients do not read, and all the while
// subscribers come and go over connections that open and close. README.md says which test stands
// for which promise.

#include <glob.h>
#include <signal.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/clock.h"
#include "tests/chaos/stage.h"

namespace farstat::testing {
namespace {

// Where it must pass before an agent is given up.
constexpr absl::Duration kShort = absl::Seconds(3);

class ChaosTest : public Stage {
 protected:
  v1::SourceStatus TcpSource() {
    const v1::GetAgentStatusResponse status = Status();
    for (const v1::SourceStatus& source : status.sources()) {
      if (source.family() == v1::FAMILY_TCP) return source;
    }
    ADD_FAILURE() << "no TCP source";
    return {};
  }
  // By the agent's clock.
  absl::Time NewestCollection() { return FromProto(TcpSource().newest().start_time()); }
};

TEST_F(ChaosTest, KilledAndStartedAgain) {
  StartAgent();
  Open();
  for (int kill = 0; kill < scale_.kills; ++kill) {
    agent_->Signal(SIGKILL);
    EXPECT_EQ(agent_->Wait().exit_code, 128 + SIGKILL);
    Await("that everybody has noticed", [&] { return audience_->Streaming() == 0; });
    StartAgent();
    ExpectEverybodyHoldsTheTable();
  }
  // Those who stayed were told each time.
  EXPECT_GE(audience_->tally().gaps_of_restarts,
            static_cast<uint64_t>(scale_.kills * (scale_.behind_relay + scale_.of_everything)));
  Print("killed");
}

TEST_F(ChaosTest, FrozenUntilEverybodyGivesItUp) {
  StartAgent();
  Open(kShort);
  const uint64_t resumed = audience_->tally().resumed;
  agent_->Signal(SIGSTOP);
  Await("that everybody has noticed", [&] { return audience_->Streaming() == 0; });
  agent_->Signal(SIGCONT);
  ExpectEverybodyHoldsTheTable();
  const Tally tally = audience_->tally();
  EXPECT_GT(tally.resumed, resumed) << "it is the same agent, and remembers";
  EXPECT_EQ(tally.gaps_of_restarts, 0u);
  Print("frozen");
}

TEST_F(ChaosTest, CutOffByANetworkThatSwallows) {
  StartAgent();
  Open(kShort);
  const uint64_t resumed = audience_->tally().resumed;
  relay_->Swallow();
  Await("that those behind it have noticed",
        [&] { return audience_->Streaming(relay_->address()) == 0; });
  EXPECT_GT(audience_->Streaming(), 0) << "the others do not notice";
  relay_->Restore();
  ExpectEverybodyHoldsTheTable();
  const Tally tally = audience_->tally();
  EXPECT_GT(tally.resumed, resumed);
  EXPECT_EQ(tally.gaps_of_restarts, 0u);
  Print("cut off");
}

TEST_F(ChaosTest, CertificatesAreReplacedUnderLoad) {
  StartAgent();
  Open();
  const auto knows = [&](const std::string& name) {
    const Finished asked =
        RunToEnd(Binary("farstat"),
                 {"agent", "info", "-t", address_, "--server-name", name, "--ca", client_files_.ca,
                  "--cert", client_files_.certificate, "--key", client_files_.key});
    return asked.exit_code == 0;
  };
  EXPECT_FALSE(knows("renewed.example"));
  TestCertificateOptions options;
  options.names = {"DNS:renewed.example", "IP:127.0.0.1"};
  // A key that is not the certificate's, and only then the certificate: the old pair serves on.
  const TestPair renewed = authority_.Issue(options);
  folder_.Write("agent-key.pem", renewed.key);
  ExpectEverybodyHoldsTheTable();
  EXPECT_TRUE(knows("localhost"));
  EXPECT_FALSE(knows("renewed.example"));
  folder_.Write("agent.pem", renewed.certificate);
  Await("that the new certificate is served", [&] { return knows("renewed.example"); });
  ExpectEverybodyHoldsTheTable();
  // Streams that were there have not noticed anything.
  EXPECT_EQ(audience_->tally().lost, 0u);
  Print("certificates replaced");
}

// What sets back the clock of one process; empty if it is not installed.
std::string FakeTime() {
  glob_t found = {};
  const int failed = glob("/usr/lib/*/faketime/libfaketimeMT.so.1", 0, nullptr, &found);
  const std::string path = failed == 0 ? found.gl_pathv[0] : "";
  globfree(&found);
  return path;
}

TEST_F(ChaosTest, ClockSteps) {
  const std::string fake_time = FakeTime();
  if (fake_time.empty()) GTEST_SKIP() << "needs Debian's package libfaketime";
  const std::string offset = folder_.Write("offset", "+0");
  StartAgent({"/usr/bin/env", "LD_PRELOAD=" + fake_time, "FAKETIME_TIMESTAMP_FILE=" + offset,
              "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1"});
  Open();
  for (const char* step : {"+1800", "-1800", "+0"}) {
    folder_.Write("offset", step);
    const absl::Time started = NewestCollection();
    Await("that the clock has stepped",
          [&] { return absl::AbsDuration(NewestCollection() - started) > absl::Minutes(20); });
    ExpectEverybodyHoldsTheTable();
  }
  const Tally tally = audience_->tally();
  EXPECT_EQ(tally.lost, 0u);
  EXPECT_EQ(tally.gaps_of_restarts + tally.gaps_of_resyncs, 0u);
  Print("clock stepped");
}

TEST_F(ChaosTest, OneCollectionServesAllAndThoseWhoDoNotReadCostLittle) {
  StartAgent();
  Open();
  const double before = AgentPeakBytes();
  for (int i = 0; i < scale_.non_readers; ++i) AddNonReader();
  Await("that those who do not read are seen to be behind", [&] {
    int stalled = 0;
    const v1::GetAgentStatusResponse status = Status();
    for (const v1::SubscriberStatus& subscriber : status.subscribers()) {
      if (FromProto(subscriber.stalled_for()) > scale_.interval) ++stalled;
    }
    return stalled >= scale_.non_readers;
  });

  // Who comes is served at once, by a collection of its own if there is none that is new enough.
  audience_->ComeAndGo(0);
  Await("that all have streams", [&] { return audience_->Streaming() == audience_->size(); });
  constexpr int kIntervals = 10;
  const absl::Time begin = absl::Now();
  const uint64_t collections = TcpSource().collections();
  Await("ten collections more",
        [&] { return TcpSource().collections() >= collections + kIntervals; });
  const uint64_t made = TcpSource().collections() - collections;
  // One at each end may be before or after its time.
  const auto due = static_cast<uint64_t>((absl::Now() - begin) / scale_.interval);
  EXPECT_LE(made, due + 2) << "more than one for each interval";

  ExpectEverybodyHoldsTheTable();
  const double more = AgentPeakBytes() - before;
  // 64 MiB are what a family's waiting rows may come to; each connection has its buffers.
  EXPECT_LE(more, 64 << 20);
  Print(absl::StrFormat("%d do not read, %u collections in %u intervals, %.1f MB more",
                        scale_.non_readers, made, due, more / 1e6));
}

TEST_F(ChaosTest, EndsInTimeWithAllStreamsOpenAndIsFoundAgain) {
  StartAgent();
  Open();
  for (int i = 0; i < scale_.non_readers; ++i) AddNonReader();
  audience_->ComeAndGo(0);
  Await("that all have streams", [&] { return audience_->Streaming() == audience_->size(); });
  const absl::Time stopping = absl::Now();
  agent_->Signal(SIGTERM);
  EXPECT_EQ(agent_->Wait(absl::Seconds(30)).exit_code, 0);
  const absl::Duration took = absl::Now() - stopping;
  EXPECT_LE(took, absl::Seconds(5));
  Await("that everybody has noticed", [&] { return audience_->Streaming() == 0; });
  // Whom this machine keeps from reading for two seconds is not waited for.
  EXPECT_GE(audience_->tally().goodbyes, static_cast<uint64_t>(audience_->size()) / 2);
  StartAgent();
  ExpectEverybodyHoldsTheTable();
  Print(absl::StrFormat("stopped in %.2f s", absl::ToDoubleSeconds(took)));
}

}  // namespace
}  // namespace farstat::testing
