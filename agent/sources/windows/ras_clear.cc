#include "agent/sources/windows/ras_clear.h"

namespace farstat::sources::windows {

uint64_t RasClearings::CountOf(Handle connection, uint32_t link) const {
  const auto found = counts_.find({connection, link});
  return found == counts_.end() ? 0 : found->second;
}

void RasClearings::Add(Handle connection, uint32_t link) { ++counts_[{connection, link}]; }

void RasClearings::Forget(Handle connection) {
  counts_.erase(counts_.lower_bound({connection, 0}),
                counts_.upper_bound({connection, UINT32_MAX}));
}

}  // namespace farstat::sources::windows
