#include "client/presenter.h"

namespace farstat::client {

absl::string_view TargetStateName(TargetEvent::State state) {
  switch (state) {
    case TargetEvent::State::kConnected:
      return "connected";
    case TargetEvent::State::kDisconnected:
      return "disconnected";
    case TargetEvent::State::kFailed:
      return "failed";
  }
  return "failed";
}

}  // namespace farstat::client
