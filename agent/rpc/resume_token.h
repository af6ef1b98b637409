// Resume tokens: where a client was in each family, for this agent process and these queries.

#ifndef FARSTAT_AGENT_RPC_RESUME_TOKEN_H_
#define FARSTAT_AGENT_RPC_RESUME_TOKEN_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/feed/row.h"
#include "farstat/v1/common.pb.h"

namespace farstat::rpc {

struct ResumePosition {
  feed::Tick tick;
  absl::Time time;
  uint64_t fingerprint;
};

using ResumePositions = std::map<v1::Family, ResumePosition>;

std::string MakeResumeToken(const ResumePositions& positions, uint64_t start_id);

// Empty for a token that is malformed or of another agent process: the client then gets a full set.
ResumePositions ParseResumeToken(absl::string_view token, uint64_t start_id);

}  // namespace farstat::rpc

#endif  // FARSTAT_AGENT_RPC_RESUME_TOKEN_H_
