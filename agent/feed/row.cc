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

int FieldOf(bool totals) { return totals ? kTotalsField : kRowsField; }

}  // namespace

Row::Row(const RowInput& input, Tick tick)
    : totals_(input.totals), key_size_(static_cast<uint32_t>(input.key.size())) {
  for (int part = 0; part < kMaxParts; ++part) {
    part_ends_[part] = static_cast<uint16_t>(input.part_ends[part]);
    if (part > 0 && part_ends_[part] > part_ends_[part - 1]) present_parts_ |= PartMask{1} << part;
  }
  part_versions_.fill(static_cast<uint32_t>(tick));
  bytes_.reserve(LengthDelimitedSize(FieldOf(totals_), input.payload.size()) + input.key.size() +
                 input.facts.size());
  AppendLengthDelimitedHeader(FieldOf(totals_), input.payload.size(), bytes_);
  payload_start_ = static_cast<uint32_t>(bytes_.size());
  bytes_.append(input.payload.data(), input.payload.size());
  key_start_ = static_cast<uint32_t>(bytes_.size());
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
  return input.payload == payload() && input.facts == facts() &&
         std::equal(part_ends_.begin(), part_ends_.end(), input.part_ends.begin());
}

absl::string_view Row::Part(int part) const {
  const size_t begin = part == 0 ? 0 : part_ends_[part - 1];
  return payload().substr(begin, part_ends_[part] - begin);
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
  return IsWhole(parts) ? key_start_ : LengthDelimitedSize(FieldOf(totals_), PayloadSize(parts));
}

void Row::AppendTo(PartMask parts, std::string& out) const {
  if (IsWhole(parts)) {
    out.append(bytes_, 0, key_start_);
    return;
  }
  AppendLengthDelimitedHeader(FieldOf(totals_), PayloadSize(parts), out);
  // Neighbouring parts are appended in one go.
  size_t begin = 0;
  size_t end = part_ends_[0];
  for (int part = 1; part < kMaxParts; ++part) {
    if ((parts >> part & 1) == 0) {
      out.append(bytes_, payload_start_ + begin, end - begin);
      begin = part_ends_[part];
    }
    end = part_ends_[part];
  }
  out.append(bytes_, payload_start_ + begin, end - begin);
}

void Row::AppendRemovedTo(std::string& out) const {
  AppendLengthDelimited(kRemovedField, key(), out);
}

}  // namespace farstat::feed
