#include "agent/sources/windows/estats_journal.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status.h"

namespace farstat::sources::windows {
namespace {

using Entries = absl::flat_hash_map<TcpIdentity, EstatsSwitches>;

// One record of the file. No processor that Windows runs on has another byte order.
struct Record {
  uint8_t local_address[16];
  uint8_t remote_address[16];
  uint64_t incarnation;
  uint32_t local_scope_id;
  uint32_t remote_scope_id;
  uint16_t local_port;
  uint16_t remote_port;
  uint32_t switches;
  uint32_t reserved;
  uint32_t checksum;  // Of all before it.
};
static_assert(sizeof(Record) == 64, "no hidden padding: records are written as bytes");

// The first record. Its checksum is right too.
constexpr char kTitle[] = "farstat: EStats to switch off, 1";
static_assert(sizeof(kTitle) <= offsetof(Record, checksum));

// CRC-32 as in IEEE 802.3.
uint32_t Checksum(const void* bytes, size_t size) {
  uint32_t crc = 0xFFFFFFFF;
  for (size_t i = 0; i < size; ++i) {
    crc ^= static_cast<const uint8_t*>(bytes)[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xEDB88320 & -(crc & 1));
  }
  return ~crc;
}

void AppendBytes(Record record, std::string& bytes) {
  record.checksum = Checksum(&record, offsetof(Record, checksum));
  bytes.append(reinterpret_cast<const char*>(&record), sizeof(record));
}

std::string Title() {
  Record title = {};
  std::memcpy(&title, kTitle, sizeof(kTitle));
  std::string bytes;
  AppendBytes(title, bytes);
  return bytes;
}

void AppendEntry(const EstatsJournal::Entry& entry, std::string& bytes) {
  const auto& [connection, switches] = entry;
  Record record = {};
  std::copy(connection.local_address.begin(), connection.local_address.end(), record.local_address);
  std::copy(connection.remote_address.begin(), connection.remote_address.end(),
            record.remote_address);
  record.incarnation = connection.incarnation;
  record.local_scope_id = connection.local_scope_id;
  record.remote_scope_id = connection.remote_scope_id;
  record.local_port = connection.local_port;
  record.remote_port = connection.remote_port;
  record.switches = switches;
  AppendBytes(record, bytes);
}

EstatsJournal::Entry EntryOf(const Record& record) {
  TcpIdentity connection;
  std::copy(std::begin(record.local_address), std::end(record.local_address),
            connection.local_address.begin());
  std::copy(std::begin(record.remote_address), std::end(record.remote_address),
            connection.remote_address.begin());
  connection.incarnation = record.incarnation;
  connection.local_scope_id = record.local_scope_id;
  connection.remote_scope_id = record.remote_scope_id;
  connection.local_port = record.local_port;
  connection.remote_port = record.remote_port;
  return {connection, record.switches};
}

}  // namespace

EstatsJournal::EstatsJournal(std::string path) : path_(std::move(path)) {
  if (path_.empty()) {
    status_ = ErrorStatus(
        absl::StatusCode::kFailedPrecondition, kSettingRequired,
        "this agent has no folder to remember in what it must switch off after a crash, so nothing "
        "was switched; set state_directory in its settings, or leave the switches as they are at "
        "the end of the lease",
        {{"setting", "state_directory"}});
    return;
  }
  status_ = TakeUp();
}

absl::Status EstatsJournal::TakeUp() {
  if (absl::Status status = lock_.Take(absl::StrCat(path_, ".lock")); !status.ok()) return status;
  return Read();
}

// Records up to the first that is not whole: behind it a crash or a full disk has left its traces.
absl::Status EstatsJournal::Read() {
  absl::StatusOr<std::string> bytes = ReadWholeFile(path_, 3 * kMostEntries * sizeof(Record));
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok()) return bytes.status();
  const size_t records = bytes->size() / sizeof(Record);
  if (records > 0 && absl::string_view(*bytes).substr(0, sizeof(Record)) != Title()) {
    return ErrorStatus(absl::StatusCode::kFailedPrecondition, kSettingRequired,
                       absl::StrCat(path_, " is not a file of this agent; move it away"),
                       {{"path", path_}, {"setting", "state_directory"}});
  }
  records_ = records;
  torn_ = records_ == 0 || bytes->size() % sizeof(Record) != 0;
  for (size_t i = 1; i < records_; ++i) {
    Record record;
    std::memcpy(&record, bytes->data() + i * sizeof(record), sizeof(record));
    if (record.checksum != Checksum(&record, offsetof(Record, checksum))) {
      torn_ = true;
      damage_ = absl::DataLossError(
          absl::StrCat(path_, ": ", records_ - i, " of ", records_ - 1, " records are damaged"));
      break;
    }
    Apply({EntryOf(record)}, entries_);
  }
  return absl::OkStatus();
}

absl::Status EstatsJournal::Mend() {
  if (!needs_mending()) return absl::OkStatus();
  if (!status_.ok()) status_ = TakeUp();
  if (!status_.ok() || !torn_) return status_;
  return Rewrite(entries_);
}

EstatsSwitches EstatsJournal::Of(const TcpIdentity& connection) const {
  const auto found = entries_.find(connection);
  return found == entries_.end() ? 0 : found->second;
}

void EstatsJournal::Apply(const std::vector<Entry>& entries, Entries& to) {
  for (const auto& [connection, switches] : entries) {
    if (switches == 0) {
      to.erase(connection);
    } else {
      to[connection] = switches;
    }
  }
}

// Those that it does not have already.
size_t EstatsJournal::CountNew(const std::vector<Entry>& entries) const {
  return std::count_if(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return !entries_.contains(entry.first); });
}

absl::Status EstatsJournal::Remember(const std::vector<Entry>& entries) {
  if (!status_.ok()) return status_;
  if (entries_.size() + CountNew(entries) > kMostEntries) {
    return ErrorStatus(absl::StatusCode::kResourceExhausted, kLimitReached,
                       absl::StrCat("at most ", kMostEntries,
                                    " connections can be remembered to be switched off at the end "
                                    "of a lease; choose fewer by a filter"));
  }
  if (absl::Status status = Write(entries); !status.ok()) {
    // A later agent would obey the records that were written whole.
    if (!torn_) torn_ = !TruncateDurably(path_, records_ * sizeof(Record)).ok();
    return status;
  }
  Apply(entries, entries_);
  return absl::OkStatus();
}

void EstatsJournal::Forget(const std::vector<Entry>& entries) {
  if (!status_.ok() || (entries.empty() && !torn_)) return;
  if (!Write(entries).ok()) torn_ = true;
  Apply(entries, entries_);
}

// Makes the file say what holds with `entries`.
absl::Status EstatsJournal::Write(const std::vector<Entry>& entries) {
  constexpr size_t kFewRecords = 1024;
  if (records_ == 0 || torn_ || records_ + entries.size() > 2 * entries_.size() + kFewRecords) {
    Entries after = entries_;
    Apply(entries, after);
    return Rewrite(after);
  }
  std::string bytes;
  for (const Entry& entry : entries) AppendEntry(entry, bytes);
  absl::Status status = AppendDurably(path_, bytes);
  if (status.ok()) records_ += entries.size();
  return status;
}

absl::Status EstatsJournal::Rewrite(const Entries& entries) {
  // Until it is known to have worked: there may be the old file or the new one.
  torn_ = true;
  std::string bytes = Title();
  for (const auto& [connection, switches] : entries) AppendEntry({connection, switches}, bytes);
  absl::Status status = ReplaceDurably(path_, bytes);
  if (!status.ok()) return status;
  records_ = 1 + entries.size();
  torn_ = false;
  return absl::OkStatus();
}

}  // namespace farstat::sources::windows
