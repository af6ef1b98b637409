#include "agent/feed/row.h"

#include <algorithm>

#include "agent/feed/wire.h"

namespace farstat::feed {
namespace {

// Fields of every family's statistics message.
constexpr int kRowsField = 3;
constexpr int kRemovedField = 4;
constexpr int kTotalsField = 5;

absl::string_view PartOf(absl::string_view payload, absl::Span<const uint32_t> ends, int part) {
  const size_t begin = part == 0 ? 0 : ends[part - 1];
  return payload.substr(begin, ends[part] - begin);
}

}  // namespace

Row::Row(const RowInput& input, Tick tick)
    : totals_(input.totals),
      payload_size_(static_cast<uint32_t>(input.payload.size())),
      key_size_(static_cast<uint32_t>(input.key.size())) {
  for (int part = 0; part < kMaxParts; ++part) {
    part_ends_[part] = static_cast<uint16_t>(input.part_ends[part]);
  }
  part_versions_.fill(static_cast<uint32_t>(tick));
  bytes_.reserve(input.payload.size() + input.key.size() + input.facts.size());
  bytes_.append(input.payload.data(), input.payload.size());
  bytes_.append(input.key.data(), input.key.size());
  bytes_.append(input.facts.data(), input.facts.size());
}

Row::Row(const RowInput& input, Tick tick, const Row& old) : Row(input, tick) {
  for (int part = 0; part < kMaxParts; ++part) {
    if (PartOf(input.payload, input.part_ends, part) == old.Part(part)) {
      part_versions_[part] = old.part_versions_[part];
    }
  }
}

bool Row::Equals(const RowInput& input) const {
  const absl::string_view bytes = bytes_;
  return input.payload == bytes.substr(0, payload_size_) && input.facts == facts() &&
         std::equal(part_ends_.begin(), part_ends_.end(), input.part_ends.begin());
}

absl::string_view Row::Part(int part) const {
  const size_t begin = part == 0 ? 0 : part_ends_[part - 1];
  return {bytes_.data() + begin, part_ends_[part] - begin};
}

Tick Row::ChangedAt(PartMask parts) const {
  uint32_t newest = part_versions_[0];
  for (int part = 1; part < kMaxParts; ++part) {
    if ((parts >> part & 1) != 0) newest = std::max(newest, part_versions_[part]);
  }
  return newest;
}

size_t Row::PayloadSize(PartMask parts) const {
  size_t size = 0;
  for (int part = 0; part < kMaxParts; ++part) {
    if (part == 0 || (parts >> part & 1) != 0) size += Part(part).size();
  }
  return size;
}

size_t Row::EncodedSize(PartMask parts) const {
  return LengthDelimitedSize(totals_ ? kTotalsField : kRowsField, PayloadSize(parts));
}

void Row::AppendTo(PartMask parts, std::string& out) const {
  AppendLengthDelimitedHeader(totals_ ? kTotalsField : kRowsField, PayloadSize(parts), out);
  // Neighbouring parts are appended in one go: with everything selected the row is one copy.
  size_t begin = 0;
  size_t end = part_ends_[0];
  for (int part = 1; part < kMaxParts; ++part) {
    if ((parts >> part & 1) == 0) {
      out.append(bytes_, begin, end - begin);
      begin = part_ends_[part];
    }
    end = part_ends_[part];
  }
  out.append(bytes_, begin, end - begin);
}

void Row::AppendRemovedTo(std::string& out) const {
  AppendLengthDelimited(kRemovedField, key(), out);
}

}  // namespace farstat::feed
