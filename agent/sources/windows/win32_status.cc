#include "agent/sources/windows/win32_status.h"

#include <algorithm>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/types/span.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

// What clients are told about a meaning. The advice is for people and follows the sentence.
struct Answer {
  absl::StatusCode code;
  absl::string_view reason;
  absl::string_view advice;
};

Answer AnswerFor(Win32Meaning meaning) {
  switch (meaning) {
    case Win32Meaning::kLacksPrivilege:
      return {absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege,
              " Run the agent as LocalSystem or as an elevated administrator."};
    case Win32Meaning::kNotSupported:
      return {absl::StatusCode::kUnimplemented, kNotSupportedHere, ""};
    case Win32Meaning::kStopped:
      return {absl::StatusCode::kUnavailable, kSourceStopped,
              " The agent tries again; start the service if it is wanted."};
    case Win32Meaning::kBusy:
      return {absl::StatusCode::kUnavailable, kSourceBusy, " The agent tries again."};
    case Win32Meaning::kVanished:
      return {absl::StatusCode::kNotFound, kObjectVanished, ""};
    case Win32Meaning::kNoMemory:
      return {absl::StatusCode::kResourceExhausted, kLimitReached, ""};
    case Win32Meaning::kRefused:
      break;
  }
  return {absl::StatusCode::kInternal, kNativeCallFailed, ""};
}

// In decimal, and as an HRESULT also in the way that people look it up.
std::string NumberText(uint32_t code) {
  if (code < 0x80000000) return absl::StrCat(code);
  return absl::StrFormat("0x%08X (%u)", code, code);
}

const Win32Code* FindIn(absl::Span<const Win32Code> codes, uint32_t code) {
  const auto* found =
      std::lower_bound(codes.begin(), codes.end(), code,
                       [](const Win32Code& row, uint32_t wanted) { return row.code < wanted; });
  return found != codes.end() && found->code == code ? found : nullptr;
}

}  // namespace

const Win32Code* FindWin32Code(uint32_t code) {
  for (const auto codes : {SystemCodes(), RasCodes(), IkeCodes()}) {
    if (const Win32Code* found = FindIn(codes, code)) return found;
  }
  return nullptr;
}

const Win32Code& IkeErrorAt(int index) { return IkeCodes()[static_cast<size_t>(index)]; }

absl::Status Win32Status(absl::string_view api, uint32_t code) {
  if (code == kSuccess) return absl::OkStatus();
  const Win32Code* known = FindWin32Code(code);
  if (known == nullptr) {
    return ErrorStatus(absl::StatusCode::kInternal, kNativeCallFailed,
                       absl::StrCat(api, " failed with ", NumberText(code),
                                    ", a code that farstat does not know."),
                       {{"api", std::string(api)}, {"win32_code", absl::StrCat(code)}});
  }
  const Answer answer = AnswerFor(known->meaning);
  return ErrorStatus(answer.code, answer.reason,
                     absl::StrCat(api, " failed with ", NumberText(code), " ", known->symbol, ". ",
                                  known->sentence, answer.advice),
                     {{"api", std::string(api)},
                      {"win32_code", absl::StrCat(code)},
                      {"win32_symbol", std::string(known->symbol)}});
}

absl::Status AbsentEntry(absl::string_view api) {
  return ErrorStatus(absl::StatusCode::kUnimplemented, kNotSupportedHere,
                     absl::StrCat("This Windows does not have the function ", api, "."),
                     {{"api", std::string(api)}});
}

absl::Status TableChanging(absl::string_view api) {
  return ErrorStatus(absl::StatusCode::kAborted, kTableChanging,
                     absl::StrCat("The list that ", api,
                                  " delivers grew faster than it could be read. Try again."),
                     {{"api", std::string(api)}});
}

uint32_t Win32CodeOf(const absl::Status& status) {
  const v1::ErrorInfo info = ErrorInfoOf(status);
  const auto found = info.metadata().find("win32_code");
  uint32_t code = kSuccess;
  if (found != info.metadata().end() && !absl::SimpleAtoi(found->second, &code)) return kSuccess;
  return code;
}

}  // namespace farstat::sources::windows
