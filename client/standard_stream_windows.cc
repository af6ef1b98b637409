#include <windows.h>
#include <fcntl.h>
#include <io.h>

#include <algorithm>
#include <cerrno>

#include "client/standard_stream.h"

namespace farstat::client {
namespace {

// A console takes no more at once.
constexpr size_t kLargestWrite = size_t{32} << 10;

void TakeEscapes(DWORD stream) {
  const HANDLE console = GetStdHandle(stream);
  DWORD mode = 0;
  // Fails for what is no console, and on a Windows whose console cannot; both are well then.
  if (GetConsoleMode(console, &mode) != 0) {
    SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
  }
}

}  // namespace

void PrepareStandardStreams() {
  _setmode(kStandardOutput, _O_BINARY);
  _setmode(kStandardError, _O_BINARY);
  SetConsoleOutputCP(CP_UTF8);
  TakeEscapes(STD_OUTPUT_HANDLE);
  TakeEscapes(STD_ERROR_HANDLE);
}

int WriteSome(int file_descriptor, absl::string_view bytes, size_t& written) {
  const auto size = static_cast<unsigned>(std::min(bytes.size(), kLargestWrite));
  const int result = _write(file_descriptor, bytes.data(), size);
  if (result >= 0) {
    written = static_cast<size_t>(result);
    return 0;
  }
  // A pipe whose reader has left: depending on when, the one or the other.
  return errno == EINVAL ? EPIPE : errno;
}

}  // namespace farstat::client
