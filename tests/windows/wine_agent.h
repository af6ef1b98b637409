// farstat-agent.exe under Wine, as its administrator starts it, and the CLI of this host, which
// asks it over the network with a certificate. tests/windows/run.sh sets the stage:
//   WINEPREFIX               a Wine prefix that these tests may do with as they like
//   FARSTAT_WINDOWS_BIN_DIR  the programs for Windows, and in tests/dlls/ what stands in for its
//   DLLs FARSTAT_BIN_DIR          those of this host

#ifndef FARSTAT_TESTS_WINDOWS_WINE_AGENT_H_
#define FARSTAT_TESTS_WINDOWS_WINE_AGENT_H_

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "tests/support/process.h"
#include "tests/support/test_certificates.h"

namespace farstat::testing {

// Instead of a DLL's folder: there is no such DLL.
inline constexpr char kNoDll[] = "none";

// The Windows that an agent finds. DLLs are named by their folder in tests/dlls/; empty: Wine's
// own.
struct Windows {
  std::string rasapi32;
  std::string fwpuclnt;
  std::string iphlpapi;
  // What the replaced DLLs answer: a scenario's text.
  std::string scenario;
  // When it began to be so. Absent: when the agent asks for the first time.
  absl::optional<absl::Time> since;
};

// All of it is simulated.
Windows SimulatedWindows(std::string scenario);

// A record of the CLI's -o jsonl.
struct Record {
  std::string kind;
  std::string family;
  uint64_t tick = 0;
  absl::Time time;
  // As JSON.
  std::string data;
};
std::vector<Record> Records(absl::string_view jsonl);
// Fails the test if it is not that.
void Parse(const std::string& json, google::protobuf::Message& message);

// The data of the records of one kind.
template <typename Message>
std::vector<Message> DataOf(absl::string_view jsonl, absl::string_view kind) {
  std::vector<Message> data;
  for (const Record& record : Records(jsonl)) {
    if (record.kind == kind) Parse(record.data, data.emplace_back());
  }
  return data;
}

class WineAgentTest : public ::testing::Test {
 protected:
  WineAgentTest();
  // Shows the agent's log if the test has failed.
  ~WineAgentTest() override;

  // Starts an agent with mutual TLS, in which the CLI is an operator, and waits until it serves.
  // `listen`: port 0 is a free one.
  void StartAgent(const Windows& windows, const std::string& listen = "127.0.0.1:0");
  // Ctrl-C; waits until it has ended, orderly.
  void StopAgent();
  // kill -9.
  void KillAgent();
  Process& agent() { return *agent_; }
  // "127.0.0.1:PORT"
  const std::string& address() const { return address_; }

  // Arguments with the agent as target and the client's certificate.
  std::vector<std::string> ToAgent(std::vector<std::string> arguments) const;
  // Runs the CLI to its end.
  Finished Farstat(std::vector<std::string> arguments) const;
  // The CLI's JSON lines about one family; the test fails unless it ends with 0.
  std::string Get(const std::string& family, std::vector<std::string> more = {}) const;

  const TestFolder& folder() const { return folder_; }
  const TlsFiles& client_files() const { return client_files_; }

 private:
  const TestFolder folder_;
  const TestAuthority authority_;
  const TlsFiles agent_files_;
  const TlsFiles client_files_;
  std::unique_ptr<Process> agent_;
  std::string address_;
  // What the agents before said.
  std::string log_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_WINDOWS_WINE_AGENT_H_
