// The TCP of a simulated host: connections whose throughput follows from receiver, network and
// sender, and EStats that are off until somebody switches them on.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/types/optional.h"
#include "agent/sources/simulated/tcp_estats.h"
#include "agent/sources/simulated/tcp_population.h"
#include "agent/sources/simulated/tcp_scenario.pb.h"
#include "agent/sources/simulated/tcp_tables.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::simulated {

class TcpModel {
 public:
  // Both must outlive it.
  TcpModel(const TcpScenario& scenario, World& world);
  ~TcpModel();

  // Fills the family's entries of the table of calls. The model must outlive them.
  void Fill(windows::Api& api);

  // For tests of those who read the model. A connection is named by its row.

  // What the group has counted for the connection, in 64 bits and in the model's units (see
  // TcpCounter). Nothing: there is no such connection.
  absl::optional<uint64_t> Ideal(const TcpEndPoints& end_points, TcpGroup group,
                                 TcpCounter counter);
  // Resets the connection, so that it is gone from the tables. False: there is none.
  bool Reset(const TcpEndPoints& end_points);
  // Lets a table grow now. What is added is ESTABLISHED after a round trip.
  void Grow(bool v6, uint32_t rows);

 private:
  template <typename Row>
  void FillEstats(std::function<windows::GetEstatsCall<Row>>& get,
                  std::function<windows::SetEstatsCall<Row>>& set);
  void FillTables(windows::Api& api);
  void FillOwners(windows::Api& api);
  void FillTotals(windows::Api& api);

  // Goes on to the present, which it returns.
  TcpTime Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  // Before a table is written: what the undefined bits of this moment follow.
  uint64_t BeforeTable(bool v6) ABSL_EXCLUSIVE_LOCKS_REQUIRED(world_.mutex);
  uint32_t Table2(bool v6, void* table, uint32_t* bytes, bool sorted);
  template <typename Stats>
  uint32_t Totals(Stats* stats, uint32_t family);

  const TcpScenario& scenario_;
  World& world_;
  TcpPopulation population_ ABSL_GUARDED_BY(world_.mutex);
  const TcpEstats estats_;
  // How often each table, IPv4's and IPv6's, was asked for.
  std::array<uint32_t, 2> table_calls_ ABSL_GUARDED_BY(world_.mutex) = {};
};

// The end points that a row names. The undefined halves of ports make no difference.
TcpEndPoints EndPointsOf(const windows::TcpRow& row);
TcpEndPoints EndPointsOf(const windows::Tcp6Row& row);

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_TCP_MODEL_H_
