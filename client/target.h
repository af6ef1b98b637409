// Targets: the agents that a command speaks to, as people write them.
//
//   host  host:port  192.0.2.1  [2001:db8::1]:9847  dns:name     and several of them with commas
//   @FILE  or  -  (standard input): one per line, # begins a comment, and after the address
//                 name=NAME and tags=key=value,key=value may follow

#ifndef FARSTAT_CLIENT_TARGET_H_
#define FARSTAT_CLIENT_TARGET_H_

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace farstat::client {

inline constexpr uint16_t kDefaultPort = 9847;

struct Target {
  // What the target is called in outputs: its name=, else its address as it was written.
  std::string name;
  // A host name or an address without brackets.
  std::string host;
  uint16_t port = kDefaultPort;
  // Written as dns:NAME: all addresses of the name are one target, in the order that gRPC tries.
  bool resolved_by_grpc = false;
  std::map<std::string, std::string> tags;

  // The host is an IP address, not a name.
  bool IsAddress() const;
  // The host is this very machine by its loopback addresses or "localhost".
  bool IsLoopback() const;
  // "host:port", with brackets where they belong.
  std::string HostAndPort() const;
  // The same as a target URI of gRPC.
  std::string GrpcUri() const;
};

// One target: an address without anything around it.
absl::StatusOr<Target> ParseTarget(absl::string_view text);

// The target list of a command: what stands behind -t, in that order and without repetitions.
// Nothing gives this host's agent. `input` is read for "-".
absl::StatusOr<std::vector<Target>> ParseTargets(const std::vector<std::string>& arguments,
                                                 std::istream& input);

// Those whose tags match: "key=value" or "key" (any value). Several values of one key are
// alternatives, several keys must all match. It is an error when none is left.
absl::StatusOr<std::vector<Target>> SelectByTags(std::vector<Target> targets,
                                                 const std::vector<std::string>& selectors);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_TARGET_H_
