// How a doctor's report is shown.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "agent/service/doctor.h"
#include "google/protobuf/util/json_util.h"

namespace farstat::service {
namespace {

absl::string_view ColourOf(absl::string_view grade) {
  if (grade == "OK") return "\033[32m";
  return grade == "WARN" ? "\033[33m" : "\033[1;31m";
}

std::string Coloured(absl::string_view grade, bool colours) {
  std::string padded = absl::StrFormat("%-4s", grade);
  return colours ? absl::StrCat(ColourOf(grade), padded, "\033[0m") : padded;
}

std::string Summary(const DoctorReport& report) {
  const auto count = [&](absl::string_view grade) {
    return std::count_if(report.findings().begin(), report.findings().end(),
                         [&](const Finding& finding) { return finding.grade() == grade; });
  };
  return absl::StrCat(count("OK"), " OK, ", count("WARN"), " WARN, ", count("FAIL"), " FAIL");
}

}  // namespace

std::string DoctorText(const DoctorReport& report, bool colours) {
  size_t width = 0;
  for (const Finding& finding : report.findings()) {
    width = std::max(width, finding.subject().size());
  }
  // Below the text of a finding.
  const std::string indent(width + 7, ' ');
  const std::string next_line = "\n" + indent;
  std::string text = absl::StrCat("farstat-agent ", report.agent_version(), ", settings ",
                                  report.settings_file(), "\n\n");
  for (const Finding& finding : report.findings()) {
    absl::StrAppend(&text, Coloured(finding.grade(), colours), "  ",
                    absl::StrFormat("%-*s", static_cast<int>(width), finding.subject()), " ",
                    absl::StrReplaceAll(finding.found(), {{"\n", next_line}}), "\n");
    if (finding.advice().empty()) continue;
    absl::StrAppend(&text, indent, "-> ",
                    absl::StrReplaceAll(finding.advice(), {{"\n", next_line}}), "\n");
  }
  absl::StrAppend(&text, "\n", Summary(report), "\n");
  return text;
}

std::string DoctorJson(const DoctorReport& report) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(report, &json, options);
  return status.ok() ? json : status.ToString();
}

int DoctorExitCode(const DoctorReport& report) {
  if (report.grade() == "OK") return 0;
  return report.grade() == "WARN" ? 1 : 2;
}

}  // namespace farstat::service
