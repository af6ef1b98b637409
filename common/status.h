// Errors with a cause: an absl::Status whose payload is the ErrorInfo that clients get to see.

#ifndef FARSTAT_COMMON_STATUS_H_
#define FARSTAT_COMMON_STATUS_H_

#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "farstat/v1/common.pb.h"
#include "farstat/v1/errors.pb.h"

namespace farstat {

// Reasons of ErrorInfo; proto/farstat/v1/errors.proto says what each means.
inline constexpr absl::string_view kInvalidArgument = "INVALID_ARGUMENT";
inline constexpr absl::string_view kRoleRequired = "ROLE_REQUIRED";
inline constexpr absl::string_view kAgentLacksPrivilege = "AGENT_LACKS_PRIVILEGE";
inline constexpr absl::string_view kSettingRequired = "SETTING_REQUIRED";
inline constexpr absl::string_view kNotSupportedHere = "NOT_SUPPORTED_HERE";
inline constexpr absl::string_view kSourceStopped = "SOURCE_STOPPED";
inline constexpr absl::string_view kSourceBusy = "SOURCE_BUSY";
inline constexpr absl::string_view kSourceHung = "SOURCE_HUNG";
inline constexpr absl::string_view kObjectVanished = "OBJECT_VANISHED";
inline constexpr absl::string_view kTableChanging = "TABLE_CHANGING";
inline constexpr absl::string_view kLimitReached = "LIMIT_REACHED";
inline constexpr absl::string_view kAgentStopping = "AGENT_STOPPING";
inline constexpr absl::string_view kNativeCallFailed = "NATIVE_CALL_FAILED";

using ErrorMetadata = std::initializer_list<std::pair<absl::string_view, std::string>>;

// An error with its cause. The message is a sentence: what happened, and what to do.
absl::Status ErrorStatus(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                         ErrorMetadata metadata = {});

// INVALID_ARGUMENT about one field of a request.
absl::Status InvalidField(absl::string_view field, absl::string_view message);

// The cause of `status`; a default message where it has none.
v1::ErrorInfo ErrorInfoOf(const absl::Status& status);

// The status as the google.rpc.Status that travels in the trailer of a call. Reasons that a retry
// may cure carry RetryInfo.
v1::RpcStatus ToRpcStatus(const absl::Status& status);
absl::Status FromRpcStatus(const v1::RpcStatus& rpc_status);

// The status as the status of a family's section. OK gives SECTION_STATE_OK, any error `state`.
v1::SectionStatus ToSectionStatus(v1::Family family, const absl::Status& status,
                                  v1::SectionState state);

// What the operating system says about `error_number`, such as "Permission denied".
std::string ErrnoText(int error_number);

}  // namespace farstat

#endif  // FARSTAT_COMMON_STATUS_H_
