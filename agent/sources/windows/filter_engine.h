// A session with the Windows filter engine (the service BFE), through which IPsec and IKE are read.
//
// The session is opened when the first call needs it and kept: opening binds to the service and is
// expensive. When the service goes away the session is closed, and opened again after a while; if
// it only restarted, at once.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_H_

#include <algorithm>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/win32_status.h"
#include "common/clock.h"

namespace farstat::sources::windows {

// The functions of one kind of enumeration, with the names by which Windows knows them.
template <typename Object>
struct Enumeration {
  absl::string_view create_name;
  const std::function<CreateEnumCall>& create;
  absl::string_view next_name;
  const std::function<EnumCall<Object>>& next;
  absl::string_view destroy_name;
  const std::function<DestroyEnumCall>& destroy;
};

// Called by one thread at a time. Nothing but the opening of a session is called before that has
// succeeded: where it fails for good (Wine) the other functions may not even be callable.
class FilterEngine {
 public:
  // Objects that are asked for at once.
  static constexpr uint32_t kPageSize = 100;
  // After a failure no session is opened for so long; twice as long after each further failure.
  static constexpr absl::Duration kShortestWait = absl::Seconds(1);
  static constexpr absl::Duration kLongestWait = absl::Seconds(30);

  // Both must outlive it.
  FilterEngine(const Api& api, const Clock& clock) : api_(api), clock_(clock) {}
  ~FilterEngine() { Close(); }
  FilterEngine(const FilterEngine&) = delete;
  FilterEngine& operator=(const FilterEngine&) = delete;

  // Opens the session unless it is open. While it waits after a failure it makes no call, and
  // reports that failure again.
  absl::Status Open();
  bool is_open() const { return handle_ != 0; }

  // Calls `entry` with the session's handle and the arguments. `name` is for errors.
  template <typename Entry, typename... Arguments>
  absl::Status Call(absl::string_view name, const Entry& entry, Arguments... arguments) {
    if (!entry) return AbsentEntry(name);
    return InSession([&] {
      ++native_calls_;
      return Result{name, entry(handle_, arguments...), /*may_repeat=*/true};
    });
  }

  // The same for a call whose failure says nothing about the session, which stays as it is.
  template <typename Entry, typename... Arguments>
  absl::Status CallAside(absl::string_view name, const Entry& entry, Arguments... arguments) {
    if (!entry) return AbsentEntry(name);
    if (absl::Status status = Open(); !status.ok()) return status;
    ++native_calls_;
    return Win32Status(name, entry(handle_, arguments...));
  }

  // Calls `visit` with every object, as of the moment when the enumeration begins. What an object
  // points to is there during that call only.
  template <typename Object, typename Visit>
  absl::Status Enumerate(const Enumeration<Object>& enumeration, const Visit& visit);

  // Calls into Windows so far.
  uint64_t native_calls() const { return native_calls_; }

 private:
  struct Result {
    absl::string_view name;
    uint32_t code;
    // Whether another attempt would do no harm.
    bool may_repeat;
  };

  // Destroys an enumeration, however it ended: BFE would keep it as long as the session.
  class EnumHandle {
   public:
    EnumHandle(FilterEngine& engine, const std::function<DestroyEnumCall>& destroy)
        : engine_(engine), destroy_(destroy) {}
    ~EnumHandle() {
      if (value == 0) return;
      ++engine_.native_calls_;
      destroy_(engine_.handle_, value);
    }
    EnumHandle(const EnumHandle&) = delete;
    EnumHandle& operator=(const EnumHandle&) = delete;

    Handle value = 0;

   private:
    FilterEngine& engine_;
    const std::function<DestroyEnumCall>& destroy_;
  };

  // An array of pointers from Windows, which is given back as a whole.
  template <typename Object>
  class Page {
   public:
    explicit Page(FilterEngine& engine) : engine_(engine) {}
    ~Page() {
      if (objects == nullptr) return;
      ++engine_.native_calls_;
      void* memory = objects;
      engine_.api_.fwpm_free_memory(&memory);
    }
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    Object** objects = nullptr;
    uint32_t size = 0;

   private:
    FilterEngine& engine_;
  };

  template <typename Object, typename Visit>
  Result ReadPages(const Enumeration<Object>& enumeration, const Visit& visit);
  // Makes calls in a session: what `attempt()` returns becomes the status. If it shows that a
  // session that used to work is lost, there is one more attempt in a new one.
  template <typename Attempt>
  absl::Status InSession(const Attempt& attempt);
  // Whether an attempt that ended so is to be made again, in another session.
  bool ShouldRepeat(const Result& result) const;
  // Makes a status of what came of a call; gives the session up if the call showed that it is lost.
  absl::Status Settle(const Result& result);
  void Close();
  absl::Status Fail(absl::Status why);

  const Api& api_;
  const Clock& clock_;
  Handle handle_ = 0;
  // Whether the service has ever answered in this session.
  bool has_worked_ = false;
  uint64_t native_calls_ = 0;
  // Failures since a call last showed that the session is good, the newest of them, and until when
  // no session is opened because of it.
  int failures_ = 0;
  absl::Status failure_;
  SteadyTime wait_until_;
};

template <typename Object, typename Visit>
absl::Status FilterEngine::Enumerate(const Enumeration<Object>& enumeration, const Visit& visit) {
  // An enumeration that could not be read, or not be destroyed, is not begun.
  if (!enumeration.create) return AbsentEntry(enumeration.create_name);
  if (!enumeration.next) return AbsentEntry(enumeration.next_name);
  if (!enumeration.destroy) return AbsentEntry(enumeration.destroy_name);
  return InSession([&] { return ReadPages(enumeration, visit); });
}

template <typename Attempt>
absl::Status FilterEngine::InSession(const Attempt& attempt) {
  if (absl::Status status = Open(); !status.ok()) return status;
  Result result = attempt();
  if (ShouldRepeat(result)) {
    Close();
    if (absl::Status status = Open(); !status.ok()) return status;
    result = attempt();
  }
  return Settle(result);
}

template <typename Object, typename Visit>
FilterEngine::Result FilterEngine::ReadPages(const Enumeration<Object>& enumeration,
                                             const Visit& visit) {
  EnumHandle handle(*this, enumeration.destroy);
  ++native_calls_;
  uint32_t code = enumeration.create(handle_, nullptr, &handle.value);
  if (code != kSuccess) {
    handle.value = 0;
    return {enumeration.create_name, code, /*may_repeat=*/true};
  }
  // Objects that were visited must not be visited again.
  bool may_repeat = true;
  while (true) {
    Page<Object> page(*this);
    ++native_calls_;
    code = enumeration.next(handle_, handle.value, kPageSize, &page.objects, &page.size);
    if (code != kSuccess) return {enumeration.next_name, code, may_repeat};
    may_repeat = false;
    const uint32_t size = page.objects == nullptr ? 0 : std::min(page.size, kPageSize);
    for (uint32_t i = 0; i < size; ++i) {
      if (page.objects[i] != nullptr) visit(*page.objects[i]);
    }
    if (size < kPageSize) return {enumeration.next_name, kSuccess, may_repeat};
  }
}

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_FILTER_ENGINE_H_
