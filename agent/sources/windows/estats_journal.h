// What must be switched off again, remembered on the disk: which switches of which connections this
// agent has turned on for leases that clean up behind themselves. It is written before a switch is
// turned, so that a crash at any moment leaves nothing on that nobody remembers.

#ifndef FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_JOURNAL_H_
#define FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_JOURNAL_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "agent/sources/durable_file.h"
#include "agent/sources/estats_switches.h"

namespace farstat::sources::windows {

// The file is a list of records of 64 bytes, each with a checksum. A record says what is to be
// switched off of one connection and replaces what earlier ones said of it.
class EstatsJournal {
 public:
  using Entry = std::pair<TcpIdentity, EstatsSwitches>;

  // Connections that it takes at most; its file has at most twice as many records, 13 MB.
  static constexpr size_t kMostEntries = 100'000;

  // Takes up what the file holds, and keeps other agents from it. Empty `path`: there is no
  // journal. Nothing is written as long as there is nothing to remember.
  explicit EstatsJournal(std::string path);

  // OK, or why nothing can be remembered for now: another agent may have the file, for example.
  const absl::Status& status() const { return status_; }
  // OK, or what was found in the file that could not be used.
  const absl::Status& damage() const { return damage_; }

  // The file could not be taken up, or it does not say what holds: Mend should be called.
  bool needs_mending() const { return !path_.empty() && (!status_.ok() || torn_); }
  // Tries again to take up the file, or to write what holds. OK, or why it still cannot be done.
  absl::Status Mend();

  // What is to be switched off, by connection; none is 0.
  const absl::flat_hash_map<TcpIdentity, EstatsSwitches>& entries() const { return entries_; }
  EstatsSwitches Of(const TcpIdentity& connection) const;

  // Remembers what is to be switched off of these connections from now on, in the place of what
  // was. After an error it is as before, also for a later agent: at once if the system lets it, or
  // when it is mended.
  absl::Status Remember(const std::vector<Entry>& entries);
  // The same where less is to be switched off than before. If it cannot be written it is true all
  // the same, as long as this agent lives. Mends the file if it must be, whatever the entries.
  void Forget(const std::vector<Entry>& entries);
  // The connection is gone, and nothing of it can be on: the file need not know.
  void Vanished(const TcpIdentity& connection) { entries_.erase(connection); }

 private:
  absl::Status TakeUp();
  absl::Status Read();
  size_t CountNew(const std::vector<Entry>& entries) const;
  absl::Status Write(const std::vector<Entry>& entries);
  absl::Status Rewrite(const absl::flat_hash_map<TcpIdentity, EstatsSwitches>& entries);
  static void Apply(const std::vector<Entry>& entries,
                    absl::flat_hash_map<TcpIdentity, EstatsSwitches>& to);

  const std::string path_;
  FileLock lock_;
  absl::Status status_;
  absl::Status damage_;
  absl::flat_hash_map<TcpIdentity, EstatsSwitches> entries_;
  // Records in the file, the first one, which only says what it is, included; 0: there is no file.
  size_t records_ = 0;
  // The file does not say what holds: it must be written anew.
  bool torn_ = false;
};

}  // namespace farstat::sources::windows

#endif  // FARSTAT_AGENT_SOURCES_WINDOWS_ESTATS_JOURNAL_H_
