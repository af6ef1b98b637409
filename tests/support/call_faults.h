// A table of calls whose n-th call fails, for sweeping every call of a collection.

#ifndef FARSTAT_TESTS_SUPPORT_CALL_FAULTS_H_
#define FARSTAT_TESTS_SUPPORT_CALL_FAULTS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/sources/windows/api.h"

namespace farstat::sources::windows {

// Wraps the entries of a table. Used by one thread at a time.
class CallFaults {
 public:
  explicit CallFaults(Api real) : api_(std::move(real)) {
    VisitEntries(api_, [this](absl::string_view, absl::string_view name, auto& entry) {
      if (entry) Wrap(std::string(name), entry);
    });
  }
  CallFaults(const CallFaults&) = delete;
  CallFaults& operator=(const CallFaults&) = delete;

  const Api& api() const { return api_; }

  // The `nth` call from now (from 1 on) returns `code` and does nothing else.
  void Fail(size_t nth, uint32_t code) {
    called_.clear();
    nth_ = nth;
    code_ = code;
  }
  // Nothing fails; calls are listed from now on.
  void Record() { Fail(0, 0); }
  // Functions in the order in which they were called.
  const std::vector<std::string>& called() const { return called_; }

 private:
  template <typename... Arguments>
  void Wrap(const std::string& name, std::function<uint32_t(Arguments...)>& entry) {
    entry = [this, name, real = std::move(entry)](Arguments... arguments) {
      called_.push_back(name);
      return called_.size() == nth_ ? code_ : real(arguments...);
    };
  }
  // What returns nothing cannot fail.
  template <typename... Arguments>
  void Wrap(const std::string&, std::function<void(Arguments...)>&) {}

  Api api_;
  std::vector<std::string> called_;
  size_t nth_ = 0;
  uint32_t code_ = 0;
};

// The codes that a function is documented, or known, to fail with. None: it is not to be failed.
std::vector<uint32_t> DocumentedFailures(absl::string_view function);

// Whether the code says that there is less to deliver, rather than that something failed: an older
// layout of the structure, a link that is down or gone, no further link.
bool SaysThereIsLess(absl::string_view function, uint32_t code);

}  // namespace farstat::sources::windows

#endif  // FARSTAT_TESTS_SUPPORT_CALL_FAULTS_H_
