#include "agent/sources/row_writer.h"

#include <cassert>

namespace farstat::sources {
namespace {

constexpr uint64_t kWireFixed64 = 1;
constexpr uint64_t kWireLengthDelimited = 2;

}  // namespace

void RowWriter::Clear() {
  size_ = 0;
  key_start_ = 0;
  key_size_ = 0;
  part_ = 0;
  facts_.clear();
}

void RowWriter::BeginPart(int part) {
  assert(part > part_ && part < kMaxParts);
  for (; part_ < part; ++part_) part_ends_[part_] = static_cast<uint32_t>(size_);
}

absl::Span<const uint32_t> RowWriter::part_ends() {
  for (int part = part_; part < kMaxParts; ++part) {
    part_ends_[part] = static_cast<uint32_t>(size_);
  }
  return part_ends_;
}

void RowWriter::Fixed64(int field, uint64_t value) {
  char* at = Reserve(kMaxTag + sizeof(value));
  at = PutVarint(at, static_cast<uint64_t>(field) << 3 | kWireFixed64);
  for (size_t i = 0; i < sizeof(value); ++i) *at++ = static_cast<char>(value >> (8 * i));
  Advance(at);
}

void RowWriter::Text(int field, absl::string_view value) {
  char* at = Reserve(kMaxTag + kMaxVarint + value.size());
  at = PutVarint(at, static_cast<uint64_t>(field) << 3 | kWireLengthDelimited);
  at = PutVarint(at, value.size());
  if (!value.empty()) std::memcpy(at, value.data(), value.size());
  Advance(at + value.size());
}

RowWriter::Open RowWriter::BeginMessage(int field) {
  char* at = Reserve(kMaxTag + 1);
  Advance(PutVarint(at, static_cast<uint64_t>(field) << 3 | kWireLengthDelimited));
  // One byte is kept for the length; EndMessage makes room in the rare case that it needs more.
  ++size_;
  return Open{size_};
}

void RowWriter::EndMessage(Open open) {
  const size_t length = size_ - open.start;
  if (length < 0x80) {
    bytes_[open.start - 1] = static_cast<char>(length);
    return;
  }
  char prefix[kMaxVarint];
  const size_t prefix_size = static_cast<size_t>(PutVarint(prefix, length) - prefix);
  Reserve(prefix_size);
  char* message = bytes_.data() + open.start;
  std::memmove(message + prefix_size - 1, message, length);
  std::memcpy(message - 1, prefix, prefix_size);
  size_ += prefix_size - 1;
}

void RowWriter::MarkKey(Open open) {
  // A key is short, so its length took the one byte that was kept for it.
  assert(size_ - open.start < 0x80);
  key_start_ = open.start;
  key_size_ = size_ - open.start;
}

}  // namespace farstat::sources
