#include "client/stream_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"

namespace farstat::client {
namespace {

// Field numbers of every subscription response.
constexpr int kHeader = 1;
constexpr int kAccepted = 2;
constexpr int kSyncBegin = 3;
constexpr int kSyncEnd = 4;
constexpr int kHeartbeat = 5;
constexpr int kStatus = 6;
constexpr int kGoodbye = 7;
constexpr int kStatistics = 8;

// Field number of `key` in every row.
constexpr int kKey = 1;

template <typename T>
const T& Typed(const Message& message, int field) {
  return *google::protobuf::DynamicCastToGenerated<const T>(&SubMessage(message, field));
}

std::unique_ptr<Message> KeyOf(Message& row) {
  return std::unique_ptr<Message>(
      row.GetReflection()->ReleaseMessage(&row, FieldByNumber(row, kKey)));
}

}  // namespace

absl::string_view GapReasonName(Gap::Reason reason) {
  switch (reason) {
    case Gap::Reason::kAgentRestarted:
      return "AGENT_RESTARTED";
    case Gap::Reason::kResync:
      return "RESYNC";
    case Gap::Reason::kSkippedTicks:
      return "SKIPPED_TICKS";
  }
  return "RESYNC";
}

void StreamTable::BeginStream() { sequence_ = 0; }

std::vector<Section> StreamTable::TakeSections() {
  std::vector<Section> sections;
  for (auto& [number, section] : sections_) sections.push_back(std::move(section));
  sections_.clear();
  return sections;
}

absl::StatusOr<Change> StreamTable::Apply(Message& frame) {
  Change change;
  change.header = Typed<v1::FrameHeader>(frame, kHeader);
  if (change.header.sequence() != sequence_ + 1) {
    return absl::DataLossError(absl::StrCat("frame ", change.header.sequence(),
                                            " came after frame ", sequence_,
                                            ": frames are missing"));
  }
  const auto* bodies = frame.GetDescriptor()->FindOneofByName("body");
  const FieldDescriptor* body = frame.GetReflection()->GetOneofFieldDescriptor(frame, bodies);
  if (sequence_ == 0 && (body == nullptr || body->number() != kAccepted)) {
    return absl::DataLossError("the stream did not begin with Accepted");
  }
  sequence_ = change.header.sequence();
  // A body that this client is too old to know: the header is still good.
  if (body != nullptr) {
    const absl::Status status = ApplyBody(frame, *body, change);
    if (!status.ok()) return status;
  }
  if (change.header.tick_complete()) CompleteTick(change.header, change);
  return change;
}

absl::Status StreamTable::ApplyBody(Message& frame, const FieldDescriptor& body, Change& change) {
  switch (body.number()) {
    case kAccepted:
      return ApplyAccepted(Typed<v1::Accepted>(frame, kAccepted), change);
    case kSyncBegin:
      return ApplySyncBegin(Typed<v1::SyncBegin>(frame, kSyncBegin), change);
    case kSyncEnd:
      return ApplySyncEnd(Typed<v1::SyncEnd>(frame, kSyncEnd), change);
    case kHeartbeat:
      ApplyHeartbeat(change);
      return absl::OkStatus();
    case kStatus:
      return ApplyStatus(Typed<v1::SectionStatus>(frame, kStatus), change);
    case kGoodbye:
      change.goodbye = Typed<v1::Goodbye>(frame, kGoodbye);
      return absl::OkStatus();
    case kStatistics: {
      auto sections = SectionsOf(family_, *MutableSubMessage(frame, kStatistics));
      if (sections.size() > 1) {
        return absl::DataLossError("one frame holds rows of several families");
      }
      return sections.empty() ? absl::OkStatus() : ApplyStatistics(*sections[0].second, change);
    }
    default:
      return absl::OkStatus();
  }
}

Section& StreamTable::SectionFor(const Family& family) {
  return sections_.try_emplace(family.number, family).first->second;
}

absl::StatusOr<const Family*> StreamTable::FamilyOf(const v1::FrameHeader& header,
                                                    v1::Family named) const {
  // A stream of one family need not say which.
  if (!family_.is_host()) return &family_;
  const v1::Family number = named != v1::FAMILY_UNSPECIFIED ? named : header.family();
  const Family* family = FindFamily(number);
  if (family == nullptr) {
    return absl::DataLossError(absl::StrCat("a frame is about the unknown family ", number));
  }
  return family;
}

void StreamTable::BeginTick(Section& section, const v1::FrameHeader& header) {
  const absl::Time time = header.has_time() ? FromProto(header.time()) : section.time();
  if (section.tick() == header.tick() && section.time() == time) return;
  absl::optional<absl::Time> base;
  const auto complete = complete_times_.find(section.family().number);
  if (header.has_base_time()) {
    base = FromProto(header.base_time());
  } else if (complete != complete_times_.end()) {
    // A full set after a gap: the rows that survived grew since this client was last complete.
    base = complete->second;
  }
  section.BeginTick(header.tick(), time, base);
}

absl::Status StreamTable::ApplyAccepted(const v1::Accepted& accepted, Change& change) {
  const bool restarted = agent_start_id_ != 0 && accepted.agent_start_id() != agent_start_id_;
  if (accepted.resumed() && (restarted || resume_token_.empty())) {
    return absl::DataLossError("the agent resumes a stream that it did not begin");
  }
  if (restarted) {
    // Its counters may have begun anew, and its ticks have.
    complete_times_.clear();
  }
  agent_start_id_ = accepted.agent_start_id();
  if (!accepted.resumed()) {
    for (const auto& [number, time] : known_until_) {
      NoteGap(number, restarted ? Gap::Reason::kAgentRestarted : Gap::Reason::kResync);
    }
  }
  for (auto& [number, section] : sections_) section.AbandonSync();
  for (const v1::SectionStatus& status : accepted.unsupported()) {
    const Family* family = FindFamily(status.family());
    if (family != nullptr) SectionFor(*family).SetStatus(status);
  }
  change.accepted = accepted;
  return absl::OkStatus();
}

absl::Status StreamTable::ApplySyncBegin(const v1::SyncBegin& begin, Change& change) {
  const absl::StatusOr<const Family*> family = FamilyOf(change.header, begin.family());
  if (!family.ok()) return family.status();
  Section& section = SectionFor(**family);
  BeginTick(section, change.header);
  section.BeginSync();
  if (begin.reason() == v1::SYNC_REASON_RESYNC) {
    NoteGap(section.family().number, Gap::Reason::kResync);
  }
  change.section = &section;
  return absl::OkStatus();
}

absl::Status StreamTable::ApplySyncEnd(const v1::SyncEnd& end, Change& change) {
  const absl::StatusOr<const Family*> family = FamilyOf(change.header, end.family());
  if (!family.ok()) return family.status();
  Section& section = SectionFor(**family);
  if (!section.in_sync()) return absl::DataLossError("a full set ends that did not begin");
  if (section.rows_in_sync() != end.row_count()) {
    return absl::DataLossError(absl::StrCat("a full set of ", end.row_count(), " rows came with ",
                                            section.rows_in_sync()));
  }
  for (const std::unique_ptr<Message>& row : section.EndSync()) {
    change.removed.push_back(KeyOf(*row));
  }
  change.section = &section;
  change.sync_ended = true;
  return absl::OkStatus();
}

absl::Status StreamTable::ApplyStatus(const v1::SectionStatus& status, Change& change) {
  const absl::StatusOr<const Family*> family = FamilyOf(change.header, status.family());
  if (!family.ok()) return family.status();
  Section& section = SectionFor(**family);
  section.SetStatus(status);
  change.section = &section;
  change.status_changed = true;
  return absl::OkStatus();
}

absl::Status StreamTable::ApplyStatistics(Message& statistics, Change& change) {
  const absl::StatusOr<const Family*> family = FamilyOf(change.header, change.header.family());
  if (!family.ok()) return family.status();
  Section& section = SectionFor(**family);
  BeginTick(section, change.header);
  const google::protobuf::Reflection& fields = *statistics.GetReflection();
  const FieldDescriptor* removed = (*family)->removed;
  for (int i = 0; i < fields.FieldSize(statistics, removed); ++i) {
    const Message& key = fields.GetRepeatedMessage(statistics, removed, i);
    const std::unique_ptr<Message> row = section.Remove(key.SerializeAsString());
    if (row != nullptr) change.removed.push_back(KeyOf(*row));
  }
  const v1::SectionState state_before = section.status().state();
  const Message* totals_before = section.totals().current.get();
  change.rows = section.Take(statistics);
  change.totals_changed = section.totals().current.get() != totals_before;
  change.status_changed = section.status().state() != state_before;
  change.section = &section;
  return absl::OkStatus();
}

void StreamTable::ApplyHeartbeat(Change& change) {
  change.heartbeat = true;
  if (!has_complete_tick_) return;
  for (auto& [number, section] : sections_) section.QuietTick();
  change.tick_complete = true;
}

void StreamTable::CompleteTick(const v1::FrameHeader& header, Change& change) {
  resume_token_ = header.resume_token();
  if (change.section != nullptr) {
    EndGap(change);
    complete_times_[change.section->family().number] = change.section->time();
    known_until_[change.section->family().number] = change.section->time();
  }
  if (!has_complete_tick_ && !EveryFamilyCame()) return;
  has_complete_tick_ = true;
  change.tick_complete = true;
}

void StreamTable::NoteGap(int family, Gap::Reason reason) {
  const auto known = known_until_.find(family);
  if (known == known_until_.end()) return;
  const auto [gap, is_new] = open_gaps_.try_emplace(family);
  if (is_new) gap->second.from = known->second;
  // Several tries may be needed to end it; the restart remains what it was about.
  if (is_new || reason == Gap::Reason::kAgentRestarted) gap->second.reason = reason;
}

void StreamTable::EndGap(Change& change) {
  const int family = change.section->family().number;
  const auto open = open_gaps_.find(family);
  if (open != open_gaps_.end()) {
    change.gap = open->second;
    open_gaps_.erase(open);
  } else if (change.header.skipped_ticks() > 0 && known_until_.count(family) > 0) {
    change.gap.emplace();
    change.gap->reason = Gap::Reason::kSkippedTicks;
    change.gap->from = known_until_[family];
    change.gap->skipped_ticks = change.header.skipped_ticks();
  } else {
    return;
  }
  change.gap->until = change.section->time();
}

bool StreamTable::EveryFamilyCame() const {
  const auto came = [this](const Family& family) {
    const auto section = sections_.find(family.number);
    return section != sections_.end() &&
           (complete_times_.count(family.number) > 0 ||
            section->second.status().state() == v1::SECTION_STATE_UNAVAILABLE);
  };
  if (!family_.is_host()) return came(family_);
  return std::all_of(Families().begin(), Families().end(), came);
}

}  // namespace farstat::client
