// One row of a table: immutable, encoded once, shared by everyone who is sent it.

#ifndef FARSTAT_AGENT_FEED_ROW_H_
#define FARSTAT_AGENT_FEED_ROW_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace farstat::feed {

// Number of a collection of one family; 0 is before the first.
using Tick = uint64_t;

// A set of row parts; bit n stands for part n. What the parts are is the family's business.
using PartMask = uint32_t;
inline constexpr int kMaxParts = 16;

// A row as a collection delivers it; read during the call only.
struct RowInput {
  // A totals row has no key and there is one at most.
  bool totals = false;
  // Payload of the row's message: its parts one after the other.
  absl::string_view payload;
  // Where each part of the payload ends.
  absl::Span<const uint32_t> part_ends;
  // Payload of the message that identifies the row.
  absl::string_view key;
  // What filters read.
  absl::string_view facts;
};

class Row {
 public:
  // A row that is new in `tick`.
  Row(const RowInput& input, Tick tick);
  // A row that replaces `old` in `tick`: parts that are equal keep their version.
  Row(const RowInput& input, Tick tick, const Row& old);

  bool totals() const { return totals_; }
  absl::string_view key() const { return {bytes_.data() + key_start_, key_size_}; }
  absl::string_view facts() const {
    return absl::string_view(bytes_).substr(key_start_ + key_size_);
  }

  // Whether `input` is this row, byte for byte.
  bool Equals(const RowInput& input) const;

  // The newest tick in which one of `parts` changed.
  Tick ChangedAt(PartMask parts) const;

  // Bytes that AppendTo appends.
  size_t EncodedSize(PartMask parts) const;
  // Appends the row, cut down to `parts`, as a field of the family's statistics message.
  void AppendTo(PartMask parts, std::string& out) const;
  // Appends the row's key as a removed row.
  void AppendRemovedTo(std::string& out) const;

 private:
  absl::string_view payload() const {
    return {bytes_.data() + payload_start_, key_start_ - payload_start_};
  }
  absl::string_view Part(int part) const;
  bool IsWhole(PartMask parts) const { return (present_parts_ & ~parts) == 0; }
  size_t PayloadSize(PartMask parts) const;

  bool totals_;
  // Parts that are not empty, but for part 0, which is always sent.
  PartMask present_parts_ = 0;
  uint32_t payload_start_;
  uint32_t key_start_;
  uint32_t key_size_;
  std::array<uint16_t, kMaxParts> part_ends_;
  // Ticks, cut to 32 bits: at ten ticks a second they last for 13 years of uptime.
  std::array<uint32_t, kMaxParts> part_versions_;
  // The whole row as a field, which is a header and the payload; then key and facts.
  std::string bytes_;
};

using RowPtr = std::shared_ptr<const Row>;

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_ROW_H_
