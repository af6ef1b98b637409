// The RAS family on Windows: the connections that this host has made as a client.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_RAS_SOURCE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_RAS_SOURCE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/types/optional.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/source.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/ras_calls.h"
#include "agent/sources/windows/ras_clear.h"
#include "agent/sources/windows/ras_projection.h"
#include "agent/sources/windows/ras_row.h"
#include "agent/sources/windows/ras_totals.h"
#include "common/clock.h"

namespace farstat::sources::windows {

class RasSource : public Source {
 public:
  // Both must outlive it.
  RasSource(const Api& api, const Clock& clock);

  // Only the groups in `parts` are asked of Windows.
  Outcome Collect(PartMask parts, RowSink& sink) override;

  // For ClearRasStatistics, on any thread, for as long as this source lives.
  RasClearings& clearings() { return clearings_; }

 private:
  struct Link {
    RasTotals totals;
    bool was_down = false;
    uint64_t times_down = 0;
  };
  // What is kept of a connection from one collection to the next.
  struct Connection {
    Handle handle = 0;
    uint64_t newest_collection = 0;
    RasTotals totals;
    std::map<uint32_t, Link> links;
    // Whether its entry has several links; absent: not known yet.
    absl::optional<bool> several_links;
  };
  // The row that is being collected.
  struct Current {
    const RasConnection& listed;
    Connection* kept;  // Null when nothing that counts was asked for.
    RasRowFacts& facts;
  };

  absl::Status CheckService();
  void CollectListed(PartMask parts, RowSink& sink, Outcome& outcome);
  // An error means that there is no such row: the connection is gone, or the service.
  absl::Status CollectRow(const RasConnection& listed, PartMask parts, absl::Status& partial);
  absl::Status CollectGroup(v1::RasGroup group, Current& current, absl::Status& partial);
  absl::Status CollectStatus(Current& current);
  absl::Status CollectStatistics(Current& current);
  absl::Status CollectLinks(Current& current, absl::Status& partial);
  absl::Status CollectProjection(Current& current, absl::Status& partial);
  absl::Status EndLinks(uint32_t index, const absl::Status& status, Current& current,
                        absl::Status& partial);

  // Reads and writes one link that Windows says is up; its handle is 0 if Windows has none for it.
  absl::Status CollectLink(uint32_t index, Handle handle, Current& current, absl::Status& partial);
  absl::Status ReadLinkStatistics(Handle connection, uint32_t index, Link& link, RasStats& stats);
  void WriteLink(const RasLinkReading& reading, Link& link);
  bool HasSingleLink(Current& current);

  Connection& Keep(const RasConnection& listed);
  void DropVanished();

  const Api& api_;
  const Clock& clock_;
  RasClearings clearings_;
  RasCalls calls_;
  RasProjectionReader projection_;
  RowWriter row_;
  RasRowFacts facts_;

  uint64_t collection_ = 0;
  uint64_t service_calls_ = 0;
  // When the service's process started; 0: not known.
  uint64_t service_start_ = 0;
  // By the row's key.
  absl::flat_hash_map<std::string, std::unique_ptr<Connection>> kept_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_RAS_SOURCE_H_
