#include "client/format/agent_text.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/format/columns.h"
#include "client/format/text.h"
#include "client/format/units.h"
#include "common/clock.h"
#include "farstat/v1/agent.pb.h"

namespace farstat::client {
namespace {

std::string Labelled(absl::string_view label, absl::string_view text, size_t width) {
  if (text.empty()) return "";
  const std::string padded = absl::StrFormat("%-14s", label);
  return absl::StrCat(Wrapped(padded, text, width, std::string(14, ' ')), "\n");
}

std::string TitleOf(v1::Family number) {
  const Family* family = FindFamily(number);
  return family == nullptr ? absl::StrCat("family ", number) : family->title;
}

std::string StatusText(const v1::SectionStatus& status) {
  switch (status.state()) {
    case v1::SECTION_STATE_UNAVAILABLE:
      return absl::StrCat("not available: ", Printable(status.message()));
    case v1::SECTION_STATE_PARTIAL:
      return absl::StrCat("in part: ", Printable(status.message()));
    case v1::SECTION_STATE_STALE:
      return absl::StrCat("stale: ", Printable(status.message()));
    default:
      return "yes";
  }
}

std::string CapabilityText(const v1::FamilyCapability& family) {
  std::string text = StatusText(family.status());
  if (family.tcp_groups_size() > 0) {
    std::vector<std::string> groups;
    for (const int group : family.tcp_groups()) {
      const auto* value = v1::TcpGroup_descriptor()->FindValueByNumber(group);
      if (value != nullptr) groups.push_back(absl::AsciiStrToLower(EnumText(value)));
    }
    absl::StrAppend(&text, "; groups ", absl::StrJoin(groups, ", "));
  }
  for (const std::string& limitation : family.limitations()) {
    absl::StrAppend(&text, "; ", Printable(limitation));
  }
  return text;
}

std::string SystemText(const v1::GetAgentInfoResponse& info) {
  const v1::OperatingSystem& system = info.operating_system();
  std::string text = system.description().empty() ? system.name() : system.description();
  if (!system.version().empty()) absl::StrAppend(&text, ", ", system.name(), " ", system.version());
  if (!system.architecture().empty()) absl::StrAppend(&text, ", ", system.architecture());
  return Printable(text);
}

std::string LimitsText(const v1::AgentLimits& limits) {
  return absl::StrCat("interval ", HumanDuration(FromProto(limits.min_interval())), " to ",
                      HumanDuration(FromProto(limits.max_interval())), " (default ",
                      HumanDuration(FromProto(limits.default_interval())), "); ",
                      limits.max_streams(), " streams; ", limits.max_retained_snapshots(),
                      " paged snapshots; answers up to ", HumanBytes(limits.max_message_bytes()),
                      "; a stalled reader is dropped after ",
                      HumanDuration(FromProto(limits.stalled_stream_timeout())));
}

// What is unusual about how the source keeps its time; empty: nothing.
std::string TimesText(const v1::SourceStatus& source) {
  const std::string since =
      source.has_state_since() ? absl::StrCat(" since ", HumanTime(FromProto(source.state_since())))
                               : "";
  switch (source.state()) {
    case v1::SOURCE_STATE_SLOW:
      return absl::StrCat("slow", since);
    case v1::SOURCE_STATE_HUNG:
      return absl::StrCat("hangs", since);
    case v1::SOURCE_STATE_QUARANTINED:
      return absl::StrCat(
          "left alone", since, " because it keeps hanging",
          source.has_retry_time()
              ? absl::StrCat(", tried again at ", HumanTime(FromProto(source.retry_time())))
              : "");
    default:
      return "";
  }
}

std::string IntervalText(const v1::SourceStatus& source) {
  if (!source.has_interval()) return "idle";
  std::string text = absl::StrCat("every ", HumanDuration(FromProto(source.interval())));
  if (source.has_wanted_interval()) {
    absl::StrAppend(&text, " instead of ", HumanDuration(FromProto(source.wanted_interval())),
                    ", to spare the processor");
  }
  return text;
}

std::string SourceText(const v1::SourceStatus& source) {
  std::string text = StatusText(source.status()) == "yes" ? "ok" : StatusText(source.status());
  const std::string times = TimesText(source);
  if (!times.empty()) absl::StrAppend(&text, "; ", times);
  absl::StrAppend(&text, "; ", source.rows(), " rows in ",
                  HumanBytes(static_cast<double>(source.row_bytes())), "; ", source.collections(),
                  " collections, ", source.failed_collections(), " failed");
  if (source.hung_collections() > 0) {
    absl::StrAppend(&text, ", ", source.hung_collections(), " hung");
  }
  if (source.collections() > 0) {
    absl::StrAppend(&text, ", ",
                    HumanDuration(FromProto(source.total_duration()) /
                                  static_cast<double>(source.collections())),
                    " each on average");
  }
  if (source.has_cpu_time()) {
    absl::StrAppend(&text, "; ", HumanDuration(FromProto(source.cpu_time())), " of processor time");
  }
  absl::StrAppend(&text, "; ", IntervalText(source));
  if (source.has_running_for()) {
    absl::StrAppend(&text, "; one has been running for ",
                    HumanDuration(FromProto(source.running_for())));
  }
  return text;
}

std::string FamiliesText(const v1::SubscriberStatus& subscriber) {
  std::vector<std::string> names;
  for (const int number : subscriber.families()) {
    names.push_back(TitleOf(static_cast<v1::Family>(number)));
  }
  return absl::StrJoin(names, ",");
}

std::string SubscribersText(const v1::GetAgentStatusResponse& status, const TableStyle& style) {
  if (status.subscribers().empty()) return "";
  std::vector<TableColumn> columns = {{"PEER", false, TableColumn::Shrink::kText, false},
                                      {"FAMILIES"},
                                      {"SINCE"},
                                      {"FRAMES", true},
                                      {"BYTES", true},
                                      {"MERGED", true},
                                      {"BEHIND", true},
                                      {"STALLED", true}};
  std::vector<TableLayout::Cells> rows;
  for (const v1::SubscriberStatus& subscriber : status.subscribers()) {
    rows.push_back(
        {Printable(subscriber.peer()), FamiliesText(subscriber),
         HumanTime(FromProto(subscriber.start_time())),
         HumanCount(static_cast<double>(subscriber.frames())),
         HumanBytes(static_cast<double>(subscriber.bytes())),
         HumanCount(static_cast<double>(subscriber.skipped_ticks())),
         HumanCount(static_cast<double>(subscriber.lag_ticks())),
         subscriber.has_stalled_for() ? HumanDuration(FromProto(subscriber.stalled_for())) : "-"});
  }
  return TableLayout(std::move(columns), style).Render(rows);
}

// "path on, data on; 12 connections; since … as long as its stream; by …"
std::string LeaseText(const v1::EstatsLease& lease) {
  std::vector<std::string> groups;
  for (const v1::TcpEstatsGroupSwitch& group : lease.groups()) {
    const auto* value = v1::TcpGroup_descriptor()->FindValueByNumber(group.group());
    if (value == nullptr) continue;
    const bool off = group.collection() == v1::TCP_ESTATS_SWITCH_DISABLE ||
                     group.inbound_collection() == v1::TCP_ESTATS_SWITCH_DISABLE;
    groups.push_back(absl::StrCat(absl::AsciiStrToLower(EnumText(value)), off ? " off" : " on"));
  }
  std::string text = absl::StrCat(
      Printable(lease.lease_id()), ": ", absl::StrJoin(groups, ", "), "; ", lease.connections(),
      " connections; since ", HumanTime(FromProto(lease.start_time())),
      lease.has_end_time() ? absl::StrCat(" until ", HumanTime(FromProto(lease.end_time())))
                           : " as long as its stream",
      lease.on_release() == v1::TCP_ESTATS_RELEASE_DISABLE ? ", then off again" : "", "; by ",
      Printable(lease.holder()));
  if (!lease.reason().empty()) absl::StrAppend(&text, ": ", Printable(lease.reason()));
  if (!lease.problem().empty()) absl::StrAppend(&text, "; failing: ", Printable(lease.problem()));
  return text;
}

}  // namespace

std::string AgentInfoText(const Message& answer, const TableStyle& style) {
  const auto& info =
      *google::protobuf::DynamicCastToGenerated<const v1::GetAgentInfoResponse>(&answer);
  const size_t width = style.width == 0 ? 100 : style.width;
  std::string text = Labelled("Host", Printable(info.host_name()), width);
  absl::StrAppend(&text, Labelled("System", SystemText(info), width));
  absl::StrAppend(
      &text, Labelled("Agent",
                      absl::StrCat("farstat ", Printable(info.agent_version()), ", running since ",
                                   HumanTime(FromProto(info.start_time())),
                                   info.simulated() ? ", SIMULATED data" : ""),
                      width));
  for (const v1::FamilyCapability& family : info.families()) {
    absl::StrAppend(&text, Labelled(TitleOf(family.family()), CapabilityText(family), width));
  }
  absl::StrAppend(&text, Labelled("Limits", LimitsText(info.limits()), width));
  return text;
}

std::string AgentStatusText(const Message& answer, const TableStyle& style) {
  const auto& status =
      *google::protobuf::DynamicCastToGenerated<const v1::GetAgentStatusResponse>(&answer);
  const size_t width = style.width == 0 ? 100 : style.width;
  const v1::ProcessStatus& process = status.process();
  std::string text = Labelled(
      "Process",
      absl::StrCat(HumanBytes(static_cast<double>(process.resident_bytes())), " resident, ",
                   HumanDuration(FromProto(process.cpu_time())), " of processor time, ",
                   process.threads(), " threads, ", process.open_files(), " open files"),
      width);
  for (const v1::SourceStatus& source : status.sources()) {
    absl::StrAppend(&text, Labelled(TitleOf(source.family()), SourceText(source), width));
  }
  absl::StrAppend(
      &text, Labelled("Streams",
                      absl::StrCat(status.subscriber_count(), " now, ", status.evicted_streams(),
                                   " ended because nobody read; ", status.refused_calls(),
                                   " calls refused; ", status.retained_snapshots(),
                                   " snapshots being paged"),
                      width));
  for (const v1::EstatsLease& lease : status.estats_leases()) {
    absl::StrAppend(&text, Labelled("EStats", LeaseText(lease), width));
  }
  return absl::StrCat(text, SubscribersText(status, style));
}

}  // namespace farstat::client
