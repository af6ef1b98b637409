#include "agent/rpc/resume_token.h"

#include <cstring>

namespace farstat::rpc {
namespace {

// The token is start id, then four numbers per family; only this process reads it again.
void Append(uint64_t value, std::string& out) {
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  out.append(bytes, sizeof(value));
}

uint64_t Take(absl::string_view& bytes) {
  uint64_t value;
  std::memcpy(&value, bytes.data(), sizeof(value));
  bytes.remove_prefix(sizeof(value));
  return value;
}

constexpr size_t kNumber = sizeof(uint64_t);
constexpr size_t kPosition = 4 * kNumber;

}  // namespace

std::string MakeResumeToken(const ResumePositions& positions, uint64_t start_id) {
  std::string token;
  Append(start_id, token);
  for (const auto& [family, position] : positions) {
    Append(static_cast<uint64_t>(family), token);
    Append(position.tick, token);
    Append(static_cast<uint64_t>(absl::ToUnixNanos(position.time)), token);
    Append(position.fingerprint, token);
  }
  return token;
}

ResumePositions ParseResumeToken(absl::string_view token, uint64_t start_id) {
  ResumePositions positions;
  if (token.size() < kNumber || (token.size() - kNumber) % kPosition != 0) return positions;
  if (Take(token) != start_id) return positions;
  while (!token.empty()) {
    const uint64_t family = Take(token);
    ResumePosition position;
    position.tick = Take(token);
    position.time = absl::FromUnixNanos(static_cast<int64_t>(Take(token)));
    position.fingerprint = Take(token);
    if (v1::Family_IsValid(static_cast<int>(family))) {
      positions[static_cast<v1::Family>(family)] = position;
    }
  }
  return positions;
}

}  // namespace farstat::rpc
