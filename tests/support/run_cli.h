// Runs the CLI inside a test's process and takes its output apart.

#ifndef FARSTAT_TESTS_SUPPORT_RUN_CLI_H_
#define FARSTAT_TESTS_SUPPORT_RUN_CLI_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/run.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

namespace farstat::client {

struct Result {
  int exit_code = -1;
  std::string out;
  std::string errors;
};

// A file without a name, for what a program under test writes to a file descriptor.
class Captured {
 public:
  Captured() : file_(std::tmpfile()) {}
  ~Captured() { std::fclose(file_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;

  int file_descriptor() const {
#ifdef _WIN32
    return _fileno(file_);
#else
    return fileno(file_);
#endif
  }
  std::string Text() const {
    std::string contents;
    std::rewind(file_);
    for (int byte = std::fgetc(file_); byte != EOF; byte = std::fgetc(file_)) {
      contents += static_cast<char>(byte);
    }
    return contents;
  }

 private:
  std::FILE* const file_;
};

inline Result Farstat(const std::vector<std::string>& arguments, const std::string& input = "") {
  const Captured out;
  const Captured errors;
  std::istringstream stream(input);
  Result result;
  result.exit_code = RunCli(arguments, stream, out.file_descriptor(), errors.file_descriptor(),
                            /*own_process=*/false);
  result.out = out.Text();
  result.errors = errors.Text();
  return result;
}

inline std::vector<google::protobuf::Struct> Records(const std::string& jsonl) {
  std::vector<google::protobuf::Struct> records;
  for (const absl::string_view line : absl::StrSplit(jsonl, '\n', absl::SkipEmpty())) {
    google::protobuf::Struct record;
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(std::string(line), &record).ok())
        << line;
    records.push_back(std::move(record));
  }
  return records;
}

inline std::string Text(const google::protobuf::Struct& record, const std::string& member) {
  return record.fields().at(member).string_value();
}

inline google::protobuf::Struct Data(const google::protobuf::Struct& record) {
  return record.fields().at("data").struct_value();
}

// "row 1", "removed 1", "target_state connected", …: what a stream of records comes to.
inline std::vector<std::string> Outline(const std::string& jsonl) {
  std::vector<std::string> outline;
  for (const google::protobuf::Struct& record : Records(jsonl)) {
    std::string line = Text(record, "kind");
    const google::protobuf::Struct data = Data(record);
    if (data.fields().count("key") > 0) {
      absl::StrAppend(
          &line, " ",
          data.fields().at("key").struct_value().fields().at("local_port").number_value());
    }
    if (data.fields().count("state") > 0 && line == "target_state") {
      absl::StrAppend(&line, " ", Text(data, "state"));
    }
    outline.push_back(line);
  }
  return outline;
}

// Blocks a handler until the client is gone.
inline void WaitForCancel(const grpc::ServerContext* context) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock<std::mutex> lock(mutex);
  while (!context->IsCancelled()) never.wait_for(lock, std::chrono::milliseconds(5));
}

}  // namespace farstat::client

#endif  // FARSTAT_TESTS_SUPPORT_RUN_CLI_H_
