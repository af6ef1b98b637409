// Standard output as data goes there: whole records, and a reader that may leave at any time.

#ifndef FARSTAT_CLIENT_OUTPUT_H_
#define FARSTAT_CLIENT_OUTPUT_H_

#include <string>

#include "absl/strings/string_view.h"

namespace farstat::client {

class Output {
 public:
  explicit Output(int file_descriptor) : file_descriptor_(file_descriptor) {}

  // Adds to the buffer; writes it out when it has grown large.
  void Write(absl::string_view text);
  void Flush();

  // The reader has left (`| head`): nothing more will be taken.
  bool reader_left() const { return reader_left_; }
  // Why writing failed otherwise (a full disk); 0 if it did not.
  int error() const { return error_; }
  bool closed() const { return reader_left_ || error_ != 0; }

 private:
  const int file_descriptor_;
  std::string buffer_;
  bool reader_left_ = false;
  int error_ = 0;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_OUTPUT_H_
