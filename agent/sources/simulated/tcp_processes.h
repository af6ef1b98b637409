// The processes of a simulated host that own sockets, and what Windows tells of them.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_PROCESSES_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_PROCESSES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/sources/simulated/tcp_chance.h"
#include "agent/sources/simulated/tcp_scenario.pb.h"

namespace farstat::sources::simulated {

struct TcpProcessEntry {
  std::string id;
  std::string name;
  std::string service;
  uint32_t pid;
  bool locked;
  // What OwningModuleInfo says of a service; 0: there is none.
  uint64_t service_tag;
};

class TcpProcesses {
 public:
  TcpProcesses(const TcpScenario& scenario, TcpChance chance);

  // Null: there is none with that id.
  const TcpProcessEntry* Find(absl::string_view id) const;

  // The composition process_name of the table of calls.
  uint32_t NameOf(uint32_t pid, bool administrator, std::string* name) const;
  // GetOwnerModuleFromTcpEntry and its twin for IPv6.
  uint32_t OwnerModule(uint32_t pid, uint64_t service_tag, bool administrator, uint32_t info_class,
                       void* info, uint32_t* bytes) const;

 private:
  // A code of Windows: whether the process may be looked into.
  uint32_t Open(uint32_t pid, bool administrator, const TcpProcessEntry** process) const;

  // Never changed, because connections point into it.
  std::vector<TcpProcessEntry> entries_;
  std::map<uint32_t, const TcpProcessEntry*> by_pid_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_PROCESSES_H_
