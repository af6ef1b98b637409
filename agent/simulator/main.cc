// farstat-simulator: serves simulated Windows hosts, as farstat-agent serves real ones.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/config.h"
#include "agent/simulator/fleet.h"
#include "agent/simulator/scenarios.h"
#include "agent/stop_signal.h"
#include "common/version.h"
#include "spdlog/sinks/stdout_color_sinks.h"
#include "spdlog/spdlog.h"

namespace farstat::simulator {
namespace {

constexpr int kExitFailed = 1;
constexpr absl::Duration kDrainGrace = absl::Seconds(2);
constexpr char kFirstAddress[] = "127.0.0.1:19847";

constexpr char kExamples[] = R"(Examples:
  farstat-simulator
      One healthy office host on 127.0.0.1:19847; ask it: farstat get host -t 127.0.0.1:19847
  farstat-simulator --hosts 50 --scenario flapping_vpn
      Fifty hosts on ports 19847 to 19896, whose VPN connections come and go.
  farstat-simulator --scenario my.textproto --seed 7
      A scenario of your own; deploy/scenarios/ has some to begin with.)";

struct Arguments {
  int hosts = 1;
  std::string listen = kFirstAddress;
  std::string scenario = kDefaultScenario;
  uint64_t seed = 1;
  bool list_scenarios = false;
  AgentFlags agent;
};

// Prints each line of an error for people.
int Fail(const absl::Status& status) {
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "farstat-simulator: %.*s\n", static_cast<int>(line.size()), line.data());
  }
  return kExitFailed;
}

void SetUpLog(const std::string& level) {
  auto logger = std::make_shared<spdlog::logger>(
      "farstat-simulator", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
  logger->set_level(spdlog::level::from_str(level));
  spdlog::set_default_logger(std::move(logger));
}

// Where the hosts keep what must outlive them, though it need not outlive this process.
class StateFolder {
 public:
  StateFolder() {
    std::error_code error;
    path_ = std::filesystem::temp_directory_path(error) /
            absl::StrCat("farstat-simulator-", absl::Hex(std::random_device{}()));
    if (error || !std::filesystem::create_directory(path_, error)) path_.clear();
  }
  ~StateFolder() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  // Empty if it could not be made.
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

int ListScenarios() {
  for (const ShippedScenario& shipped : ShippedScenarios()) {
    const auto scenario = LoadScenario(shipped.name);
    if (!scenario.ok()) return Fail(scenario.status());
    std::printf("%-18s %s\n", shipped.name.c_str(), scenario->description().c_str());
  }
  return 0;
}

int Run(Arguments arguments) {
  PrepareStopSignals();
  if (arguments.list_scenarios) return ListScenarios();
  if (arguments.agent.log_level.empty()) arguments.agent.log_level = "warn";
  FleetOptions options;
  options.hosts = arguments.hosts;
  options.listen = arguments.listen;
  options.seed = arguments.seed;
  auto settings = LoadSettings(arguments.agent);
  if (!settings.ok()) return Fail(settings.status());
  options.settings = *std::move(settings);
  auto scenario = LoadScenario(arguments.scenario);
  if (!scenario.ok()) return Fail(scenario.status());
  options.scenario = *std::move(scenario);
  SetUpLog(options.settings.log_level());
  const StateFolder state;
  options.settings.set_state_directory(state.path());
  const auto on_ready = [&options](const Fleet::Member& member) {
    std::printf("%s  %s  %s\n", member.name().c_str(), member.address().c_str(),
                options.scenario.description().c_str());
    std::fflush(stdout);
  };
  auto fleet = Fleet::Start(options, on_ready);
  if (!fleet.ok()) return Fail(fleet.status());
  WaitForStopSignal();
  (*fleet)->Stop(kDrainGrace);
  return 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Serves simulated Windows hosts: models of RAS, TCP, IPsec and IKE behind the product's own "
      "collectors and services.",
      "farstat-simulator");
  app.footer(kExamples);
  app.set_version_flag("--version", std::string("farstat-simulator ") + kVersion);
  app.add_option("--hosts", arguments.hosts, "Number of hosts. Default: 1");
  app.add_option("--listen", arguments.listen,
                 "HOST:PORT of the first; the others take the ports after it. Default: "
                 "127.0.0.1:19847. Port 0: each takes a free one");
  app.add_option("--scenario", arguments.scenario,
                 "What the hosts are like: a shipped scenario's name, or a file. Default: "
                 "healthy_office");
  app.add_flag("--list-scenarios", arguments.list_scenarios, "List the shipped scenarios");
  app.add_option("--seed", arguments.seed,
                 "Chance of the first host; the others take the numbers after it. Default: 1");
  app.add_option("--ca", arguments.agent.ca, "CA certificates, as for farstat-agent");
  app.add_option("--cert", arguments.agent.certificate, "Certificate of the hosts' agents");
  app.add_option("--key", arguments.agent.key, "Private key of that certificate");
  app.add_flag("--local-operators", arguments.agent.local_operators,
               "Programs of this host may also change the simulated ones (without TLS)");
  app.add_option("--log-level", arguments.agent.log_level,
                 "trace, debug, info, warn (default) or error");
  try {
    app.parse(argc, argv);
    // allow(exceptions): CLI11 throws
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitFailed;
  }
  return Run(std::move(arguments));
}

}  // namespace
}  // namespace farstat::simulator

int main(int argc, char** argv) { return farstat::simulator::Main(argc, argv); }
