// Writes the row of an IKE SA: the only place where Windows' SA details become API fields. What is
// not named there does not leave the host.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SA_ROW_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SA_ROW_H_

#include "agent/sources/row_writer.h"
#include "agent/sources/windows/abi_ike.h"

namespace farstat::sources::windows {

// Writes an IkeSa with its key and its IkeFacts.
void WriteIkeSaRow(const IkeSaDetails& details, RowWriter& row);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_IKE_SA_ROW_H_
