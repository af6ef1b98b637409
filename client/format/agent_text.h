// GetAgentInfo and GetAgentStatus as people read them.

#ifndef FARSTAT_CLIENT_FORMAT_AGENT_TEXT_H_
#define FARSTAT_CLIENT_FORMAT_AGENT_TEXT_H_

#include <string>

#include "client/family.h"
#include "client/format/table.h"

namespace farstat::client {

// `answer` is a GetAgentInfoResponse.
std::string AgentInfoText(const Message& answer, const TableStyle& style);
// `answer` is a GetAgentStatusResponse.
std::string AgentStatusText(const Message& answer, const TableStyle& style);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_AGENT_TEXT_H_
