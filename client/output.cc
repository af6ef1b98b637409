#include "client/output.h"

#include <cerrno>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "client/standard_stream.h"

namespace farstat::client {
namespace {

constexpr size_t kLargeBuffer = size_t{64} << 10;

}  // namespace

void Output::Write(absl::string_view text) {
  if (closed()) return;
  absl::StrAppend(&buffer_, text);
  if (buffer_.size() >= kLargeBuffer) Flush();
}

void Output::Flush() {
  absl::string_view rest = buffer_;
  while (!rest.empty() && !closed()) {
    size_t written = 0;
    const int error = WriteSome(file_descriptor_, rest, written);
    if (error == EPIPE) {
      reader_left_ = true;
    } else {
      error_ = error;
    }
    rest.remove_prefix(written);
  }
  buffer_.clear();
}

}  // namespace farstat::client
