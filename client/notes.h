// Everything that is not data: what went wrong, what was adjusted, how far it is. On standard
// error.

#ifndef FARSTAT_CLIENT_NOTES_H_
#define FARSTAT_CLIENT_NOTES_H_

#include <deque>
#include <string>

#include "absl/strings/string_view.h"

namespace farstat::client {

class Notes {
 public:
  explicit Notes(int file_descriptor);

  // "farstat: text".
  void Line(absl::string_view text);
  // Text as it is.
  void Block(absl::string_view text);
  // A line that is overwritten by the next one; only on a terminal.
  void Progress(absl::string_view text);
  // Before data goes to the same terminal.
  void ClearProgress();

  // A live display fills the screen: keep lines for it instead of writing them.
  void Hold(bool hold) { hold_ = hold; }
  // The newest lines that were kept, at most three.
  const std::deque<std::string>& held() const { return held_; }

 private:
  void Write(absl::string_view text) const;

  const int file_descriptor_;
  const bool is_terminal_;
  bool progress_shown_ = false;
  bool hold_ = false;
  std::deque<std::string> held_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_NOTES_H_
