#include "agent/service/family_examination.h"

#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agent/service/doctor.h"
#include "agent/service/tcp_examination.h"
#include "common/mutex.h"
#include "common/status.h"

namespace farstat::service {
namespace {

std::string NameOf(v1::Family id) {
  switch (id) {
    case v1::FAMILY_RAS:
      return "RAS statistics";
    case v1::FAMILY_TCP:
      return "TCP statistics";
    case v1::FAMILY_IPSEC:
      return "IPsec statistics";
    default:
      return "IKE statistics";
  }
}

// A refresh under way; outlives whoever waits for it.
struct Answer {
  Mutex mutex;
  ConditionVariable changed;
  bool done ABSL_GUARDED_BY(mutex) = false;
  absl::Status status ABSL_GUARDED_BY(mutex);
};

std::string AdviceFor(const absl::Status& status) {
  const std::string reason = ErrorInfoOf(status).reason();
  if (reason == kAgentLacksPrivilege) {
    return "doctor has the rights of whoever calls it, the service has its own: run doctor as "
           "administrator (root) to see as the service does";
  }
  if (reason == kSourceStopped) return "see the services above";
  return "try again; if it stays so, the message above is what the system said";
}

}  // namespace

absl::Status CollectOnce(feed::Feed& feed, feed::PartMask parts, absl::Duration patience) {
  const auto answer = std::make_shared<Answer>();
  feed.Refresh(parts, absl::ZeroDuration(), [answer](const absl::Status& status) {
    MutexLock lock(answer->mutex);
    answer->done = true;
    answer->status = status;
    answer->changed.notify_all();
  });
  const auto deadline = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  MutexLock lock(answer->mutex);
  while (!answer->done) {
    if (answer->changed.wait_until(answer->mutex, deadline) == std::cv_status::timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("no answer within ", absl::FormatDuration(patience)));
    }
  }
  return answer->status;
}

namespace {

// A host without the function can be healthy: nothing can be done about it.
bool IsNotHere(const absl::Status& status) {
  return ErrorInfoOf(status).reason() == kNotSupportedHere;
}

Finding ExamineFamily(const families::Family& family, absl::Duration patience) {
  const std::string subject = NameOf(family.id);
  if (family.feed == nullptr) {
    return Fine(subject,
                absl::StrCat("not on this host: ", std::string(family.unavailable.message())));
  }
  if (absl::Status status = CollectOnce(*family.feed, ~feed::PartMask{0}, patience); !status.ok()) {
    return Failure(subject, status.message(), AdviceFor(status));
  }
  const feed::SnapshotPtr snapshot = family.feed->table().TakeSnapshot({});
  const absl::Status& condition = snapshot->condition.status;
  if (IsNotHere(condition)) {
    return Fine(subject,
                absl::StrCat("not complete on this host: ", std::string(condition.message())));
  }
  if (!condition.ok()) return Warning(subject, condition.message(), AdviceFor(condition));
  return Fine(subject, absl::StrCat(snapshot->rows.size(), " rows in ",
                                    absl::FormatDuration(absl::Trunc(snapshot->info.duration,
                                                                     absl::Microseconds(100))),
                                    family.limitations.empty() ? "" : "; ",
                                    absl::StrJoin(family.limitations, "; ")));
}

// Its end would wait for the call that hangs; the end of the process does not.
void LeaveBehind(std::unique_ptr<hosts::Host> host) {
  static auto* const left = new std::vector<std::unique_ptr<hosts::Host>>();
  left->push_back(std::move(host));
}

bool IsHung(const feed::Feed& feed) { return feed.status().running_for > absl::ZeroDuration(); }

}  // namespace

std::vector<Finding> ExamineFamilies(std::unique_ptr<hosts::Host> host, absl::Duration patience) {
  std::vector<Finding> findings;
  bool hung = false;
  for (const auto& family : host->families) {
    findings.push_back(ExamineFamily(*family, patience));
    const bool hangs = family->feed != nullptr && IsHung(*family->feed);
    hung = hung || hangs;
    if (family->id != v1::FAMILY_TCP || family->feed == nullptr || hangs) continue;
    findings.push_back(ExamineTcp(*family, host->operations, patience));
  }
  if (hung) LeaveBehind(std::move(host));
  return findings;
}

}  // namespace farstat::service
