#include "tests/windows/wine_agent.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace farstat::testing {
namespace {

namespace fs = std::filesystem;
using google::protobuf::util::JsonStringToMessage;
using google::protobuf::util::MessageToJsonString;

// Wine's own iphlpapi.dll under the name to which the replaced one forwards what it does not
// replace.
constexpr char kForwardedDll[] = "iphlporg";
constexpr char kSimulatedDll[] = "farstat-simulated";
// What run.sh turns off in Wine.
constexpr char kOverrides[] = "winemenubuilder.exe,mscoree,mshtml=";
// A slow machine that does other things may take some seconds.
constexpr absl::Duration kStartLimit = absl::Seconds(60);

fs::path Stage(const char* variable) {
  const char* value = std::getenv(variable);
  EXPECT_NE(value, nullptr) << variable << " is not set; tests/windows/run.sh runs these tests";
  return value == nullptr ? "." : value;
}

fs::path System32() { return Stage("WINEPREFIX") / "drive_c/windows/system32"; }

void Copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  // A new file: the old one may still be mapped by a process that ends.
  fs::remove(to, error);
  fs::copy_file(from, to, error);
  EXPECT_FALSE(error) << from << " to " << to << ": " << error.message();
}

// Puts a DLL into system32: that of the folder, or Wine's own. Adds to Wine's settings that it is
// to be taken.
void Install(const std::string& dll, const std::string& folder, std::string& overrides) {
  const fs::path place = System32() / (dll + ".dll");
  const fs::path wines = System32() / (dll + ".dll.wine");
  if (!fs::exists(wines)) Copy(place, wines);
  if (folder.empty() || folder == kNoDll) {
    Copy(wines, place);
    if (folder == kNoDll) absl::StrAppend(&overrides, ";", dll, "=");
    return;
  }
  Copy(Stage("FARSTAT_WINDOWS_BIN_DIR") / "tests/dlls" / folder / (dll + ".dll"), place);
  absl::StrAppend(&overrides, ";", dll, "=n");
}

// Makes the prefix what `windows` says. Returns Wine's settings of which DLLs to take.
std::string Prepare(const Windows& windows) {
  std::string overrides = kOverrides;
  Install("rasapi32", windows.rasapi32, overrides);
  Install("fwpuclnt", windows.fwpuclnt, overrides);
  Install("iphlpapi", windows.iphlpapi, overrides);
  Copy(System32() / "iphlpapi.dll.wine", System32() / absl::StrCat(kForwardedDll, ".dll"));
  Copy(Stage("FARSTAT_WINDOWS_BIN_DIR") / "tests/dlls" / absl::StrCat(kSimulatedDll, ".dll"),
       System32() / absl::StrCat(kSimulatedDll, ".dll"));
  return absl::StrCat(overrides, ";", kForwardedDll, "=n,b");
}

// Of this host's files Windows knows the names by drive.
std::string OnWindows(const std::string& path) { return absl::StrCat("Z:", path); }

std::vector<std::string> TlsArguments(const TlsFiles& files) {
  return {"--ca", files.ca, "--cert", files.certificate, "--key", files.key};
}

}  // namespace

Windows SimulatedWindows(std::string scenario) {
  Windows windows;
  windows.rasapi32 = windows.fwpuclnt = windows.iphlpapi = "simulated";
  windows.scenario = std::move(scenario);
  return windows;
}

std::vector<Record> Records(absl::string_view jsonl) {
  std::vector<Record> records;
  // What comes after the last line may be the beginning of one that is being written.
  const absl::string_view whole = jsonl.substr(0, jsonl.rfind('\n') + 1);
  for (const absl::string_view line : absl::StrSplit(whole, '\n', absl::SkipEmpty())) {
    google::protobuf::Struct parsed;
    Parse(std::string(line), parsed);
    const auto& fields = parsed.fields();
    const auto text = [&fields](const char* name) {
      return fields.count(name) > 0 ? fields.at(name).string_value() : "";
    };
    Record record{text("kind"), text("family"), 0, absl::Time(), ""};
    if (fields.count("tick") > 0) {
      record.tick = static_cast<uint64_t>(fields.at("tick").number_value());
    }
    EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text("time"), &record.time, nullptr)) << line;
    if (fields.count("data") > 0) {
      EXPECT_TRUE(MessageToJsonString(fields.at("data"), &record.data).ok());
    }
    records.push_back(std::move(record));
  }
  return records;
}

void Parse(const std::string& json, google::protobuf::Message& message) {
  EXPECT_TRUE(JsonStringToMessage(json, &message).ok()) << json;
}

WineAgentTest::WineAgentTest()
    : agent_files_(folder_.WriteTlsFiles("agent", authority_.certificate(), authority_.Issue())),
      client_files_(folder_.WriteTlsFiles("client", authority_.certificate(), authority_.Issue())) {
  fs::create_directory(folder_.Path("state"));
}

WineAgentTest::~WineAgentTest() {
  if (!HasFailure()) return;
  if (agent_ != nullptr) absl::StrAppend(&log_, agent_->Said());
  std::fprintf(stderr, "---- what the agent said\n%s----\n", log_.c_str());
}

void WineAgentTest::StartAgent(const Windows& windows, const std::string& listen) {
  const std::string scenario = folder_.Write("scenario.textproto", windows.scenario);
  const std::string settings = folder_.Write(
      "agent.textproto", absl::StrCat("state_directory: \"", OnWindows(folder_.Path("state")),
                                      "\"\noperators: \"localhost\"\n"));
  setenv("WINEDLLOVERRIDES", Prepare(windows).c_str(), 1);
  setenv("FARSTAT_TEST_SCENARIO", OnWindows(scenario).c_str(), 1);
  unsetenv("FARSTAT_TEST_SINCE");
  if (windows.since.has_value()) {
    setenv("FARSTAT_TEST_SINCE", absl::StrCat(absl::ToUnixSeconds(*windows.since)).c_str(), 1);
  }
  const fs::path program = Stage("FARSTAT_WINDOWS_BIN_DIR") / "farstat-agent.exe";
  agent_ = std::make_unique<Process>(
      "/usr/bin/env",
      std::vector<std::string>{"wine", program.string(), "run", "--config", OnWindows(settings),
                               "--listen", listen, "--ca", OnWindows(agent_files_.ca), "--cert",
                               OnWindows(agent_files_.certificate), "--key",
                               OnWindows(agent_files_.key)});
  const std::string said = agent_->WaitForError("with mutual TLS", kStartLimit);
  const size_t begin = said.find("127.0.0.1:");
  ASSERT_NE(begin, std::string::npos) << said;
  address_ = said.substr(begin, said.find(' ', begin) - begin);
}

void WineAgentTest::StopAgent() {
  agent_->Signal(SIGINT);
  const Finished finished = agent_->Wait();
  EXPECT_EQ(finished.exit_code, 0);
  absl::StrAppend(&log_, finished.err, "---- ended with ", finished.exit_code, "\n");
  agent_.reset();
}

void WineAgentTest::KillAgent() {
  agent_->Signal(SIGKILL);
  const Finished finished = agent_->Wait();
  EXPECT_EQ(finished.exit_code, 128 + SIGKILL);
  absl::StrAppend(&log_, finished.err, "---- killed\n");
  agent_.reset();
}

std::vector<std::string> WineAgentTest::ToAgent(std::vector<std::string> arguments) const {
  arguments.insert(arguments.end(), {"-t", address_});
  const std::vector<std::string> tls = TlsArguments(client_files_);
  arguments.insert(arguments.end(), tls.begin(), tls.end());
  return arguments;
}

Finished WineAgentTest::Farstat(std::vector<std::string> arguments) const {
  return RunToEnd(Binary("farstat"), ToAgent(std::move(arguments)));
}

std::string WineAgentTest::Get(const std::string& family, std::vector<std::string> more) const {
  more.insert(more.begin(), {"get", family, "-o", "jsonl"});
  const Finished got = Farstat(std::move(more));
  EXPECT_EQ(got.exit_code, 0) << got.err;
  return got.out;
}

}  // namespace farstat::testing
