// JSON as proto3 defines it, with the field names of the proto files.

#ifndef FARSTAT_CLIENT_FORMAT_JSON_H_
#define FARSTAT_CLIENT_FORMAT_JSON_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/family.h"
#include "client/section.h"

namespace farstat::client {

// A string with quotes.
std::string JsonString(absl::string_view text);
// RFC 3339 in UTC, with quotes; null for times that nobody knows.
std::string JsonTime(absl::Time time);
// A message on one line.
std::string JsonMessage(const Message& message);
// A message on several lines, moved by `indent` columns but for the first.
std::string PrettyJsonMessage(const Message& message, int indent);
// {"data.thru_bytes_acked": 12.5, …}: the growth per second of every counter that the row has.
std::string JsonRates(const Section& section, const Row& row);

// An object, member by member.
class JsonObject {
 public:
  JsonObject& Add(absl::string_view name, absl::string_view json);
  JsonObject& AddString(absl::string_view name, absl::string_view text) {
    return Add(name, JsonString(text));
  }
  std::string Take();

 private:
  std::string text_ = "{";
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_FORMAT_JSON_H_
