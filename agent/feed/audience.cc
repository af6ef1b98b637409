#include "agent/feed/audience.h"

#include "absl/strings/str_cat.h"

namespace farstat::feed {
namespace {

// Takes its bytes off the total when nobody holds it any more.
class Counted {
 public:
  Counted(std::string bytes, std::shared_ptr<std::atomic<size_t>> total)
      : bytes_(std::move(bytes)), total_(std::move(total)) {
    *total_ += bytes_.capacity();
  }
  ~Counted() { *total_ -= bytes_.capacity(); }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  const std::string& bytes() const { return bytes_; }

 private:
  const std::string bytes_;
  const std::shared_ptr<std::atomic<size_t>> total_;
};

}  // namespace

std::string KeyOf(const Selection& selection) {
  return absl::StrCat(absl::Hex(selection.parts), selection.rows ? "r" : "-",
                      selection.totals ? "t" : "-", selection.filter == nullptr ? "" : "f",
                      selection.filter == nullptr ? "" : selection.filter->key());
}

SharedBytes NoBytes() {
  static const auto& none = *new SharedBytes(std::make_shared<const std::string>());
  return none;
}

SharedBytes CountedBytes(std::string bytes, std::shared_ptr<std::atomic<size_t>> total) {
  if (bytes.empty()) return NoBytes();
  const auto counted = std::make_shared<const Counted>(std::move(bytes), std::move(total));
  return {counted, &counted->bytes()};
}

}  // namespace farstat::feed
