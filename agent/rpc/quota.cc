#include "agent/rpc/quota.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace farstat::rpc {

std::string PeerHost(absl::string_view peer) {
  const bool has_port = absl::StartsWith(peer, "ipv4:") || absl::StartsWith(peer, "ipv6:");
  return std::string(has_port ? peer.substr(0, peer.rfind(':')) : peer);
}

absl::Status Quota::Refusal(absl::string_view peer_host, bool by_peer) const {
  const std::string message =
      by_peer ? absl::StrCat("the agent serves ", peer_host, " its limit of ", limit_.per_peer, " ",
                             limit_.what, " already; ", limit_.advice)
              : absl::StrCat("the agent serves its limit of ", limit_.total, " ", limit_.what,
                             " already; ", limit_.advice);
  return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached, message,
                     {{"limit", absl::StrCat(limit_.name, by_peer ? "_per_peer" : "")}});
}

absl::StatusOr<Quota::SharePtr> Quota::Take(absl::string_view peer_host) {
  MutexLock lock(mutex_);
  if (taken_ >= limit_.total) return Refusal(peer_host, /*by_peer=*/false);
  const auto found = taken_by_.find(peer_host);
  if (found != taken_by_.end() && found->second >= limit_.per_peer) {
    return Refusal(peer_host, /*by_peer=*/true);
  }
  ++taken_;
  ++taken_by_[peer_host];
  return std::unique_ptr<const Share>(new Share(*this, peer_host));  // constructor is private
}

void Quota::GiveBack(const std::string& peer_host) {
  MutexLock lock(mutex_);
  --taken_;
  const auto found = taken_by_.find(peer_host);
  if (--found->second == 0) taken_by_.erase(found);
}

}  // namespace farstat::rpc
