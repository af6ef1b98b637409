#include "agent/service/installation.h"

namespace farstat::service {
namespace {

absl::Status ThePackageDoesIt(absl::string_view commands) {
  std::string text = "on Linux the package installs the service. ";
  text.append(commands.data(), commands.size());
  return absl::UnimplementedError(text);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> InstallHere(bool /*start*/) {
  return ThePackageDoesIt(
      "apt install ./farstat-agent_*.deb, then farstat-agent configure, then systemctl enable "
      "--now "
      "farstat-agent");
}

absl::StatusOr<std::vector<std::string>> UninstallHere() {
  return ThePackageDoesIt(
      "systemctl disable --now farstat-agent, then apt remove farstat-agent (apt purge "
      "farstat-agent also "
      "removes its settings)");
}

}  // namespace farstat::service
