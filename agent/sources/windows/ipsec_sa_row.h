// Writes the row of an IPsec SA: the only place where Windows' SA details become API fields. What
// is not named there does not leave the host.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SA_ROW_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SA_ROW_H_

#include <cstdint>

#include "agent/sources/row_writer.h"
#include "agent/sources/windows/abi_ipsec.h"
#include "farstat/v1/ipsec.pb.h"

namespace farstat::sources::windows {

// Writes an IpsecSa with its key and its IpsecFacts.
void WriteIpsecSaRow(uint64_t sa_context_id, v1::IpsecDirection direction,
                     const IpsecSaDetails& details, RowWriter& row);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IPSEC_SA_ROW_H_
