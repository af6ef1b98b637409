#include "agent/sources/windows/estats_switching.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/sources/windows/win32_status.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

using Fate = EstatsWish::Fate;

bool IsVanished(const absl::Status& status) { return Win32CodeOf(status) == kErrorNotFound; }

// Every connection of the host would be refused the same.
bool ConcernsAll(const absl::Status& status) { return Win32CodeOf(status) == kErrorAccessDenied; }

absl::Status Ineffective(v1::TcpGroup group) {
  return ErrorStatus(absl::StatusCode::kInternal, kNativeCallFailed,
                     absl::StrCat("Windows said that it has switched ", v1::TcpGroup_Name(group),
                                  ", but it has not"),
                     {{"api", "SetPerTcpConnectionEStats"}});
}

void AddFailure(const EstatsWish& wish, v1::TcpGroup group, const absl::Status& status,
                bool was_enabled, EstatsResult& result) {
  ++result.failed;
  if (result.failures.size() >= kMaxEstatsFailures) return;
  EstatsFailure& failure = result.failures.emplace_back();
  failure.connection = IdentityOf(*wish.connection);
  failure.group = group;
  failure.status = status;
  failure.win32_code = Win32CodeOf(status);
  failure.was_enabled = was_enabled;
}

void Vanish(EstatsWish& wish, EstatsResult& result) {
  wish.fate = Fate::kVanished;
  ++result.vanished_connections;
}

}  // namespace

absl::Status EstatsSwitching::Fulfil(std::vector<EstatsWish>& wishes, EstatsUndo undo,
                                     EstatsResult& result) {
  std::vector<Step> steps;
  for (EstatsWish& wish : wishes) Plan(wish, steps, result);
  if (undo == EstatsUndo::kRemember) {
    if (absl::Status status = RememberAll(steps); !status.ok()) {
      for (EstatsWish& wish : wishes) wish.fate = Fate::kNotTried;
      return status;
    }
  }
  absl::Status status = TakeAll(steps, result);
  ForgetAll(wishes, undo);
  return status;
}

// Reads how the wish's groups are, and adds a step for each that is not as it should be.
void EstatsSwitching::Plan(EstatsWish& wish, std::vector<Step>& steps, EstatsResult& result) const {
  const size_t steps_before = steps.size();
  uint64_t already = 0;
  for (const v1::TcpGroup group : kSwitchedTcpGroups) {
    const EstatsSwitches concerned = SwitchesOf(group) & (wish.on | wish.off);
    if (concerned == 0) continue;
    EstatsSwitches was = 0;
    const absl::Status status = calls_.Read(*wish.connection, group, was);
    if (IsVanished(status)) {
      steps.resize(steps_before);
      wish.not_set = 0;
      wish.still_on = wish.off;
      Vanish(wish, result);
      return;
    }
    const EstatsSwitches on = wish.on & concerned & ~was;
    const EstatsSwitches off = wish.off & concerned & (status.ok() ? was : concerned);
    wish.still_on |= off;
    if (!status.ok()) {
      AddFailure(wish, group, status, false, result);
    } else if ((on | off) != 0) {
      wish.not_set |= on;
      steps.push_back({&wish, group, was, on, off});
    } else {
      ++already;
    }
  }
  result.succeeded += already;
  result.already += already;
}

absl::Status EstatsSwitching::RememberAll(const std::vector<Step>& steps) {
  std::vector<EstatsJournal::Entry> entries;
  const EstatsWish* newest = nullptr;
  for (const Step& step : steps) {
    if (step.on == 0) continue;
    // The steps of a connection follow each other.
    if (step.wish != newest) {
      const TcpIdentity identity = IdentityOf(*step.wish->connection);
      entries.emplace_back(identity, journal_.Of(identity));
      newest = step.wish;
    }
    entries.back().second |= step.on;
  }
  return entries.empty() ? absl::OkStatus() : journal_.Remember(entries);
}

absl::Status EstatsSwitching::TakeAll(const std::vector<Step>& steps, EstatsResult& result) const {
  for (auto step = steps.begin(); step != steps.end(); ++step) {
    if (step->wish->fate == Fate::kVanished) continue;
    if (absl::Status status = Take(*step, result); !status.ok()) {
      for (; step != steps.end(); ++step) step->wish->fate = Fate::kNotTried;
      return status;
    }
  }
  return absl::OkStatus();
}

// Sets a group and looks whether it worked. The error is one that the others would have, too.
absl::Status EstatsSwitching::Take(const Step& step, EstatsResult& result) const {
  EstatsWish& wish = *step.wish;
  absl::Status status = calls_.Set(*wish.connection, step.group, step.on, step.off);
  if (ConcernsAll(status)) return status;
  EstatsSwitches now = step.was;
  if (status.ok()) {
    wish.not_set &= ~step.on;
    status = calls_.Read(*wish.connection, step.group, now);
  }
  if (IsVanished(status)) {
    Vanish(wish, result);
    return absl::OkStatus();
  }
  if (status.ok()) wish.still_on &= ~(step.off & ~now);
  if (status.ok() && ((step.on & ~now) | (step.off & now)) != 0) status = Ineffective(step.group);
  if (status.ok()) {
    ++result.succeeded;
  } else {
    AddFailure(wish, step.group, status, step.was != 0, result);
  }
  return absl::OkStatus();
}

// Brings the journal up to date with what really happened. What has vanished stays in it until it
// is missing from a listing. If nothing has changed, the journal may still have something to mend.
void EstatsSwitching::ForgetAll(const std::vector<EstatsWish>& wishes, EstatsUndo undo) {
  std::vector<EstatsJournal::Entry> entries;
  for (const EstatsWish& wish : wishes) {
    const TcpIdentity identity = IdentityOf(*wish.connection);
    const EstatsSwitches before = journal_.Of(identity);
    EstatsSwitches over = wish.off & ~wish.still_on;
    if (undo == EstatsUndo::kRemember) over |= wish.not_set;
    if (undo == EstatsUndo::kNever && wish.fate == Fate::kTried) over |= wish.on;
    if ((before & over) != 0) entries.emplace_back(identity, before & ~over);
  }
  journal_.Forget(entries);
}

}  // namespace farstat::sources::windows
