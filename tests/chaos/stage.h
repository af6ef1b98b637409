// What every chaos test plays on: an agent that speaks TLS on a port of its own, thousands of
// connections that it watches, and an audience; and what must be true in the end, whatever befell
// them.

#ifndef FARSTAT_TESTS_CHAOS_STAGE_H_
#define FARSTAT_TESTS_CHAOS_STAGE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "farstat/v1/tcp.grpc.pb.h"
#include "tests/bench/connections.h"
#include "tests/chaos/audience.h"
#include "tests/chaos/churn.h"
#include "tests/support/process.h"
#include "tests/support/relay.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {

// How much of everything there is. FARSTAT_CHAOS=full asks for what ./dev chaos plays.
struct Scale {
  int held_connections;
  int subscribers;
  // Go and are replaced, ten times a second.
  int coming_and_going;
  // Behind the relay; more of them, with tables of everything; and that never read.
  int behind_relay;
  int of_everything;
  int non_readers;
  int kills;
  absl::Duration interval;
  // For what must come about sooner or later.
  absl::Duration patience;
};
const Scale& ChosenScale();

class Stage : public ::testing::Test {
 protected:
  // The first thing of all: what is listened on, held and asked is in a network of its own.
  Stage();
  void SetUp() override;
  void TearDown() override;

  // Starts an agent on the port; `words` come before its program.
  void StartAgent(const std::vector<std::string>& words = {});
  // Fills the house and waits until everybody holds the table.
  // `timeout`: a stream is given up that is silent for three heartbeats, an interval and this.
  void Open(absl::Duration timeout = absl::Seconds(15));

  // Waits until the condition holds; a failure that says `what` if it takes too long.
  void Await(const std::string& what, const std::function<bool()>& condition);
  // Lets churn and comings and goings rest, and waits until every subscriber holds exactly what a
  // snapshot shows, nobody lost anything without being told and no frames contradicted each other.
  // Then lets them go on.
  void ExpectEverybodyHoldsTheTable();

  // All pages of a snapshot.
  Rows Get(const v1::TcpQuery& query);
  v1::GetAgentStatusResponse Status();
  // A connection of its own.
  std::shared_ptr<grpc::Channel> Dial();
  // Its largest resident memory so far.
  double AgentPeakBytes() const;
  // A subscription of everything, on a connection of its own, of which nothing is read.
  void AddNonReader();
  // One line of figures.
  void Print(const std::string& what);

  const bool own_network_;
  const Scale& scale_;
  const TestFolder folder_;
  const TestAuthority authority_;
  TlsFiles agent_files_;
  TlsFiles client_files_;
  const std::string address_ = "127.0.0.1:9847";
  std::unique_ptr<Process> agent_;
  std::unique_ptr<bench::Connections> held_;
  std::unique_ptr<Churn> churn_;
  std::unique_ptr<Relay> relay_;
  Queries queries_;
  std::unique_ptr<Audience> audience_;
  absl::Time began_ = absl::Now();

 private:
  struct NonReader {
    std::shared_ptr<grpc::Channel> channel;
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::SubscribeTcpStatisticsResponse>> reader;
  };

  std::vector<std::unique_ptr<NonReader>> non_readers_;
  absl::Duration longest_wait_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CHAOS_STAGE_H_
