// Files in protobuf's text format, as people write them: settings, scenarios.

#ifndef FARSTAT_AGENT_TEXT_PROTO_H_
#define FARSTAT_AGENT_TEXT_PROTO_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace farstat {

// Parses `text` into `message`. Adds every problem, not only the first, with `file`, line and
// column.
void ParseTextProto(const std::string& text, absl::string_view file,
                    google::protobuf::Message& message, std::vector<std::string>& problems);

// The contents of a file. The error is what the system says.
absl::StatusOr<std::string> ReadTextFile(const std::string& file);

}  // namespace farstat

#endif  // FARSTAT_AGENT_TEXT_PROTO_H_
