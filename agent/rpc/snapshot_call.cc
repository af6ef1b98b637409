#include "agent/rpc/snapshot_call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/rpc/messages.h"
#include "common/grpc_status.h"
#include "common/status.h"

namespace farstat::rpc {
namespace {

// A page token: the snapshot's id, and the row that the page begins with.
std::string MakePageToken(uint64_t id, uint64_t position) {
  return absl::StrCat(absl::Hex(id), "-", position);
}

bool ParsePageToken(const std::string& token, uint64_t& id, uint64_t& position) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(token, '-');
  return absl::SimpleHexAtoi(parts.first, &id) && absl::SimpleAtoi(parts.second, &position);
}

// When a caller must have its answer, so that it still gets it before its deadline.
SteadyTime GiveUp(const grpc::CallbackServerContext& context, SteadyTime now) {
  const auto left = context.deadline() - std::chrono::system_clock::now();
  if (left > std::chrono::hours(1)) return SteadyTime::max();
  return now + std::chrono::duration_cast<SteadyTime::duration>(left) * 9 / 10;
}

}  // namespace

absl::Status ApplyOptions(const v1::SnapshotOptions& options, const Limits& limits,
                          SnapshotRequest& request) {
  request.max_age = FromProto(options.max_age());
  if (request.max_age < absl::ZeroDuration() || request.max_age > limits.max_max_age) {
    return InvalidField("options.max_age", absl::StrCat("options.max_age is not within 0 to ",
                                                        absl::FormatDuration(limits.max_max_age)));
  }
  if (options.page_size() < 0) {
    return InvalidField("options.page_size", "options.page_size is negative");
  }
  request.page_size = options.page_size();
  request.page_token = options.page_token();
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* SnapshotCall::Begin(grpc::CallbackServerContext* context,
                                              Serving& serving,
                                              absl::StatusOr<SnapshotRequest> request,
                                              grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!request.ok()) {
    reactor->Finish(ToGrpcStatus(request.status()));
    return reactor;
  }
  absl::StatusOr<Quota::SharePtr> share =
      serving.snapshot_call_quota.Take(PeerHost(context->peer()));
  if (!share.ok()) {
    ++serving.streams.refused;
    reactor->Finish(ToGrpcStatus(share.status()));
    return reactor;
  }
  std::make_shared<SnapshotCall>(context, serving, *std::move(request), *std::move(share), reactor,
                                 response)
      ->Collect();
  return reactor;
}

SnapshotCall::SnapshotCall(grpc::CallbackServerContext* context, Serving& serving,
                           SnapshotRequest request, Quota::SharePtr share,
                           grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response)
    : context_(context),
      serving_(serving),
      request_(std::move(request)),
      share_(std::move(share)),
      reactor_(reactor),
      response_(response),
      snapshots_(request_.families.size()) {}

void SnapshotCall::Collect() {
  std::vector<size_t> collected;
  if (request_.page_token.empty()) {
    for (size_t i = 0; i < request_.families.size(); ++i) {
      if (request_.families[i].family->feed != nullptr) collected.push_back(i);
    }
  }
  {
    MutexLock lock(mutex_);
    awaited_ = collected.size() + 1;
  }
  for (const size_t family : collected) Refresh(family, request_.max_age);
  // Nothing had to be collected: the caller's thread answers, and callers do not wait in one queue.
  if (IsLast()) Finish();
}

void SnapshotCall::Refresh(size_t family, absl::Duration max_age) {
  request_.families[family].family->feed->Refresh(
      request_.families[family].query.WholeDemand(), max_age,
      [call = shared_from_this(), family](const absl::Status& status) {
        call->OnRefreshed(family, status);
      },
      GiveUp(*context_, serving_.clock.Steady()));
}

// Takes the rows at once: the next collection may be one for others, without our parts.
void SnapshotCall::OnRefreshed(size_t family, const absl::Status& status) {
  const FamilyRequest& wanted = request_.families[family];
  feed::SnapshotPtr& snapshot = snapshots_[family];
  if (status.ok()) {
    snapshot = wanted.family->feed->table().TakeSnapshot(wanted.query.selection);
    const feed::Demands* collected = snapshot->info.demands.get();
    const bool overtaken = collected == nullptr || !collected->Cover(wanted.query.WholeDemand());
    // Only rows that were there already can be overtaken, never those that are collected for us.
    if (overtaken && !snapshot->condition.stale) return Refresh(family, absl::ZeroDuration());
  }
  // There are no rows that would do: the family is unavailable to this call, and others are not.
  if (!status.ok()) {
    auto none = std::make_shared<feed::Snapshot>();
    none->condition = {status, /*stale=*/true, serving_.clock.Wall(), /*version=*/0};
    const feed::Condition known = wanted.family->feed->table().condition();
    if (known.status == status) none->condition.since = known.since;
    snapshot = std::move(none);
  }
  if (!IsLast()) return;
  // Not on the sampler's thread, which is to go on.
  serving_.queue.Post([call = shared_from_this()] { call->Finish(); });
}

// Notes that a collection has been made; true: no other is awaited.
bool SnapshotCall::IsLast() {
  MutexLock lock(mutex_);
  return --awaited_ == 0;
}

void SnapshotCall::Finish() { reactor_->Finish(ToGrpcStatus(Answer())); }

absl::Status SnapshotCall::Answer() {
  // Nobody waits for the answer any more.
  if (context_->IsCancelled()) return absl::CancelledError("the caller has gone");
  return request_.page_token.empty() ? AnswerCollected() : AnswerKept();
}

absl::Status SnapshotCall::AnswerCollected() {
  auto snapshot = std::make_shared<RetainedSnapshot>();
  snapshot->fingerprint = Fingerprint();
  absl::Status failure;
  absl::Status absence;
  bool any = false;
  for (size_t i = 0; i < request_.families.size(); ++i) {
    const FamilyRequest& wanted = request_.families[i];
    const families::Family& family = *wanted.family;
    RetainedSnapshot::Part& part = snapshot->parts.emplace_back();
    part.family = family.id;
    if (family.feed == nullptr) {
      part.status = ToSectionStatus(family.id, family.unavailable, v1::SECTION_STATE_UNAVAILABLE);
      absence.Update(family.unavailable);
      continue;
    }
    part.snapshot = std::move(snapshots_[i]);
    part.table = &family.feed->table();
    part.status = DescribeCondition(family.id, part.snapshot->condition, part.snapshot->info);
    if (part.status.state() == v1::SECTION_STATE_OK && !wanted.query.unsupported.ok()) {
      part.status = ToSectionStatus(family.id, wanted.query.unsupported, v1::SECTION_STATE_PARTIAL);
    }
    failure.Update(part.snapshot->condition.status);
    any = any || part.status.state() != v1::SECTION_STATE_UNAVAILABLE;
    snapshot->total_rows += part.snapshot->rows.size() - part.snapshot->totals;
  }
  // What may be had again tells a caller more than what this host never has.
  failure.Update(absence);
  if (!any) return failure;
  return WritePage(snapshot, 0, 0);
}

absl::Status SnapshotCall::AnswerKept() {
  uint64_t id = 0;
  uint64_t position = 0;
  std::shared_ptr<const RetainedSnapshot> snapshot;
  if (ParsePageToken(request_.page_token, id, position)) snapshot = serving_.snapshots.Find(id);
  if (snapshot == nullptr) {
    return InvalidField("options.page_token",
                        "options.page_token is not known here or has expired; begin again without "
                        "a token");
  }
  if (snapshot->fingerprint != Fingerprint()) {
    return InvalidField("options.page_token",
                        "the query or the page size differs from that of the first page; repeat "
                        "them unchanged with each page token");
  }
  return WritePage(snapshot, id, position);
}

// Answers with the rows from `position` on, counted over all parts. `id` is 0 for a first page,
// which is kept only if there are more.
absl::Status SnapshotCall::WritePage(const std::shared_ptr<const RetainedSnapshot>& snapshot,
                                     uint64_t id, uint64_t position) {
  const SteadyTime now = serving_.clock.Steady();
  std::vector<v1::CollectionInfo> collections(snapshot->parts.size());
  std::vector<Section> sections;
  size_t bytes = serving_.limits.max_row_bytes;
  size_t rows = request_.page_size > 0 ? static_cast<size_t>(request_.page_size) : SIZE_MAX / 2;
  uint64_t index = 0;
  bool full = false;
  for (size_t i = 0; i < snapshot->parts.size(); ++i) {
    const RetainedSnapshot::Part& part = snapshot->parts[i];
    Section& section = sections.emplace_back();
    section.family = part.family;
    section.status = &part.status;
    section.rows = feed::NoBytes();
    if (part.snapshot == nullptr) continue;
    collections[i] = DescribeCollection(part.snapshot->info, now);
    if (part.status.state() != v1::SECTION_STATE_UNAVAILABLE) {
      section.collection = &collections[i];
    }
    const uint64_t end = index + part.snapshot->rows.size();
    if (!full && position < end) {
      const size_t first = std::max(index, position) - index;
      const feed::Page page = part.table->TakePage(part.snapshot, {first, bytes, rows});
      section.rows = page.bytes;
      bytes -= page.bytes->size();
      rows -= page.end - std::min(page.end, std::max(first, part.snapshot->totals));
      position = index + page.end;
      full = position < end;
    }
    index = end;
  }
  std::string next;
  if (full) {
    if (id == 0) {
      absl::StatusOr<uint64_t> kept = serving_.snapshots.Keep(snapshot, share_->peer_host());
      if (!kept.ok()) {
        ++serving_.streams.refused;
        return kept.status();
      }
      id = *kept;
    }
    next = MakePageToken(id, position);
  } else if (id != 0) {
    serving_.snapshots.MayForget(id);
  }
  *response_ = EncodeSnapshot(request_.in_host, sections, next, snapshot->total_rows);
  return absl::OkStatus();
}

uint64_t SnapshotCall::Fingerprint() const {
  uint64_t fingerprint = absl::HashOf(request_.page_size, request_.in_host);
  for (const FamilyRequest& family : request_.families) {
    fingerprint = absl::HashOf(fingerprint, family.family->id, family.query.fingerprint);
  }
  return fingerprint;
}

}  // namespace farstat::rpc
