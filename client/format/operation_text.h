// What came of a command that changes hosts, as people read it: a line per host, and below it what
// failed.

#ifndef FARSTAT_CLIENT_FORMAT_OPERATION_TEXT_H_
#define FARSTAT_CLIENT_FORMAT_OPERATION_TEXT_H_

#include <string>
#include <vector>

#include "client/family.h"
#include "client/format/table.h"

namespace farstat::client {

// `answer` is a SetTcpEstatsCollectionResponse or a ClearRasStatisticsResponse in all of these.
// With a first column HOST where there are several hosts.
std::vector<TableColumn> OperationColumns(const Message& answer, bool with_host);
TableLayout::Cells OperationCells(const Message& answer, bool with_host, const std::string& host);

// A line for each way to fail, with how many failed so and one of them; empty if none did.
std::string OperationFailures(const Message& answer);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_OPERATION_TEXT_H_
