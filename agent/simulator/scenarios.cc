#include "agent/simulator/scenarios.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "agent/sources/simulated/host.h"
#include "agent/text_proto.h"

namespace farstat::simulator {
namespace {

using sources::simulated::Scenario;

absl::StatusOr<Scenario> Parse(const std::string& text, const std::string& file) {
  std::vector<std::string> problems;
  Scenario scenario;
  ParseTextProto(text, file, scenario, problems);
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  if (const absl::Status status = CheckScenario(scenario); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        file, ": ", absl::StrReplaceAll(status.message(), {{"\n", "\n" + file + ": "}})));
  }
  return scenario;
}

std::string NoSuchScenario(const std::string& name) {
  return absl::StrCat("there is no scenario \"", name, "\", and no file of that name; there are ",
                      absl::StrJoin(ShippedScenarios(), ", ",
                                    [](std::string* out, const ShippedScenario& scenario) {
                                      absl::StrAppend(out, scenario.name);
                                    }));
}

}  // namespace

absl::StatusOr<Scenario> LoadScenario(const std::string& name_or_file) {
  for (const ShippedScenario& shipped : ShippedScenarios()) {
    if (shipped.name == name_or_file) return Parse(shipped.text, shipped.name);
  }
  absl::StatusOr<std::string> text = ReadTextFile(name_or_file);
  if (text.ok()) return Parse(*text, name_or_file);
  const bool is_path = absl::StrContains(name_or_file, '/') || absl::StrContains(name_or_file, '.');
  return is_path ? text.status() : absl::NotFoundError(NoSuchScenario(name_or_file));
}

}  // namespace farstat::simulator
