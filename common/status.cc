#include "common/status.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <system_error>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace farstat {
namespace {

constexpr absl::string_view kDomain = "farstat";
constexpr absl::string_view kErrorInfoUrl = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr absl::string_view kRetryInfoUrl = "type.googleapis.com/google.rpc.RetryInfo";

// How long a client should wait before it tries again; 0 where trying again does not help.
int RetrySeconds(absl::string_view reason) {
  if (reason == kAgentStopping) return 5;
  if (reason == kSourceStopped) return 10;
  if (reason == kSourceBusy || reason == kTableChanging) return 1;
  if (reason == kLimitReached) return 5;
  return 0;
}

// The entries of a map in one order, so that statuses with the same cause are equal: whether a
// source's condition has changed is judged by that.
absl::Cord Serialize(const v1::ErrorInfo& info) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    info.SerializeToCodedStream(&coded);
  }
  return absl::Cord(bytes);
}

}  // namespace

absl::Status ErrorStatus(absl::StatusCode code, absl::string_view reason, absl::string_view message,
                         ErrorMetadata metadata) {
  v1::ErrorInfo info;
  info.set_reason(std::string(reason));
  info.set_domain(std::string(kDomain));
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[std::string(key)] = value;
  absl::Status status(code, message);
  status.SetPayload(kErrorInfoUrl, Serialize(info));
  return status;
}

absl::Status InvalidField(absl::string_view field, absl::string_view message) {
  return ErrorStatus(absl::StatusCode::kInvalidArgument, kInvalidArgument, message,
                     {{"field", std::string(field)}});
}

v1::ErrorInfo ErrorInfoOf(const absl::Status& status) {
  v1::ErrorInfo info;
  if (const absl::optional<absl::Cord> payload = status.GetPayload(kErrorInfoUrl)) {
    info.ParseFromString(std::string(*payload));
  }
  return info;
}

v1::RpcStatus ToRpcStatus(const absl::Status& status) {
  v1::RpcStatus rpc_status;
  rpc_status.set_code(static_cast<int>(status.code()));
  rpc_status.set_message(std::string(status.message()));
  const v1::ErrorInfo info = ErrorInfoOf(status);
  if (info.reason().empty()) return rpc_status;
  auto* detail = rpc_status.add_details();
  detail->set_type_url(std::string(kErrorInfoUrl));
  detail->set_value(info.SerializeAsString());
  if (const int seconds = RetrySeconds(info.reason()); seconds > 0) {
    v1::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(seconds);
    detail = rpc_status.add_details();
    detail->set_type_url(std::string(kRetryInfoUrl));
    detail->set_value(retry.SerializeAsString());
  }
  return rpc_status;
}

absl::Status FromRpcStatus(const v1::RpcStatus& rpc_status) {
  absl::Status status(static_cast<absl::StatusCode>(rpc_status.code()), rpc_status.message());
  for (const auto& detail : rpc_status.details()) {
    if (detail.type_url() == kErrorInfoUrl) {
      status.SetPayload(kErrorInfoUrl, absl::Cord(detail.value()));
    }
  }
  return status;
}

v1::SectionStatus ToSectionStatus(v1::Family family, const absl::Status& status,
                                  v1::SectionState state) {
  v1::SectionStatus section;
  section.set_family(family);
  if (status.ok()) {
    section.set_state(v1::SECTION_STATE_OK);
    return section;
  }
  section.set_state(state);
  section.set_code(static_cast<int>(status.code()));
  section.set_message(std::string(status.message()));
  *section.mutable_error() = ErrorInfoOf(status);
  return section;
}

std::string ErrnoText(int error_number) { return std::generic_category().message(error_number); }

}  // namespace farstat
