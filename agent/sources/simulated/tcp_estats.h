// The extended statistics (EStats) of simulated connections, as Windows hands them out.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_H_

#include <cstdint>

#include "agent/sources/simulated/tcp_collection.h"
#include "agent/sources/simulated/tcp_population.h"
#include "agent/sources/simulated/tcp_scenario.pb.h"

namespace farstat::sources::simulated {

// A caller's buffer for one of the structures. Not wanted: null, size 0.
struct EstatsBuffer {
  uint8_t* data;
  uint32_t version;
  uint32_t size;
};

class TcpEstats {
 public:
  // `behaviour` must outlive it.
  explicit TcpEstats(const TcpEstatsBehaviour& behaviour) : behaviour_(behaviour) {}

  // Get…EStats, after its arguments have been found good (see CheckGet). `connection` null: there
  // is none.
  uint32_t Get(TcpConnection* connection, uint32_t type, const EstatsBuffer& rw,
               const EstatsBuffer& ros, const EstatsBuffer& rod, TcpTime now) const;
  // Likewise Set…EStats; `rw` is not null.
  uint32_t Set(TcpConnection* connection, uint32_t type, const uint8_t* rw, TcpTime now) const;

  // What is wrong with the arguments; kSuccess: nothing.
  uint32_t CheckGet(bool has_row, uint32_t type, const EstatsBuffer& rw, const EstatsBuffer& ros,
                    const EstatsBuffer& rod) const;
  uint32_t CheckSet(bool has_row, uint32_t type, const uint8_t* rw, uint32_t version, uint32_t size,
                    uint32_t offset) const;

  // The connection's statistics, gone on to `now`.
  TcpCollection& CollectionOf(TcpConnection& connection, TcpTime now) const;

 private:
  uint32_t CheckBuffer(const EstatsBuffer& buffer, uint32_t needed) const;
  void EnableElsewhere(const TcpConnection& connection, TcpCollection& collection) const;
  void Switch(TcpCollection& collection, TcpGroup group, bool on) const;

  const TcpEstatsBehaviour& behaviour_;
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_ESTATS_H_
