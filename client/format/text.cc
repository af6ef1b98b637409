#include "client/format/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace farstat::client {
namespace {

constexpr absl::string_view kEllipsis = "…";
constexpr char32_t kInvalid = 0xFFFFFFFF;

// Takes the first character off `text`; kInvalid, and one byte, if it is not UTF-8.
char32_t TakeCharacter(absl::string_view& text) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size_t size = 1;
  char32_t character = first;
  char32_t smallest = 0;
  if (first >= 0xF0 && first < 0xF8) {
    size = 4, character = first & 0x07u, smallest = 0x10000;
  } else if (first >= 0xE0) {
    size = 3, character = first & 0x0Fu, smallest = 0x800;
  } else if (first >= 0xC0) {
    size = 2, character = first & 0x1Fu, smallest = 0x80;
  }
  bool valid = first < 0x80 || (first >= 0xC0 && first < 0xF8 && size <= text.size());
  for (size_t i = 1; valid && i < size; ++i) {
    valid = (byte(i) & 0xC0u) == 0x80;
    character = (character << 6) | (byte(i) & 0x3Fu);
  }
  valid = valid && character >= smallest && character <= 0x10FFFF &&
          (character < 0xD800 || character > 0xDFFF);
  text.remove_prefix(valid ? size : 1);
  return valid ? character : kInvalid;
}

struct Range {
  char32_t first;
  char32_t last;
};

template <size_t N>
bool InRanges(char32_t character, const std::array<Range, N>& ranges) {
  return std::any_of(ranges.begin(), ranges.end(), [character](const Range& range) {
    return character >= range.first && character <= range.last;
  });
}

// Combining marks and other characters without width.
constexpr std::array<Range, 7> kZeroWidth = {{{0x0300, 0x036F},
                                              {0x1AB0, 0x1AFF},
                                              {0x1DC0, 0x1DFF},
                                              {0x200B, 0x200F},
                                              {0x20D0, 0x20FF},
                                              {0xFE00, 0xFE0F},
                                              {0xFE20, 0xFE2F}}};
// East Asian wide and fullwidth characters, and emoji (Unicode TR 11), in coarse blocks.
constexpr std::array<Range, 9> kDoubleWidth = {{{0x1100, 0x115F},
                                                {0x2E80, 0x303E},
                                                {0x3041, 0xA4CF},
                                                {0xAC00, 0xD7A3},
                                                {0xF900, 0xFAFF},
                                                {0xFE30, 0xFE6F},
                                                {0xFF00, 0xFF60},
                                                {0x1F300, 0x1FAFF},
                                                {0x20000, 0x3FFFD}}};
// What steers terminals or turns the direction of writing.
constexpr std::array<Range, 4> kUnprintable = {
    {{0x00, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};

size_t CharacterWidth(char32_t character) {
  if (InRanges(character, kZeroWidth)) return 0;
  return InRanges(character, kDoubleWidth) ? 2 : 1;
}

std::string WithoutMiddle(absl::string_view text, size_t width) {
  if (width < 3) return Truncated(text, width);
  std::vector<std::pair<absl::string_view, size_t>> characters;
  while (!text.empty()) {
    const absl::string_view rest = text;
    const char32_t character = TakeCharacter(text);
    characters.emplace_back(rest.substr(0, rest.size() - text.size()), CharacterWidth(character));
  }
  // The end tells more (ports, host numbers): it gets the odd column.
  size_t head_left = (width - 1) / 2;
  size_t tail_left = width - 1 - head_left;
  size_t head = 0;
  while (head < characters.size() && characters[head].second <= head_left) {
    head_left -= characters[head++].second;
  }
  size_t tail = characters.size();
  while (tail > head && characters[tail - 1].second <= tail_left) {
    tail_left -= characters[--tail].second;
  }
  std::string result;
  for (size_t i = 0; i < head; ++i) absl::StrAppend(&result, characters[i].first);
  absl::StrAppend(&result, kEllipsis);
  for (size_t i = tail; i < characters.size(); ++i) absl::StrAppend(&result, characters[i].first);
  return result;
}

}  // namespace

size_t TextWidth(absl::string_view text) {
  size_t width = 0;
  while (!text.empty()) width += CharacterWidth(TakeCharacter(text));
  return width;
}

std::string Truncated(absl::string_view text, size_t width) {
  if (TextWidth(text) <= width) return std::string(text);
  if (width == 0) return "";
  size_t used = 0;
  absl::string_view rest = text;
  while (!rest.empty()) {
    absl::string_view after = rest;
    used += CharacterWidth(TakeCharacter(after));
    if (used > width - 1) break;
    rest = after;
  }
  return absl::StrCat(text.substr(0, text.size() - rest.size()), kEllipsis);
}

std::string ShortenedEndpoint(absl::string_view endpoint, size_t width) {
  if (TextWidth(endpoint) <= width) return std::string(endpoint);
  const size_t end = endpoint.rfind(']');
  if (endpoint.empty() || endpoint[0] != '[' || end == absl::string_view::npos) {
    return WithoutMiddle(endpoint, width);
  }
  const absl::string_view port = endpoint.substr(end);  // "]:443"
  const std::vector<absl::string_view> groups = absl::StrSplit(endpoint.substr(1, end - 1), ':');
  // As many whole groups as fit, the last ones first: they tell hosts of a network apart.
  std::string best;
  for (size_t kept = 2; kept < groups.size(); ++kept) {
    const size_t head = kept / 2;
    const size_t tail = kept - head;
    const std::string shorter = absl::StrCat(
        "[", absl::StrJoin(groups.begin(), groups.begin() + static_cast<ptrdiff_t>(head), ":"), ":",
        kEllipsis, ":",
        absl::StrJoin(groups.end() - static_cast<ptrdiff_t>(tail), groups.end(), ":"), port);
    if (TextWidth(shorter) <= width) best = shorter;
  }
  return best.empty() ? WithoutMiddle(endpoint, width) : best;
}

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const absl::string_view before = text;
    const char32_t character = TakeCharacter(text);
    if (character == kInvalid || InRanges(character, kUnprintable)) {
      result.push_back('?');
    } else {
      absl::StrAppend(&result, before.substr(0, before.size() - text.size()));
    }
  }
  return result;
}

std::string Wrapped(absl::string_view first, absl::string_view text, size_t width,
                    absl::string_view indent) {
  std::string result(first);
  size_t used = TextWidth(first);
  bool line_has_word = false;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const size_t size = TextWidth(word);
    if (line_has_word && used + 1 + size > width) {
      absl::StrAppend(&result, "\n", indent);
      used = TextWidth(indent);
    } else if (line_has_word) {
      result.push_back(' ');
      ++used;
    }
    absl::StrAppend(&result, word);
    used += size;
    line_has_word = true;
  }
  return result;
}

}  // namespace farstat::client
