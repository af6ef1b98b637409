// How many of something the agent allows at once: in total, and for one peer, so that no peer can
// take everything.

#ifndef FARSTAT_AGENT_RPC_QUOTA_H_
#define FARSTAT_AGENT_RPC_QUOTA_H_

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/mutex.h"

namespace farstat::rpc {

// Who calls, without the port: all programs of one host are one peer. `peer` is as gRPC writes it.
std::string PeerHost(absl::string_view peer);

class Quota {
 public:
  // One of what the quota counts; it is given back when this is destroyed. Null: none.
  class Share;
  using SharePtr = std::unique_ptr<const Share>;

  struct Limit {
    // Name of the setting, for errors; with "_per_peer" behind it for one peer's.
    std::string name;
    // What is counted, and what the caller can do, both for errors: "streams", "try again later".
    std::string what;
    std::string advice;
    int total;
    int per_peer;
  };

  explicit Quota(Limit limit) : limit_(std::move(limit)) {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  // RESOURCE_EXHAUSTED, with a hint when to try again, when there are too many.
  absl::StatusOr<SharePtr> Take(absl::string_view peer_host);

 private:
  absl::Status Refusal(absl::string_view peer_host, bool by_peer) const;
  void GiveBack(const std::string& peer_host);

  const Limit limit_;
  mutable Mutex mutex_;
  int taken_ ABSL_GUARDED_BY(mutex_) = 0;
  // Peers that have any.
  absl::flat_hash_map<std::string, int> taken_by_ ABSL_GUARDED_BY(mutex_);
};

class Quota::Share {
 public:
  ~Share() { quota_.GiveBack(peer_host_); }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;

  const std::string& peer_host() const { return peer_host_; }

 private:
  friend class Quota;
  Share(Quota& quota, absl::string_view peer_host) : quota_(quota), peer_host_(peer_host) {}

  Quota& quota_;
  const std::string peer_host_;
};

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_QUOTA_H_
