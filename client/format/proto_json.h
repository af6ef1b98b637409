// Messages as proto3 JSON with the field names of the proto files.
//
// The library's own printer goes through a type resolver and takes fifteen times as long (150 µs
// for a TCP connection): too slow for a collector of JSON lines. The test holds both against each
// other.

#ifndef FARSTAT_CLIENT_FORMAT_PROTO_JSON_H_
#define FARSTAT_CLIENT_FORMAT_PROTO_JSON_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

namespace farstat::client {

// A string with quotes.
void AppendJsonString(absl::string_view text, std::string& json);

// Adds the message to `json`. `pretty`: on several lines, which are moved by `indent` columns.
// Messages of this API only: no Any, no bytes in maps.
void AppendJson(const google::protobuf::Message& message, bool pretty, int indent,
                std::string& json);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_PROTO_JSON_H_
