#include "agent/config.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/rpc/authorizer.h"
#include "agent/text_proto.h"
#include "spdlog/spdlog.h"

namespace farstat {
namespace {

constexpr int kMaxStreams = 100'000;
constexpr int kMaxStalledSeconds = 3600;
constexpr int kMaxCpuPercent = 100;

// A service's current folder is the system's: what a file says is meant from where the file is.
void MakeAbsolute(const std::filesystem::path& folder, std::string& path) {
  if (!path.empty()) path = (folder / std::filesystem::u8path(path)).u8string();
}

agent::AgentSettings ReadFile(const std::string& path, std::vector<std::string>& problems) {
  agent::AgentSettings settings;
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) {
    problems.emplace_back(text.status().message());
    return settings;
  }
  ParseTextProto(*text, path, settings, problems);
  const std::filesystem::path folder = std::filesystem::u8path(path).parent_path();
  if (settings.has_tls()) {
    MakeAbsolute(folder, *settings.mutable_tls()->mutable_ca());
    MakeAbsolute(folder, *settings.mutable_tls()->mutable_certificate());
    MakeAbsolute(folder, *settings.mutable_tls()->mutable_key());
  }
  MakeAbsolute(folder, *settings.mutable_state_directory());
  return settings;
}

void ApplyFlags(const AgentFlags& flags, agent::AgentSettings& settings) {
  if (!flags.listen.empty()) {
    settings.clear_listen();
    for (const std::string& address : flags.listen) settings.add_listen(address);
  }
  if (!flags.ca.empty()) settings.mutable_tls()->set_ca(flags.ca);
  if (!flags.certificate.empty()) settings.mutable_tls()->set_certificate(flags.certificate);
  if (!flags.key.empty()) settings.mutable_tls()->set_key(flags.key);
  if (flags.local_operators) settings.set_local_operators(true);
  if (!flags.log_level.empty()) settings.set_log_level(flags.log_level);
  if (!flags.operators.empty()) {
    settings.clear_operators();
    for (const std::string& name : flags.operators) settings.add_operators(name);
  }
  if (!flags.state_directory.empty()) settings.set_state_directory(flags.state_directory);
  if (flags.max_streams != 0) settings.set_max_streams(flags.max_streams);
  if (flags.max_streams_per_peer != 0) {
    settings.set_max_streams_per_peer(flags.max_streams_per_peer);
  }
  if (flags.stalled_stream_timeout_s != 0) {
    settings.set_stalled_stream_timeout_s(flags.stalled_stream_timeout_s);
  }
  if (flags.max_collection_cpu_percent != 0) {
    settings.set_max_collection_cpu_percent(flags.max_collection_cpu_percent);
  }
}

void CheckNumber(absl::string_view name, int value, int most, std::vector<std::string>& problems) {
  if (value >= 0 && value <= most) return;
  problems.push_back(absl::StrCat(name, ": ", value, " is not within 1 to ", most));
}

void Check(const agent::AgentSettings& settings, std::vector<std::string>& problems) {
  const agent::TlsSettings& tls = settings.tls();
  const bool any = !tls.ca().empty() || !tls.certificate().empty() || !tls.key().empty();
  if (any && tls.ca().empty()) problems.emplace_back("tls: ca (--ca) is missing");
  if (any && tls.certificate().empty())
    problems.emplace_back("tls: certificate (--cert) is missing");
  if (any && tls.key().empty()) problems.emplace_back("tls: key (--key) is missing");
  const std::string& level = settings.log_level();
  if (!level.empty() && level != "off" && spdlog::level::from_str(level) == spdlog::level::off) {
    problems.push_back(
        absl::StrCat("log_level: \"", level, "\" is not one of trace, debug, info, warn, error"));
  }
  CheckNumber("max_streams", settings.max_streams(), kMaxStreams, problems);
  CheckNumber("max_streams_per_peer", settings.max_streams_per_peer(), kMaxStreams, problems);
  CheckNumber("stalled_stream_timeout_s", settings.stalled_stream_timeout_s(), kMaxStalledSeconds,
              problems);
  CheckNumber("max_collection_cpu_percent", settings.max_collection_cpu_percent(), kMaxCpuPercent,
              problems);
  for (const std::string& name : settings.operators()) {
    const absl::Status status = rpc::CheckOperatorName(name);
    if (!status.ok()) problems.push_back(absl::StrCat("operators: ", status.message()));
  }
  if (!settings.operators().empty() && !settings.has_tls()) {
    problems.emplace_back(
        "operators: are known by their certificates, so tls (--ca, --cert, --key) must be set");
  }
  if (settings.local_operators() && settings.has_tls()) {
    problems.emplace_back(
        "local_operators: with tls everybody has a certificate; name some of them in operators");
  }
  std::error_code no_error;
  const std::string& state = settings.state_directory();
  if (!state.empty() && !std::filesystem::is_directory(state, no_error)) {
    problems.push_back(absl::StrCat("state_directory: there is no folder ", state));
  }
}

}  // namespace

agent::AgentSettings ReadSettings(const AgentFlags& flags, std::vector<std::string>& problems) {
  agent::AgentSettings settings;
  if (!flags.config_file.empty()) settings = ReadFile(flags.config_file, problems);
  ApplyFlags(flags, settings);
  Check(settings, problems);
  if (settings.listen().empty()) settings.add_listen(kDefaultListen);
  if (settings.log_level().empty()) settings.set_log_level("info");
  return settings;
}

absl::StatusOr<agent::AgentSettings> LoadSettings(const AgentFlags& flags) {
  std::vector<std::string> problems;
  agent::AgentSettings settings = ReadSettings(flags, problems);
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return settings;
}

}  // namespace farstat
