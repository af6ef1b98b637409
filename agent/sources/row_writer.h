// Writes one row of a family in protobuf's wire format, part by part.
//
// A row is the payload of one protobuf message (such as TcpConnection), cut into parts that can be
// selected: part 0 is the row's identity and state and always there; the family names the others.
// Because a message is the concatenation of its encoded fields, any choice of parts, concatenated,
// is a valid message. So a row is encoded once, whoever wants which parts of it.
//
// Collectors write straight from the operating system's structures: it measured eight times faster
// than filling and serializing message objects (README.md of this folder).

#ifndef FARSTAT_AGENT_SOURCES_ROW_WRITER_H_
#define FARSTAT_AGENT_SOURCES_ROW_WRITER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace farstat::sources {

// Parts that a row can have. Part numbers are below it.
inline constexpr int kMaxParts = 16;

class RowWriter {
 public:
  // A field that was begun by BeginMessage and not ended yet.
  struct Open {
    size_t start;
  };

  RowWriter() { bytes_.resize(kInitialSize); }

  // Starts a new row. The memory is reused.
  void Clear();

  // Begins a part. Parts are written in ascending order; part 0 is begun by Clear.
  void BeginPart(int part);

  // Fields. `field` is a generated kXxxFieldNumber; proto3 zero values are written too: in optional
  // fields zero is a value.
  void Uint(int field, uint64_t value) {
    char* at = Reserve(kMaxTag + kMaxVarint);
    at = PutVarint(at, static_cast<uint64_t>(field) << 3);
    Advance(PutVarint(at, value));
  }
  void Int(int field, int64_t value) { Uint(field, static_cast<uint64_t>(value)); }
  void Bool(int field, bool value) { Uint(field, value ? 1 : 0); }
  void Fixed64(int field, uint64_t value);
  void Text(int field, absl::string_view value);

  // A message field: BeginMessage, its fields, EndMessage.
  Open BeginMessage(int field);
  void EndMessage(Open open);

  // The payload of the message field that identifies the row: call right after its EndMessage.
  void MarkKey(Open open);

  // What filters read: bytes that only the family's source and its filter understand.
  template <typename Facts>
  void SetFacts(const Facts& facts) {
    static_assert(std::is_trivially_copyable_v<Facts>);
    facts_.assign(reinterpret_cast<const char*>(&facts), sizeof(facts));
  }
  void AppendFacts(absl::string_view bytes) { facts_.append(bytes.data(), bytes.size()); }

  absl::string_view bytes() const { return {bytes_.data(), size_}; }
  absl::string_view key() const { return {bytes_.data() + key_start_, key_size_}; }
  absl::string_view facts() const { return facts_; }
  // Where part n ends; it begins where part n-1 ends. All kMaxParts are filled in.
  absl::Span<const uint32_t> part_ends();

 private:
  static constexpr size_t kInitialSize = 2048;
  static constexpr size_t kMaxTag = 5;
  static constexpr size_t kMaxVarint = 10;

  static char* PutVarint(char* at, uint64_t value) {
    while (value >= 0x80) {
      *at++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *at++ = static_cast<char>(value);
    return at;
  }
  char* Reserve(size_t more) {
    if (size_ + more > bytes_.size()) bytes_.resize((size_ + more) * 2);
    return bytes_.data() + size_;
  }
  void Advance(const char* end) { size_ = static_cast<size_t>(end - bytes_.data()); }

  std::string bytes_;
  size_t size_ = 0;
  size_t key_start_ = 0;
  size_t key_size_ = 0;
  int part_ = 0;
  std::array<uint32_t, kMaxParts> part_ends_ = {};
  std::string facts_;
};

}  // namespace farstat::sources

#endif  // FARSTAT_AGENT_SOURCES_ROW_WRITER_H_
