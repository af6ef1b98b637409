#include "agent/service/configure.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "agent/rpc/server.h"
#include "agent/service/serve.h"
#include "agent/sources/durable_file.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"

namespace farstat::service {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;

constexpr char kHeading[] =
    "# Settings of farstat-agent, written by farstat-agent configure. The agent takes them when "
    "it\n"
    "# starts. Paths are relative to this folder.\n";

struct Explanation {
  absl::string_view field;
  absl::string_view text;
};

constexpr Explanation kExplanations[] = {
    {"listen",
     "Addresses to serve: HOST:PORT or [IPv6]:PORT; may be repeated. Default: 127.0.0.1:9847"},
    {"tls",
     "Certificates for mutual TLS (PEM): ca (clients' certificates must come from there),\n"
     "certificate and key. Needed for every address but loopback; if set, used there too"},
    {"log_level", "trace, debug, info, warn or error. Default: info"},
    {"max_streams", "Streams served at once. Default: 2000"},
    {"max_streams_per_peer",
     "Of these, for one peer, by its address. Default: three quarters of max_streams"},
    {"stalled_stream_timeout_s",
     "A stream whose client does not read for so many seconds is ended. Default: 60"},
    {"max_collection_cpu_percent",
     "What collecting one family may cost, in hundredths of a processor core; what would cost\n"
     "more is collected less often than subscribers want, and they are told. Default: 10"},
    {"state_directory",
     "Folder for what must outlive the agent. Default: of the service, the one that its\n"
     "installation made; otherwise none"},
    {"operators",
     "Who may also change the host: names in clients' certificates; \"*.ops.example\" is every\n"
     "DNS name that ends so. May be repeated. Default: nobody"},
    {"local_operators",
     "Without TLS: every program of this host may change it too. Default: false"},
};

// One setting as it stands in a file; empty if it is not set.
std::string FieldText(const agent::AgentSettings& settings,
                      const google::protobuf::FieldDescriptor* field) {
  agent::AgentSettings only = settings;
  const auto* descriptor = agent::AgentSettings::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    if (descriptor->field(i) != field) {
      agent::AgentSettings::GetReflection()->ClearField(&only, descriptor->field(i));
    }
  }
  std::string text;
  google::protobuf::TextFormat::PrintToString(only, &text);
  return text;
}

std::string Prefixed(absl::string_view prefix, absl::string_view text) {
  std::string prefixed;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&prefixed, prefix, line, "\n");
  }
  return prefixed;
}

std::string Difference(const agent::AgentSettings& before, const agent::AgentSettings& after) {
  std::string difference;
  const auto* descriptor = agent::AgentSettings::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const std::string old_text = FieldText(before, descriptor->field(i));
    const std::string new_text = FieldText(after, descriptor->field(i));
    if (old_text == new_text) continue;
    absl::StrAppend(&difference, Prefixed("  - ", old_text), Prefixed("  + ", new_text));
  }
  return difference;
}

void MakeAbsolute(std::string& path) {
  std::error_code error;
  if (!path.empty())
    path = std::filesystem::absolute(std::filesystem::u8path(path), error).u8string();
}

// All that keeps an agent from starting with these settings, but for ports that are taken: it may
// be running.
void CheckAll(const agent::AgentSettings& settings, std::vector<std::string>& problems) {
  for (const std::string& problem : CheckSettingsFiles(settings)) problems.push_back(problem);
  for (const std::string& address : settings.listen()) {
    const absl::Status status = rpc::CheckListenAddress(address, settings.has_tls());
    if (!status.ok()) problems.emplace_back(status.message());
  }
}

absl::Status AsStatus(const std::vector<std::string>& problems) {
  if (problems.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

// Settings hold no secrets, and the service's account must be able to read them. A mode that
// somebody has given is kept.
absl::Status WriteReadable(const std::string& path, absl::string_view bytes) {
  const std::filesystem::path file = std::filesystem::u8path(path);
  std::error_code error;
  using std::filesystem::perms;
  perms mode = perms::owner_read | perms::owner_write | perms::group_read | perms::others_read;
  if (std::filesystem::exists(file, error))
    mode = std::filesystem::status(file, error).permissions();
  if (absl::Status status = sources::ReplaceDurably(path, bytes); !status.ok()) return status;
  std::filesystem::permissions(file, mode, error);
  return absl::OkStatus();
}

// Writes the file, after what is in it has been kept.
absl::Status Write(const std::string& path, const std::string& text, bool& kept) {
  const auto before = sources::ReadWholeFile(path, kLargestFile);
  kept = before.ok();
  if (before.ok()) {
    absl::Status status = WriteReadable(absl::StrCat(path, ".previous"), *before);
    if (!status.ok()) return status;
  } else if (!absl::IsNotFound(before.status())) {
    return before.status();
  }
  return WriteReadable(path, text);
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(std::filesystem::u8path(path), error);
}

}  // namespace

std::string SettingsText(const agent::AgentSettings& settings) {
  std::string text = kHeading;
  for (const auto& [name, explanation] : kExplanations) {
    const auto* field = agent::AgentSettings::descriptor()->FindFieldByName(std::string(name));
    absl::StrAppend(&text, "\n", Prefixed("# ", explanation));
    const std::string value = FieldText(settings, field);
    absl::StrAppend(&text, value.empty() ? absl::StrCat("# ", name, "\n") : value);
  }
  return text;
}

absl::StatusOr<std::string> Configure(const AgentFlags& flags, bool reset) {
  AgentFlags wanted = flags;
  for (std::string* path :
       {&wanted.ca, &wanted.certificate, &wanted.key, &wanted.state_directory}) {
    MakeAbsolute(*path);
  }
  const bool replaces = IsThere(flags.config_file);
  agent::AgentSettings before;
  std::vector<std::string> problems;
  if (replaces && !reset) {
    AgentFlags file;
    file.config_file = flags.config_file;
    // What is wrong with it is told of what comes out of it.
    std::vector<std::string> ignored;
    before = ReadSettings(file, ignored);
  } else {
    wanted.config_file.clear();
  }
  const agent::AgentSettings after = ReadSettings(wanted, problems);
  CheckAll(after, problems);
  if (absl::Status status = AsStatus(problems); !status.ok()) return status;
  if (replaces && !reset && google::protobuf::util::MessageDifferencer::Equals(before, after)) {
    return absl::StrCat(flags.config_file, ": nothing to change\n");
  }
  bool kept = false;
  if (absl::Status status = Write(flags.config_file, SettingsText(after), kept); !status.ok()) {
    return status;
  }
  std::string said = absl::StrCat(flags.config_file, ": written\n", Difference(before, after));
  if (kept)
    absl::StrAppend(&said, "What was there before is in ", flags.config_file, ".previous\n");
  absl::StrAppend(&said, "The agent takes the settings when it is started again.\n");
  return said;
}

absl::StatusOr<std::string> CheckConfiguration(const std::string& settings_file) {
  AgentFlags flags;
  flags.config_file = settings_file;
  std::vector<std::string> problems;
  const agent::AgentSettings settings = ReadSettings(flags, problems);
  CheckAll(settings, problems);
  if (absl::Status status = AsStatus(problems); !status.ok()) return status;
  return absl::StrCat(settings_file, ": fine\n");
}

}  // namespace farstat::service
