// Requests from options: which rows, which groups, how often.

#ifndef FARSTAT_CLIENT_QUERY_H_
#define FARSTAT_CLIENT_QUERY_H_

#include <memory>
#include <string>
#include <vector>

#include "client/family.h"
#include "client/format/columns.h"
#include "client/options.h"

namespace farstat::client {

// A request of the family's Get method, without page token. `columns`: what a table will show and
// sort by, so that no more is collected than that; empty: everything.
std::unique_ptr<Message> GetRequest(const Options& options, const std::vector<Column>& columns);

// A request of its Subscribe method, without resume token. `prompt_heartbeat`: a quiet interval is
// to be told soon, because somebody watches or counts.
std::unique_ptr<Message> SubscribeRequest(const Options& options,
                                          const std::vector<Column>& columns,
                                          bool prompt_heartbeat);

// Flags that the family's filter lacks must have been refused before.
void FillFilter(const Selection& selection, Message& filter);

void SetPageToken(Message& request, const std::string& token);
void SetResumeToken(Message& request, const std::string& token);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_QUERY_H_
