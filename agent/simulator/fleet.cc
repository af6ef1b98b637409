#include "agent/simulator/fleet.h"

#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "agent/hosts/windows_host.h"
#include "common/clock.h"

namespace farstat::simulator {
namespace {

constexpr int kMaxHosts = 10'000;
constexpr int kMaxPort = 65535;
constexpr char kDefaultName[] = "Windows Server 2022";
constexpr char kDefaultVersion[] = "10.0.20348";

// "HOST:PORT" as its parts.
struct Address {
  std::string host;
  int port;
};

absl::StatusOr<Address> ParseAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot listen on \"", text, "\": an address is HOST:PORT or [IPv6]:PORT"));
  }
  address.host = text.substr(0, colon);
  return address;
}

absl::Status CheckRange(const FleetOptions& options, const Address& first) {
  if (options.hosts < 1 || options.hosts > kMaxHosts) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.hosts, " hosts: the number is not within 1 to ", kMaxHosts));
  }
  if (first.port != 0 && first.port + options.hosts - 1 > kMaxPort) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.hosts, " hosts from port ", first.port, " on would need port ",
                     first.port + options.hosts - 1, "; the last one is ", kMaxPort,
                     ", so the first can be ", kMaxPort - options.hosts + 1, " at most"));
  }
  return absl::OkStatus();
}

v1::GetAgentInfoResponse Identity(const sources::simulated::Scenario& scenario,
                                  const std::string& name) {
  v1::GetAgentInfoResponse identity;
  identity.set_host_name(name);
  identity.set_simulated(true);
  v1::OperatingSystem& system = *identity.mutable_operating_system();
  system.set_name("Windows");
  system.set_version(scenario.windows_version().empty() ? kDefaultVersion
                                                        : scenario.windows_version());
  system.set_description(absl::StrCat(
      scenario.windows_name().empty() ? kDefaultName : scenario.windows_name(), " (simulated)"));
  system.set_architecture("x86_64");
  return identity;
}

// Each host needs a folder of its own below the one that all are given.
absl::Status GiveOwnFolder(const std::string& name, agent::AgentSettings& settings) {
  if (settings.state_directory().empty()) return absl::OkStatus();
  settings.set_state_directory(absl::StrCat(settings.state_directory(), "/", name));
  std::error_code error;
  std::filesystem::create_directories(settings.state_directory(), error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("cannot make ", settings.state_directory(), ": ", error.message()));
}

hosts::Host Describe(const std::shared_ptr<sources::simulated::Host>& simulated,
                     const std::string& name, const std::string& state_directory) {
  // Who holds the table holds the Windows behind it.
  const std::shared_ptr<const sources::windows::Api> api(simulated, &simulated->api());
  hosts::Host host = hosts::WindowsHost(api, SystemClock(), state_directory);
  host.identity = Identity(simulated->scenario(), name);
  return host;
}

}  // namespace

Fleet::Member::Member(std::string name, sources::simulated::Scenario scenario, uint64_t seed,
                      const agent::AgentSettings& settings)
    : name_(std::move(name)),
      host_(std::make_shared<sources::simulated::Host>(std::move(scenario), seed, SystemClock())),
      agent_(settings, Describe(host_, name_, settings.state_directory())) {}

absl::StatusOr<std::unique_ptr<Fleet>> Fleet::Start(
    const FleetOptions& options, absl::FunctionRef<void(const Member&)> on_ready) {
  const absl::StatusOr<Address> first = ParseAddress(options.listen);
  if (!first.ok()) return first.status();
  if (absl::Status status = CheckRange(options, *first); !status.ok()) return status;
  std::unique_ptr<Fleet> fleet(new Fleet());  // its constructor is private
  for (int number = 0; number < options.hosts; ++number) {
    agent::AgentSettings settings = options.settings;
    settings.clear_listen();
    const int port = first->port == 0 ? 0 : first->port + number;
    settings.add_listen(absl::StrCat(first->host, ":", port));
    const std::string name = absl::StrFormat("sim-%04d", number + 1);
    if (absl::Status status = GiveOwnFolder(name, settings); !status.ok()) return status;
    auto member = std::make_unique<Member>(name, options.scenario,
                                           options.seed + static_cast<uint64_t>(number), settings);
    if (absl::Status status = member->agent_.Start(); !status.ok()) return status;
    on_ready(*member);
    fleet->members_.push_back(std::move(member));
  }
  return fleet;
}

void Fleet::Stop(absl::Duration grace) {
  std::vector<std::thread> threads;
  for (const auto& member : members_) {
    threads.emplace_back([&member, grace] { member->agent_.Stop(grace); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace farstat::simulator
