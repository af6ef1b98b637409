#include "agent/sources/simulated/faults.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace farstat::sources::simulated {
namespace {

// How often a hanging call looks whether its fault is over: a test may move the model's time.
constexpr std::chrono::milliseconds kHangLook(10);

absl::Duration EndOf(const Fault& fault) {
  if (fault.duration_s() <= 0) return absl::InfiniteDuration();
  return absl::Seconds(fault.after_s() + fault.duration_s());
}

bool IsActive(const Fault& fault, absl::Duration now) {
  return now >= absl::Seconds(fault.after_s()) && now < EndOf(fault);
}

bool IsEntry(absl::string_view name) {
  const windows::Api api;
  bool found = false;
  windows::VisitEntries(api, [&](absl::string_view, absl::string_view function, const auto&) {
    found = found || function == name;
  });
  return found;
}

void CheckNotNegative(absl::string_view field, double value, std::vector<std::string>& problems) {
  if (value < 0) problems.push_back(absl::StrCat(field, ": ", value, " is negative"));
}

void CheckEntry(absl::string_view field, absl::string_view name,
                std::vector<std::string>& problems) {
  if (IsEntry(name)) return;
  problems.push_back(absl::StrCat(field, ": farstat calls no function \"", name,
                                  "\"; names are exported ones such as RasEnumConnectionsW"));
}

}  // namespace

void CheckFaults(const Scenario& scenario, std::vector<std::string>& problems) {
  for (const std::string& function : scenario.absent_functions()) {
    CheckEntry("absent_functions", function, problems);
  }
  for (int i = 0; i < scenario.faults_size(); ++i) {
    const Fault& fault = scenario.faults(i);
    const std::string field = absl::StrCat("faults[", i, "].");
    if (!fault.function().empty()) {
      CheckEntry(absl::StrCat(field, "function"), fault.function(), problems);
    }
    CheckNotNegative(absl::StrCat(field, "after_s"), fault.after_s(), problems);
    CheckNotNegative(absl::StrCat(field, "duration_s"), fault.duration_s(), problems);
    CheckNotNegative(absl::StrCat(field, "delay_ms"), fault.delay_ms(), problems);
    if (fault.probability() < 0 || fault.probability() > 1) {
      problems.push_back(
          absl::StrCat(field, "probability: ", fault.probability(), " is not within 0 to 1"));
    }
  }
}

// A call that is on its way through the faults and the model.
class Faults::Call {
 public:
  explicit Call(Faults& faults) : faults_(faults) {
    MutexLock lock(faults_.mutex_);
    ++faults_.calls_;
  }
  ~Call() {
    MutexLock lock(faults_.mutex_);
    if (--faults_.calls_ == 0) faults_.changed_.notify_all();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  Faults& faults_;
};

Faults::Faults(const Scenario& scenario, const World& world) : scenario_(scenario), world_(world) {}

Faults::~Faults() {
  Release();
  MutexLock lock(mutex_);
  while (calls_ > 0) changed_.wait(mutex_);
}

void Faults::Release() {
  {
    MutexLock lock(mutex_);
    released_ = true;
  }
  changed_.notify_all();
}

Faults::Rules Faults::RulesFor(absl::string_view library, absl::string_view function) const {
  Rules rules;
  for (int i = 0; i < scenario_.faults_size(); ++i) {
    const Fault& fault = scenario_.faults(i);
    // Our own compositions are not functions of Windows: they fail when they are named.
    const bool applies = fault.function().empty() ? !library.empty() : fault.function() == function;
    if (!applies) continue;
    std::mt19937_64 chance = world_.Chance(absl::StrCat("fault ", i, " ", function));
    rules.push_back({&fault, std::minstd_rand(static_cast<uint32_t>(chance()))});
  }
  return rules;
}

bool Faults::Strikes(Rule& rule) {
  if (!IsActive(*rule.fault, world_.Now())) return false;
  if (rule.fault->probability() <= 0) return true;
  return std::uniform_real_distribution<>()(rule.chance) < rule.fault->probability();
}

void Faults::Delay(const Fault& fault) {
  if (fault.delay_ms() <= 0) return;
  // By the system's clock: a thread really waits, also where a test moves the model's time.
  const auto end = std::chrono::steady_clock::now() +
                   absl::ToChronoMicroseconds(absl::Milliseconds(fault.delay_ms()));
  while (!released_ && changed_.wait_until(mutex_, end) != std::cv_status::timeout) {
  }
}

void Faults::Hang(const Fault& fault) {
  while (fault.hang() && !released_ && world_.Now() < EndOf(fault)) {
    changed_.wait_for(mutex_, kHangLook);
  }
}

std::optional<uint32_t> Faults::Happen(Rules& rules) {
  MutexLock lock(mutex_);
  for (Rule& rule : rules) {
    if (!Strikes(rule)) continue;
    Delay(*rule.fault);
    Hang(*rule.fault);
    if (rule.fault->code() != 0) return rule.fault->code();
  }
  return std::nullopt;
}

template <typename Entry>
void Faults::Wrap(Entry& entry, Rules rules) {
  // Shared, because std::function may copy what it holds.
  entry = [this, rules = std::make_shared<Rules>(std::move(rules)),
           call = std::move(entry)](auto... arguments) {
    const Call passage(*this);
    const std::optional<uint32_t> code = Happen(*rules);
    // A function that returns nothing (it frees memory) cannot fail.
    if constexpr (std::is_void_v<typename Entry::result_type>) {
      call(arguments...);
    } else {
      return code.has_value() ? *code : call(arguments...);
    }
  };
}

void Faults::Apply(windows::Api& api) {
  windows::VisitEntries(api,
                        [this](absl::string_view library, absl::string_view function, auto& entry) {
                          const auto& absent = scenario_.absent_functions();
                          if (std::find(absent.begin(), absent.end(), function) != absent.end())
                            entry = nullptr;
                          if (!entry) return;
                          if (Rules rules = RulesFor(library, function); !rules.empty()) {
                            Wrap(entry, std::move(rules));
                          }
                        });
}

}  // namespace farstat::sources::simulated
