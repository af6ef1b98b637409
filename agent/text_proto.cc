#include "agent/text_proto.h"

#include <cerrno>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"

namespace farstat {
namespace {

class ProblemCollector : public google::protobuf::io::ErrorCollector {
 public:
  ProblemCollector(absl::string_view file, std::vector<std::string>& problems)
      : file_(file), problems_(problems) {}
  void AddError(int line, int column, const std::string& message) override {
    problems_.push_back(absl::StrCat(file_, ":", line + 1, ":", column + 1, ": ", message));
  }

 private:
  const std::string file_;
  std::vector<std::string>& problems_;
};

}  // namespace

void ParseTextProto(const std::string& text, absl::string_view file,
                    google::protobuf::Message& message, std::vector<std::string>& problems) {
  ProblemCollector collector(file, problems);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.ParseFromString(text, &message);
}

absl::StatusOr<std::string> ReadTextFile(const std::string& file) {
  errno = 0;
  std::ifstream stream(file);
  std::stringstream text;
  if (stream && text << stream.rdbuf()) return text.str();
  // An empty file gives no text, and is fine.
  if (stream.is_open() && stream.peek() == std::ifstream::traits_type::eof() && errno == 0) {
    return "";
  }
  return absl::NotFoundError(absl::StrCat(file, ": cannot be read: ", ErrnoText(errno)));
}

}  // namespace farstat
