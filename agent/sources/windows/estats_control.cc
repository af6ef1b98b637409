#include "agent/sources/windows/estats_control.h"

#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "agent/sources/windows/estats_leases.h"
#include "common/mutex.h"
#include "spdlog/spdlog.h"

namespace farstat::sources::windows {
namespace {

void Log(const EstatsRelease& release) {
  const EstatsResult& result = release.result;
  if (result.matched_connections > 0) {
    spdlog::info("EStats: switched off {} groups of {} connections that no lease wants any more",
                 result.succeeded - result.already, result.matched_connections);
  }
  if (!release.status.ok() || result.failed > 0) {
    const absl::Status& why = release.status.ok() ? result.failures.front().status : release.status;
    spdlog::warn("EStats: not everything could be done, which is tried again: {}",
                 std::string(why.message()));
  }
}

}  // namespace

// The leases, and the thread that tends them. The thread sleeps when there is nothing to tend.
class EstatsControl::Worker {
 public:
  Worker(const Api& api, const Clock& clock, std::string journal_path)
      : clock_(clock), leases_(api, clock, std::move(journal_path)) {
    LogJournal();
    next_tend_ = leases_.next_tend();
    thread_ = std::thread([this] { Loop(); });
  }

  ~Worker() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    MutexLock work(work_mutex_);
    leases_.EndAll();
    Log(leases_.Tend());
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  absl::StatusOr<EstatsResult> Set(const EstatsRequest& request) {
    absl::StatusOr<EstatsResult> result;
    {
      MutexLock work(work_mutex_);
      result = leases_.Set(request);
      Publish();
    }
    wake_.notify_all();
    return result;
  }

  void End(uint64_t lease) {
    {
      MutexLock lock(mutex_);
      ended_.push_back(lease);
    }
    wake_.notify_all();
  }

  std::vector<EstatsLease> Leases() const {
    MutexLock lock(mutex_);
    return published_;
  }

 private:
  // What has changed about the journal.
  void LogJournal() ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_) {
    const EstatsJournal& journal = leases_.journal();
    // Without a path it is meant to be as it is.
    const absl::Status status = journal.needs_mending() ? journal.status() : absl::OkStatus();
    if (!status.ok() && status != logged_status_) {
      spdlog::warn(
          "EStats: leases that switch off at their end are refused, and what an earlier agent left "
          "on stays on, until the journal can be used, which is tried again: {}",
          std::string(status.message()));
    } else if (status.ok() && !logged_status_.ok()) {
      spdlog::info("EStats: the journal can be used now");
    }
    logged_status_ = status;
    if (!journal.damage().ok() && !std::exchange(damage_is_logged_, true)) {
      spdlog::warn("EStats: {}", std::string(journal.damage().message()));
    }
  }

  void Publish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(work_mutex_) {
    LogJournal();
    std::vector<EstatsLease> leases = leases_.Describe();
    MutexLock lock(mutex_);
    published_ = std::move(leases);
    next_tend_ = leases_.next_tend();
  }

  // Waits for something to do; false: the thread is to end. `ended` gets the leases to end.
  bool Wait(std::vector<uint64_t>& ended) {
    MutexLock lock(mutex_);
    while (!stopping_ && ended_.empty() && next_tend_ > clock_.Steady()) {
      if (next_tend_ == SteadyTime::max()) {
        wake_.wait(mutex_);
      } else {
        wake_.wait_for(mutex_, next_tend_ - clock_.Steady());
      }
    }
    ended = std::exchange(ended_, {});
    return !stopping_;
  }

  void Loop() {
    std::vector<uint64_t> ended;
    while (Wait(ended)) {
      MutexLock work(work_mutex_);
      for (const uint64_t lease : ended) leases_.End(lease);
      Log(leases_.Tend());
      Publish();
    }
  }

  const Clock& clock_;

  // Held during calls into Windows. Taken before mutex_.
  Mutex work_mutex_ ABSL_ACQUIRED_BEFORE(mutex_);
  EstatsLeases leases_ ABSL_GUARDED_BY(work_mutex_);
  absl::Status logged_status_ ABSL_GUARDED_BY(work_mutex_);
  bool damage_is_logged_ ABSL_GUARDED_BY(work_mutex_) = false;

  // Held for moments only.
  mutable Mutex mutex_;
  ConditionVariable wake_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<uint64_t> ended_ ABSL_GUARDED_BY(mutex_);
  SteadyTime next_tend_ ABSL_GUARDED_BY(mutex_);
  std::vector<EstatsLease> published_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

EstatsControl::EstatsControl(const Api& api, const Clock& clock, std::string journal_path)
    : worker_(std::make_unique<Worker>(api, clock, std::move(journal_path))) {}

EstatsControl::~EstatsControl() = default;

absl::StatusOr<EstatsResult> EstatsControl::Set(const EstatsRequest& request) {
  return worker_->Set(request);
}

void EstatsControl::End(uint64_t lease) { worker_->End(lease); }

std::vector<EstatsLease> EstatsControl::Leases() const { return worker_->Leases(); }

}  // namespace farstat::sources::windows
