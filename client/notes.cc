#include "client/notes.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "client/format/text.h"
#include "client/standard_stream.h"
#include "client/terminal.h"

namespace farstat::client {
namespace {

constexpr size_t kHeldLines = 3;

}  // namespace

Notes::Notes(int file_descriptor)
    : file_descriptor_(file_descriptor), is_terminal_(IsTerminal(file_descriptor)) {}

void Notes::Line(absl::string_view text) {
  if (hold_) {
    held_.emplace_back(text);
    if (held_.size() > kHeldLines) held_.pop_front();
    return;
  }
  Block(absl::StrCat("farstat: ", text, "\n"));
}

void Notes::Block(absl::string_view text) {
  ClearProgress();
  Write(text);
}

void Notes::Progress(absl::string_view text) {
  if (!is_terminal_ || hold_) return;
  const size_t width = SizeOfWindow(file_descriptor_).columns;
  Write(absl::StrCat("\r\033[K", Truncated(text, width - 1)));
  progress_shown_ = true;
}

void Notes::ClearProgress() {
  if (!progress_shown_) return;
  Write("\r\033[K");
  progress_shown_ = false;
}

void Notes::Write(absl::string_view text) const {
  // What nobody can be told is lost; it must not stop the data.
  while (!text.empty()) {
    size_t written = 0;
    if (WriteSome(file_descriptor_, text, written) != 0) return;
    text.remove_prefix(written);
  }
}

}  // namespace farstat::client
