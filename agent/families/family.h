// A family at run time: its feed, or why this host has none.

#ifndef FARSTAT_AGENT_FAMILIES_FAMILY_H_
#define FARSTAT_AGENT_FAMILIES_FAMILY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/feed/feed.h"
#include "farstat/v1/common.pb.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::families {

struct Family {
  v1::Family id = v1::FAMILY_UNSPECIFIED;
  // Full name of its service, for health: "farstat.v1.TcpService".
  std::string service;
  // Null: this host cannot deliver the family, and `unavailable` says why.
  std::unique_ptr<feed::Feed> feed;
  // Nudges the feed when it learns of a change; null: nothing does. It ends before the feed.
  std::shared_ptr<void> watch;
  absl::Status unavailable;
  // Parts of the family that this host lacks, in sentences.
  std::vector<std::string> limitations;
  // Only for TCP: groups that this host delivers.
  std::vector<v1::TcpGroup> tcp_groups;
};

}  // namespace farstat::families

#endif  // FARSTAT_AGENT_FAMILIES_FAMILY_H_
