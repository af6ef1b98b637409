#include "client/section.h"

#include <algorithm>
#include <utility>

namespace farstat::client {
namespace {

// Field numbers of every statistics message, and of every row.
constexpr int kStatus = 1;
constexpr int kCollection = 2;
constexpr int kKey = 1;

template <typename T>
const T& Typed(const Message& message) {
  return *google::protobuf::DynamicCastToGenerated<const T>(&message);
}

}  // namespace

std::string RowKey(const Message& row) { return SubMessage(row, kKey).SerializeAsString(); }

const Message* HolderOf(const Message& message, const FieldPath& path) {
  const Message* holder = &message;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i]->has_presence() && !holder->GetReflection()->HasField(*holder, path[i])) {
      return nullptr;
    }
    if (i + 1 < path.size()) holder = &holder->GetReflection()->GetMessage(*holder, path[i]);
  }
  return holder;
}

absl::optional<double> NumberAt(const Message& message, const FieldPath& path) {
  const Message* holder = HolderOf(message, path);
  if (holder == nullptr) return absl::nullopt;
  const google::protobuf::Reflection& fields = *holder->GetReflection();
  const FieldDescriptor* field = path.back();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return fields.GetInt32(*holder, field);
    case FieldDescriptor::CPPTYPE_INT64:
      return static_cast<double>(fields.GetInt64(*holder, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return fields.GetUInt32(*holder, field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return static_cast<double>(fields.GetUInt64(*holder, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fields.GetDouble(*holder, field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return static_cast<double>(fields.GetFloat(*holder, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return fields.GetBool(*holder, field) ? 1 : 0;
    default:
      return absl::nullopt;
  }
}

absl::optional<double> Section::RateOf(const Row& row, const FieldPath& path) const {
  if (rate_interval_ <= absl::ZeroDuration()) return absl::nullopt;
  const absl::optional<double> now = NumberAt(*row.current, path);
  if (!now.has_value()) return absl::nullopt;
  if (quiet_ || row.current_time <= time_ - rate_interval_) return 0.0;
  if (row.previous == nullptr) return absl::nullopt;
  const absl::optional<double> before = NumberAt(*row.previous, path);
  if (!before.has_value() || *now < *before) return absl::nullopt;
  const absl::Duration interval = std::min(rate_interval_, time_ - row.previous_time);
  if (interval <= absl::ZeroDuration()) return absl::nullopt;
  return (*now - *before) / absl::ToDoubleSeconds(interval);
}

void Section::BeginTick(uint64_t tick, absl::Time time, absl::optional<absl::Time> base) {
  ++serial_;
  quiet_ = false;
  tick_ = tick;
  time_ = time;
  rate_interval_ = base.has_value() && *base < time ? time - *base : absl::ZeroDuration();
}

std::vector<const Row*> Section::Take(Message& statistics) {
  const google::protobuf::Reflection& fields = *statistics.GetReflection();
  if (HasSubMessage(statistics, kStatus)) {
    status_ = Typed<v1::SectionStatus>(SubMessage(statistics, kStatus));
  }
  if (HasSubMessage(statistics, kCollection)) {
    collection_ = Typed<v1::CollectionInfo>(SubMessage(statistics, kCollection));
  }
  if (family_->totals != nullptr && fields.HasField(statistics, family_->totals)) {
    Replace(totals_, std::unique_ptr<Message>(fields.ReleaseMessage(&statistics, family_->totals)));
  }
  std::vector<const Row*> touched;
  const int size = fields.FieldSize(statistics, family_->rows);
  touched.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    touched.push_back(
        &TakeRow(std::unique_ptr<Message>(fields.ReleaseLast(&statistics, family_->rows))));
  }
  return touched;
}

void Section::Replace(Row& row, std::unique_ptr<Message> message) const {
  // Twice in one tick: what counts is the state before the tick.
  if (row.changed != serial_) {
    row.previous = std::move(row.current);
    row.previous_time = row.current_time;
  }
  row.current = std::move(message);
  row.current_time = time_;
  row.changed = serial_;
}

Row& Section::TakeRow(std::unique_ptr<Message> message) {
  Row& row = rows_[RowKey(*message)];
  Replace(row, std::move(message));
  row.synced = sync_;
  if (in_sync_) ++rows_in_sync_;
  return row;
}

std::unique_ptr<Message> Section::Remove(const std::string& key) {
  const auto row = rows_.find(key);
  if (row == rows_.end()) return nullptr;
  std::unique_ptr<Message> last = std::move(row->second.current);
  rows_.erase(row);
  return last;
}

void Section::BeginSync() {
  ++sync_;
  rows_in_sync_ = 0;
  in_sync_ = true;
}

std::vector<std::unique_ptr<Message>> Section::EndSync() {
  in_sync_ = false;
  // A full set without a word about its quality is good.
  if (status_.state() == v1::SECTION_STATE_UNSPECIFIED) {
    status_.set_state(v1::SECTION_STATE_OK);
    status_.set_family(family_->number);
  }
  std::vector<std::unique_ptr<Message>> gone;
  for (auto row = rows_.begin(); row != rows_.end();) {
    if (row->second.synced == sync_) {
      ++row;
    } else {
      gone.push_back(std::move(row->second.current));
      row = rows_.erase(row);
    }
  }
  return gone;
}

}  // namespace farstat::client
