#include "client/query.h"

#include <algorithm>
#include <set>

#include "client/operation.h"
#include "common/clock.h"

namespace farstat::client {
namespace {

// Field numbers of every request, query and selection.
constexpr int kQuery = 1;
constexpr int kOptions = 2;
constexpr int kSelection = 1;
constexpr int kFilter = 2;
constexpr int kGroups = 1;

const FieldDescriptor* FieldNamed(const Message& message, const std::string& name) {
  return message.GetDescriptor()->FindFieldByName(name);
}

void AddCidrs(Message& filter, const std::string& field, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    Message* cidr = filter.GetReflection()->AddMessage(&filter, FieldNamed(filter, field));
    google::protobuf::DynamicCastToGenerated<v1::Cidr>(cidr)->set_text(text);
  }
}

bool HasFilter(const Selection& selection) {
  return !selection.local.empty() || !selection.remote.empty() || !selection.ports.empty() ||
         !selection.states.empty() || selection.filters_owner();
}

void FillSelection(const Family& family, const Selection& selection,
                   const std::vector<Column>& columns, Message& message) {
  const google::protobuf::Reflection& fields = *message.GetReflection();
  std::set<int> groups(selection.groups.begin(), selection.groups.end());
  const bool for_columns = groups.empty() && !columns.empty() && HasRowGroups(family);
  if (for_columns) groups = GroupsOf(family, columns);
  for (const int group : groups) {
    fields.AddEnumValue(&message, FieldByNumber(message, kGroups), group);
  }
  if (for_columns && groups.empty()) {
    fields.SetEnumValue(&message, FieldNamed(message, "view"), v1::VIEW_BASIC);
  }
  const bool owner = selection.owner || selection.filters_owner() ||
                     std::any_of(columns.begin(), columns.end(), NeedsOwner);
  if (owner) fields.SetBool(&message, FieldNamed(message, "owner"), true);
}

void FillQuery(const Options& options, const std::vector<Column>& columns, Message& request) {
  if (!options.family->is_host()) {
    Message* query = MutableSubMessage(request, kQuery);
    FillSelection(*options.family, options.selection, columns,
                  *MutableSubMessage(*query, kSelection));
    if (HasFilter(options.selection)) {
      FillFilter(options.selection, *MutableSubMessage(*query, kFilter));
    }
    return;
  }
  // Without a query every family comes in full, which is right unless a table shows a part.
  if (!options.is_table()) return;
  Message* host_query = MutableSubMessage(request, kQuery);
  for (const Family& family : Families()) {
    Message* query = MutableSubMessage(*host_query, family.number);
    FillSelection(family, Selection(), ColumnsOf(family, ColumnList::kCurated, false),
                  *MutableSubMessage(*query, kSelection));
  }
}

template <typename T>
T& OptionsOf(Message& request) {
  return *google::protobuf::DynamicCastToGenerated<T>(MutableSubMessage(request, kOptions));
}

}  // namespace

void FillFilter(const Selection& selection, Message& filter) {
  const google::protobuf::Reflection& fields = *filter.GetReflection();
  AddCidrs(filter, "local_addresses", selection.local);
  AddCidrs(filter, "remote_addresses", selection.remote);
  for (const auto& [first, last] : selection.ports) {
    Message* added = fields.AddMessage(&filter, FieldNamed(filter, "ports"));
    auto* range = google::protobuf::DynamicCastToGenerated<v1::PortRange>(added);
    range->set_first(first);
    range->set_last(last);
  }
  for (const int state : selection.states) {
    fields.AddEnumValue(&filter, FieldNamed(filter, "states"), state);
  }
  for (const uint32_t pid : selection.pids) {
    fields.AddUInt32(&filter, FieldNamed(filter, "pids"), pid);
  }
  for (const std::string& process : selection.processes) {
    fields.AddString(&filter, FieldNamed(filter, "processes"), process);
  }
  for (const std::string& entry : selection.entries) {
    fields.AddString(&filter, FieldNamed(filter, "entry_names"), entry);
  }
}

std::unique_ptr<Message> GetRequest(const Options& options, const std::vector<Column>& columns) {
  std::unique_ptr<Message> request = NewMessage(options.family->get_request);
  FillQuery(options, columns, *request);
  return request;
}

std::unique_ptr<Message> SubscribeRequest(const Options& options,
                                          const std::vector<Column>& columns,
                                          bool prompt_heartbeat) {
  std::unique_ptr<Message> request = NewMessage(options.family->subscribe_request);
  FillQuery(options, columns, *request);
  auto& subscription = OptionsOf<v1::SubscriptionOptions>(*request);
  const bool is_default = options.interval == absl::ZeroDuration();
  if (!is_default) *subscription.mutable_interval() = ToProto(options.interval);
  if (!options.estats_groups.empty()) {
    request->GetReflection()
        ->MutableMessage(request.get(), FieldNamed(*request, "estats"))
        ->CopyFrom(InlineEstats(options));
  }
  if (prompt_heartbeat) {
    // Later than the tick in which something may change, and not so often that it is a burden.
    const absl::Duration interval = is_default ? absl::Seconds(1) : options.interval;
    const absl::Duration heartbeat = interval + std::min(interval / 2, absl::Seconds(1));
    *subscription.mutable_heartbeat_interval() = ToProto(std::max(heartbeat, absl::Seconds(1)));
  }
  return request;
}

void SetPageToken(Message& request, const std::string& token) {
  OptionsOf<v1::SnapshotOptions>(request).set_page_token(token);
}

void SetResumeToken(Message& request, const std::string& token) {
  OptionsOf<v1::SubscriptionOptions>(request).set_resume_token(token);
}

}  // namespace farstat::client
