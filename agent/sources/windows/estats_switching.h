// Switches EStats of many connections: reads first and leaves alone what is as it should be,
// remembers what it will have to switch off again, sets, and looks whether it worked.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_SWITCHING_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_SWITCHING_H_

#include <vector>

#include "absl/status/status.h"
#include "agent/sources/estats_switches.h"
#include "agent/sources/windows/api.h"
#include "agent/sources/windows/estats_calls.h"
#include "agent/sources/windows/estats_journal.h"
#include "agent/sources/windows/tcp_tables.h"

namespace farstat::sources::windows {

// What one connection's switches should be.
struct EstatsWish {
  const ListedTcp* connection = nullptr;
  EstatsSwitches on = 0;
  EstatsSwitches off = 0;

  // What became of it.
  enum class Fate {
    kTried,
    kNotTried,  // An error ended it all before.
    kVanished,
  };
  Fate fate = Fate::kTried;
  // Of `on`: found off, and not set.
  EstatsSwitches not_set = 0;
  // Of `off`: not known to be off now.
  EstatsSwitches still_on = 0;
};

// What happens one day to what is switched on.
enum class EstatsUndo {
  kRemember,  // It is to be switched off again.
  kNever,     // It stays on, also if it was to be switched off before.
};

class EstatsSwitching {
 public:
  // Both must outlive it.
  EstatsSwitching(const Api& api, EstatsJournal& journal) : calls_(api), journal_(journal) {}

  // OK, or which function this Windows does not have.
  absl::Status CheckPresent() const { return calls_.CheckPresent(); }

  // Fulfils the wishes, and adds to `result` what came of each. An error ends it: the agent may not
  // switch (which is then not tried for each connection again), or cannot remember what it would
  // have to switch off; then nothing was switched.
  absl::Status Fulfil(std::vector<EstatsWish>& wishes, EstatsUndo undo, EstatsResult& result);

 private:
  // One group of one connection that is not as it should be.
  struct Step {
    EstatsWish* wish;
    v1::TcpGroup group;
    EstatsSwitches was;
    EstatsSwitches on;
    EstatsSwitches off;
  };

  void Plan(EstatsWish& wish, std::vector<Step>& steps, EstatsResult& result) const;
  absl::Status RememberAll(const std::vector<Step>& steps);
  absl::Status TakeAll(const std::vector<Step>& steps, EstatsResult& result) const;
  absl::Status Take(const Step& step, EstatsResult& result) const;
  void ForgetAll(const std::vector<EstatsWish>& wishes, EstatsUndo undo);

  const EstatsCalls calls_;
  EstatsJournal& journal_;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_SWITCHING_H_
