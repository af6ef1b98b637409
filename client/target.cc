#include "client/target.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/suggest.h"
#include "common/ip_address.h"
#include "common/status.h"

namespace farstat::client {
namespace {

bool IsIpv4(const std::string& host) { return ParseIpAddress(host).size() == 4; }

// With or without a scope ("fe80::1%eth0").
bool IsIpv6(const std::string& host) {
  return ParseIpAddress(host.substr(0, host.find('%'))).size() == 16;
}

bool IsHostName(absl::string_view host) {
  const auto fits = [](unsigned char letter) {
    return absl::ascii_isalnum(letter) || letter == '-' || letter == '.' || letter == '_' ||
           letter >= 0x80;
  };
  return !host.empty() && host.size() <= 253 && host.front() != '-' &&
         std::all_of(host.begin(), host.end(), fits);
}

absl::Status Malformed(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("target \"", text, "\": ", why, ". Write host, host:port or [IPv6]:port."));
}

// Splits host and port; both may be empty.
absl::Status SplitHostPort(absl::string_view text, std::string& host, std::string& port) {
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("\"]\" is missing");
    host = std::string(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (!IsIpv6(host)) return absl::InvalidArgumentError("no IPv6 address between the brackets");
    if (text.empty()) return absl::OkStatus();
    if (!absl::ConsumePrefix(&text, ":"))
      return absl::InvalidArgumentError("\":\" must follow \"]\"");
    port = std::string(text);
    return port.empty() ? absl::InvalidArgumentError("the port is missing") : absl::OkStatus();
  }
  if (IsIpv6(std::string(text))) {
    host = std::string(text);
    return absl::OkStatus();
  }
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text, absl::MaxSplits(':', 1));
  host = std::string(parts.first);
  port = std::string(parts.second);
  if (absl::EndsWith(text, ":")) return absl::InvalidArgumentError("the port is missing");
  return absl::OkStatus();
}

absl::Status AddTags(absl::string_view text, Target& target) {
  for (const absl::string_view tag : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(tag, absl::MaxSplits('=', 1));
    if (parts.first.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("tag \"", tag, "\" has no key"));
    }
    target.tags[parts.first] = parts.second;
  }
  return absl::OkStatus();
}

// One line of a target file, or one argument: addresses with commas, then attributes.
class TargetList {
 public:
  explicit TargetList(std::istream& input) : input_(input) {}

  absl::Status AddArgument(absl::string_view argument) {
    for (absl::string_view part : absl::StrSplit(argument, ',', absl::SkipWhitespace())) {
      part = absl::StripAsciiWhitespace(part);
      absl::Status status;
      if (part == "-") {
        status = AddLines(input_, "standard input");
      } else if (absl::ConsumePrefix(&part, "@")) {
        status = AddFile(std::string(part));
      } else {
        status = AddAddress(part, {});
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  std::vector<Target> Take() { return std::move(targets_); }

 private:
  absl::Status AddFile(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
      return absl::InvalidArgumentError(
          absl::StrCat("target file ", path, " cannot be read: ", ErrnoText(errno)));
    }
    return AddLines(file, path);
  }

  absl::Status AddLines(std::istream& lines, absl::string_view where) {
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      const absl::Status status =
          AddLine(absl::StripAsciiWhitespace(line.substr(0, line.find('#'))));
      if (!status.ok()) {
        return absl::InvalidArgumentError(absl::StrCat(where, ":", number, ": ", status.message()));
      }
    }
    if (lines.bad()) {
      return absl::InvalidArgumentError(absl::StrCat(where, " cannot be read to its end"));
    }
    return absl::OkStatus();
  }

  absl::Status AddLine(absl::string_view line) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty()) return absl::OkStatus();
    Target attributes;
    for (size_t i = 1; i < words.size(); ++i) {
      absl::string_view word = words[i];
      absl::Status status;
      if (absl::ConsumePrefix(&word, "name=") && !word.empty()) {
        attributes.name = std::string(word);
      } else if (absl::ConsumePrefix(&word, "tags=")) {
        status = AddTags(word, attributes);
      } else {
        status = absl::InvalidArgumentError(
            absl::StrCat("\"", words[i], "\" is neither name=NAME nor tags=KEY=VALUE,…"));
      }
      if (!status.ok()) return status;
    }
    const std::vector<absl::string_view> addresses =
        absl::StrSplit(words[0], ',', absl::SkipEmpty());
    if (addresses.size() > 1 && !attributes.name.empty()) {
      return absl::InvalidArgumentError("a name= is for one address, not for several");
    }
    for (const absl::string_view address : addresses) {
      absl::Status status = AddAddress(address, attributes);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddAddress(absl::string_view address, const Target& attributes) {
    absl::StatusOr<Target> target = ParseTarget(address);
    if (!target.ok()) return target.status();
    if (!attributes.name.empty()) target->name = attributes.name;
    target->tags = attributes.tags;
    const auto [known, is_new] = names_.emplace(target->name, target->HostAndPort());
    if (is_new) {
      targets_.push_back(*std::move(target));
    } else if (known->second != target->HostAndPort()) {
      return absl::InvalidArgumentError(absl::StrCat("two targets are named ", target->name, ": ",
                                                     known->second, " and ",
                                                     target->HostAndPort()));
    }
    return absl::OkStatus();
  }

  std::istream& input_;
  std::vector<Target> targets_;
  std::map<std::string, std::string> names_;
};

}  // namespace

bool Target::IsAddress() const { return IsIpv4(host) || IsIpv6(host); }

bool Target::IsLoopback() const {
  return absl::EqualsIgnoreCase(host, "localhost") || host == "::1" ||
         (IsIpv4(host) && absl::StartsWith(host, "127."));
}

std::string Target::HostAndPort() const {
  if (IsIpv6(host)) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

std::string Target::GrpcUri() const {
  if (IsIpv4(host)) return absl::StrCat("ipv4:", HostAndPort());
  if (IsIpv6(host)) {
    return absl::StrCat("ipv6:", absl::StrReplaceAll(HostAndPort(), {{"%", "%25"}}));
  }
  return absl::StrCat("dns:///", HostAndPort());
}

absl::StatusOr<Target> ParseTarget(absl::string_view text) {
  Target target;
  target.name = std::string(text);
  absl::string_view address = text;
  if (absl::ConsumePrefix(&address, "dns:")) {
    absl::ConsumePrefix(&address, "///");
    target.resolved_by_grpc = true;
  } else if (absl::StartsWith(address, "srv:")) {
    return Malformed(text,
                     "SRV records are not looked up yet; dns:NAME takes all addresses of a name");
  } else if (absl::StrContains(address, "://")) {
    return Malformed(text, "this is a URL");
  }
  std::string port;
  const absl::Status status = SplitHostPort(address, target.host, port);
  if (!status.ok()) return Malformed(text, status.message());
  if (target.host.empty()) return Malformed(text, "the host is missing");
  if (!target.IsAddress() && !IsHostName(target.host))
    return Malformed(text, "no host has such a name");
  uint32_t number = kDefaultPort;
  if (!port.empty() && (!absl::SimpleAtoi(port, &number) || number == 0 || number > 65535)) {
    return Malformed(text, "the port is not a number from 1 to 65535");
  }
  target.port = static_cast<uint16_t>(number);
  return target;
}

absl::StatusOr<std::vector<Target>> ParseTargets(const std::vector<std::string>& arguments,
                                                 std::istream& input) {
  TargetList list(input);
  for (const std::string& argument : arguments) {
    const absl::Status status = list.AddArgument(argument);
    if (!status.ok()) return status;
  }
  std::vector<Target> targets = list.Take();
  if (!targets.empty()) return targets;
  if (!arguments.empty()) return absl::InvalidArgumentError("the target list is empty");
  Target loopback;
  loopback.host = "127.0.0.1";
  loopback.name = loopback.HostAndPort();
  return std::vector<Target>{loopback};
}

absl::StatusOr<std::vector<Target>> SelectByTags(std::vector<Target> targets,
                                                 const std::vector<std::string>& selectors) {
  if (selectors.empty()) return targets;
  // Key to accepted values; an empty set accepts any.
  std::map<std::string, std::set<std::string>> wanted;
  for (const std::string& selector : selectors) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(selector, absl::MaxSplits('=', 1));
    if (parts.first.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--tag \"", selector, "\": write key=value, or key for any value"));
    }
    std::set<std::string>& values = wanted[parts.first];
    if (absl::StrContains(selector, '=')) values.insert(parts.second);
  }
  std::set<std::string> known;
  const auto matches = [&](const Target& target) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& key_and_values) {
      const auto tag = target.tags.find(key_and_values.first);
      return tag != target.tags.end() &&
             (key_and_values.second.empty() || key_and_values.second.count(tag->second) > 0);
    });
  };
  std::vector<Target> selected;
  for (Target& target : targets) {
    for (const auto& [key, value] : target.tags) known.insert(absl::StrCat(key, "=", value));
    if (matches(target)) selected.push_back(std::move(target));
  }
  if (!selected.empty()) return selected;
  const std::string tags = absl::StrJoin(selectors, " and ");
  if (known.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "no target has the tag ", tags,
        ": no target has tags at all. A target file gives them: ", "\"host tags=key=value\""));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no target has the tag ", tags, ".",
                   Suggestion(selectors[0], std::vector<std::string>(known.begin(), known.end()))));
}

}  // namespace farstat::client
