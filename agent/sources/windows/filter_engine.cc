#include "agent/sources/windows/filter_engine.h"

#include <algorithm>
#include <array>
#include <utility>

namespace farstat::sources::windows {
namespace {

// Shown to administrators who look at the sessions of the engine.
constexpr char16_t kSessionName[] = u"farstat";
constexpr char16_t kSessionDescription[] = u"Reads IPsec and IKE statistics; changes nothing.";

// What calls return when the service behind the session is gone, or is there anew and does not know
// the session.
constexpr std::array<uint32_t, 8> kSessionLost = {
    kErrorInvalidHandle,
    1702,        // RPC_S_INVALID_BINDING
    1722,        // RPC_S_SERVER_UNAVAILABLE
    1726,        // RPC_S_CALL_FAILED
    1727,        // RPC_S_CALL_FAILED_DNE
    1753,        // EPT_S_NOT_REGISTERED: what is seen in practice when BFE is stopped
    0x80070006,  // E_HANDLE
    0x80320010,  // FWP_E_SESSION_ABORTED
};

bool MeansSessionLost(uint32_t code) {
  return std::find(kSessionLost.begin(), kSessionLost.end(), code) != kSessionLost.end();
}

absl::Duration WaitAfter(int failures) {
  absl::Duration wait = FilterEngine::kShortestWait;
  for (int i = 1; i < failures && wait < FilterEngine::kLongestWait; ++i) wait *= 2;
  return std::min(wait, FilterEngine::kLongestWait);
}

}  // namespace

absl::Status FilterEngine::Open() {
  if (handle_ != 0) return absl::OkStatus();
  // A session that could not be closed, or arrays that could not be given back, would leak.
  if (!api_.fwpm_engine_open) return AbsentEntry("FwpmEngineOpen0");
  if (!api_.fwpm_engine_close) return AbsentEntry("FwpmEngineClose0");
  if (!api_.fwpm_free_memory) return AbsentEntry("FwpmFreeMemory0");
  if (failures_ > 0 && clock_.Steady() < wait_until_) return failure_;
  // No flags: the session is not a dynamic one, and begins no transaction.
  FwpmSession session = {};
  session.display_name = kSessionName;
  session.display_description = kSessionDescription;
  Handle handle = 0;
  ++native_calls_;
  uint32_t code =
      api_.fwpm_engine_open(nullptr, kRpcAuthenticationWindows, nullptr, &session, &handle);
  // A success that brings no handle is none.
  if (code == kSuccess && handle == 0) code = kErrorInvalidHandle;
  if (code != kSuccess) return Fail(Win32Status("FwpmEngineOpen0", code));
  handle_ = handle;
  has_worked_ = false;
  return absl::OkStatus();
}

bool FilterEngine::ShouldRepeat(const Result& result) const {
  return has_worked_ && result.may_repeat && MeansSessionLost(result.code);
}

absl::Status FilterEngine::Settle(const Result& result) {
  absl::Status status = Win32Status(result.name, result.code);
  if (MeansSessionLost(result.code)) {
    Close();
    return Fail(std::move(status));
  }
  failures_ = 0;
  has_worked_ = true;
  return status;
}

void FilterEngine::Close() {
  if (handle_ == 0) return;
  ++native_calls_;
  api_.fwpm_engine_close(handle_);
  handle_ = 0;
}

absl::Status FilterEngine::Fail(absl::Status why) {
  ++failures_;
  wait_until_ = clock_.Steady() + absl::ToChronoNanoseconds(WaitAfter(failures_));
  failure_ = std::move(why);
  return failure_;
}

}  // namespace farstat::sources::windows
