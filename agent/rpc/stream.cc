#include "agent/rpc/stream.h"

#include <algorithm>
#include <utility>

#include "agent/rpc/messages.h"
#include "agent/rpc/resume_token.h"
#include "common/grpc_status.h"
#include "common/status.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::rpc {
namespace {

using farstat::ToProto;
// The responses of all subscriptions have these field numbers.
using Response = v1::SubscribeTcpStatisticsResponse;

constexpr absl::Duration kLongestTend = absl::Seconds(15);

// Ends a call that could not become a stream.
class RefusedStream : public grpc::ServerWriteReactor<grpc::ByteBuffer> {
 public:
  explicit RefusedStream(const absl::Status& why) { Finish(ToGrpcStatus(why)); }
  void OnDone() override { delete this; }
};

grpc::ServerWriteReactor<grpc::ByteBuffer>* Refuse(const absl::Status& why) {
  return new RefusedStream(why);  // reactor: deletes itself in OnDone
}

SteadyTime After(SteadyTime start, absl::Duration duration) {
  const auto nanoseconds = absl::ToChronoNanoseconds(duration);
  return nanoseconds >= SteadyTime::max() - start ? SteadyTime::max() : start + nanoseconds;
}

}  // namespace

// --- Life ---------------------------------------------------------------------------------------

grpc::ServerWriteReactor<grpc::ByteBuffer>* StatisticsStream::Open(
    grpc::CallbackServerContext* context, Serving& serving, absl::StatusOr<StreamRequest> request) {
  absl::Status status = request.status();
  if (status.ok()) {
    // A stream of families that this host lacks altogether would never say anything.
    const auto& families = request->families;
    if (std::none_of(families.begin(), families.end(),
                     [](const FamilyRequest& family) { return family.family->feed != nullptr; })) {
      status = families.front().family->unavailable;
    }
  }
  if (!status.ok()) return Refuse(status);
  absl::StatusOr<Quota::SharePtr> share = serving.stream_quota.Take(PeerHost(context->peer()));
  if (!share.ok()) {
    ++serving.streams.refused;
    return Refuse(share.status());
  }
  auto stream =
      std::make_shared<StatisticsStream>(context, serving, *std::move(request), *std::move(share));
  status = serving.streams.Add(stream);
  if (!status.ok()) return Refuse(status);
  stream->self_ = stream;
  stream->Begin();
  return stream.get();
}

StatisticsStream::StatisticsStream(grpc::CallbackServerContext* context, Serving& serving,
                                   StreamRequest request, Quota::SharePtr share)
    : context_(context),
      serving_(serving),
      request_(std::move(request)),
      share_(std::move(share)),
      peer_(context->peer()),
      start_time_(serving.clock.Wall()),
      steady_start_(serving.clock.Steady()) {}

void StatisticsStream::Begin() {
  if (request_.lease.take == nullptr) return Start();
  request_.lease.take([stream = shared_from_this()] { return stream->IsWanted(); },
                      [stream = shared_from_this()](absl::StatusOr<uint64_t> lease) {
                        stream->OnLease(std::move(lease));
                      });
}

bool StatisticsStream::IsWanted() {
  MutexLock lock(mutex_);
  return !cancelled_ && !finished_;
}

void StatisticsStream::OnLease(absl::StatusOr<uint64_t> lease) {
  bool finish = false;
  bool too_late = false;
  {
    MutexLock lock(mutex_);
    too_late = finished_;
    finish = !finished_ && !lease.ok();
    if (finish) finished_ = true;
    if (!too_late && lease.ok()) lease_ = *lease;
  }
  if (finish) {
    Finish(ToGrpcStatus(lease.status()));
  } else if (!too_late) {
    Start();
  } else if (lease.ok()) {
    // The client went while it was being taken.
    request_.lease.end(*lease);
  }
}

void StatisticsStream::Start() {
  MutexLock lock(mutex_);
  if (finished_) return;
  started_ = true;
  newest_frame_ = steady_start_;
  for (const FamilyRequest& wanted : request_.families) {
    Subscribed& subscribed = families_.emplace_back();
    subscribed.family = wanted.family;
    subscribed.query = wanted.query;
    subscribed.skip_initial = request_.updates_only;
    subscribed.told_interval = wanted.query.interval;
  }
  Resume();
  for (size_t i = 0; i < families_.size(); ++i) {
    if (families_[i].family->feed == nullptr) continue;
    // OnDone gives the subscription up before it lets go of `this`.
    families_[i].audience = families_[i].family->feed->table().Join(families_[i].query.selection);
    families_[i].subscription = families_[i].family->feed->Subscribe(
        families_[i].query.WholeDemand(), families_[i].query.interval, [this, i] { OnTick(i); });
  }
  serving_.queue.Post([stream = shared_from_this()] { stream->Pump(); });
  ScheduleTend();
}

void StatisticsStream::Resume() {
  if (request_.resume_token.empty()) return;
  const ResumePositions positions = ParseResumeToken(request_.resume_token, serving_.start_id);
  resumed_ = true;
  for (Subscribed& subscribed : families_) {
    if (subscribed.family->feed == nullptr) continue;
    subscribed.skip_initial = false;
    const auto position = positions.find(subscribed.family->id);
    if (position != positions.end() &&
        position->second.fingerprint == subscribed.query.fingerprint &&
        subscribed.family->feed->table().CanResume(position->second.tick)) {
      subscribed.cursor.complete = position->second.tick;
      subscribed.cursor.complete_time = position->second.time;
    } else {
      resumed_ = false;
    }
  }
  if (resumed_) return;
  // As if the token had been empty, but for the reason.
  for (Subscribed& subscribed : families_) {
    subscribed.cursor = feed::Cursor();
    subscribed.resync = true;
  }
}

std::string StatisticsStream::ResumeToken() const {
  ResumePositions positions;
  for (const Subscribed& subscribed : families_) {
    if (subscribed.cursor.complete == 0) continue;
    positions[subscribed.family->id] = {subscribed.cursor.complete, subscribed.cursor.complete_time,
                                        subscribed.query.fingerprint};
  }
  return MakeResumeToken(positions, serving_.start_id);
}

void StatisticsStream::OnTick(size_t family) {
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    Subscribed& subscribed = families_[family];
    if (subscribed.due) {
      ++subscribed.skipped_ticks;
      ++skipped_ticks_;
      return;
    }
    subscribed.due = true;
  }
  serving_.queue.Post([stream = shared_from_this()] { stream->Pump(); });
}

void StatisticsStream::SayGoodbye(v1::GoodbyeReason reason, absl::Duration retry_after) {
  {
    MutexLock lock(mutex_);
    if (ended_ || goodbye_.has_value()) return;
    goodbye_.emplace();
    goodbye_->set_reason(reason);
    if (retry_after > absl::ZeroDuration()) {
      *goodbye_->mutable_retry_after() = ToProto(retry_after);
    }
    goodbye_->set_message(reason == v1::GOODBYE_REASON_MAX_DURATION
                              ? "the stream has lasted as long as was asked for"
                              : "the agent is stopping");
  }
  serving_.queue.Post([stream = shared_from_this()] { stream->Pump(); });
}

void StatisticsStream::Evict() {
  {
    MutexLock lock(mutex_);
    // Once finished, the context may be gone.
    if (finished_ || evicted_) return;
    evicted_ = true;
    ++serving_.streams.evicted;
    // Under the lock: Finish cannot come in between.
    context_->TryCancel();
  }
}

v1::SubscriberStatus StatisticsStream::Describe() {
  v1::SubscriberStatus status;
  status.set_peer(peer_);
  *status.mutable_start_time() = ToProto(start_time_);
  MutexLock lock(mutex_);
  uint64_t lag = 0;
  for (const Subscribed& subscribed : families_) {
    status.add_families(subscribed.family->id);
    if (subscribed.family->feed == nullptr || subscribed.cursor.complete == 0) continue;
    lag = std::max(lag, subscribed.family->feed->table().tick() - subscribed.cursor.complete);
  }
  status.set_frames(sequence_);
  status.set_bytes(bytes_);
  status.set_skipped_ticks(skipped_ticks_);
  status.set_lag_ticks(lag);
  if (writing_) {
    *status.mutable_stalled_for() =
        ToProto(absl::FromChrono(serving_.clock.Steady() - write_started_));
  }
  return status;
}

// --- Writing ------------------------------------------------------------------------------------

void StatisticsStream::Pump() {
  bool finish = false;
  grpc::WriteOptions options;
  {
    MutexLock lock(mutex_);
    if (writing_ || finished_ || (!started_ && !cancelled_)) return;
    if (!cancelled_ && frames_.empty()) MakeFrames();
    if (cancelled_ || (frames_.empty() && ended_)) {
      finish = finished_ = true;
    } else if (!frames_.empty()) {
      outstanding_.Swap(&frames_.front());
      frames_.pop_front();
      // Small frames that follow each other leave together.
      if (!frames_.empty()) options.set_buffer_hint();
      bytes_ += outstanding_.Length();
      writing_ = true;
      write_started_ = newest_frame_ = serving_.clock.Steady();
    } else {
      return;
    }
  }
  // Outside the lock; `writing_` and `finished_` keep everyone else out.
  if (finish) {
    Finish(grpc::Status::OK);
  } else {
    StartWrite(&outstanding_, options);
  }
}

void StatisticsStream::OnWriteDone(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    outstanding_.Clear();
    if (!ok) cancelled_ = true;
  }
  Pump();
}

void StatisticsStream::OnCancel() {
  {
    MutexLock lock(mutex_);
    cancelled_ = true;
  }
  Pump();
}

void StatisticsStream::OnDone() {
  std::vector<std::unique_ptr<feed::Feed::Subscription>> subscriptions;
  std::optional<uint64_t> lease;
  {
    MutexLock lock(mutex_);
    finished_ = true;
    lease = lease_;
    for (Subscribed& subscribed : families_) {
      subscriptions.push_back(std::move(subscribed.subscription));
    }
  }
  // Waits for a callback that is running; afterwards no feed knows this stream.
  subscriptions.clear();
  if (lease.has_value()) request_.lease.end(*lease);
  serving_.streams.Remove(this);
  const std::shared_ptr<StatisticsStream> self = std::move(self_);
}

// --- Frames -------------------------------------------------------------------------------------

v1::FrameHeader StatisticsStream::NextHeader() {
  v1::FrameHeader header;
  header.set_sequence(++sequence_);
  return header;
}

void StatisticsStream::AddFrame(const v1::FrameHeader& header, int field,
                                const google::protobuf::MessageLite& body) {
  frames_.push_back(EncodeFrame(header, field, body));
}

v1::Accepted StatisticsStream::MakeAccepted() const {
  v1::Accepted accepted;
  accepted.set_agent_start_id(serving_.start_id);
  *accepted.mutable_interval() = ToProto(request_.interval);
  *accepted.mutable_heartbeat_interval() = ToProto(request_.heartbeat_interval);
  for (const v1::Adjustment& adjustment : request_.adjustments) {
    *accepted.add_adjustments() = adjustment;
  }
  for (const Subscribed& subscribed : families_) {
    const families::Family& family = *subscribed.family;
    const absl::Status& lacking =
        family.feed == nullptr ? family.unavailable : subscribed.query.unsupported;
    if (lacking.ok()) continue;
    *accepted.add_unsupported() = ToSectionStatus(
        family.id, lacking,
        family.feed == nullptr ? v1::SECTION_STATE_UNAVAILABLE : v1::SECTION_STATE_PARTIAL);
  }
  accepted.set_resumed(resumed_);
  return accepted;
}

void StatisticsStream::AddGoodbye() {
  AddFrame(NextHeader(), Response::kGoodbyeFieldNumber, *goodbye_);
  ended_ = true;
}

// Makes what is to be sent next, if anything.
void StatisticsStream::MakeFrames() {
  if (ended_) return;
  if (!accepted_sent_) {
    accepted_sent_ = true;
    AddFrame(NextHeader(), Response::kAcceptedFieldNumber, MakeAccepted());
    return;
  }
  if (goodbye_.has_value()) return AddGoodbye();
  // In turn, so that a large family does not keep the others waiting.
  for (size_t i = 0; i < families_.size(); ++i) {
    Subscribed& subscribed = families_[next_family_];
    next_family_ = (next_family_ + 1) % families_.size();
    if (subscribed.due && MakeFamilyFrames(subscribed)) {
      heartbeat_due_ = false;
      return;
    }
  }
  if (heartbeat_due_) {
    heartbeat_due_ = false;
    AddFrame(NextHeader(), Response::kHeartbeatFieldNumber, v1::Heartbeat());
  }
}

// Makes the family's next frames; false: it has nothing to send.
bool StatisticsStream::MakeFamilyFrames(Subscribed& subscribed) {
  const feed::Table& table = subscribed.family->feed->table();
  MakeConditionFrame(subscribed);
  if (subscribed.skip_initial) {
    const feed::TickInfo info = table.info();
    subscribed.skip_initial = info.tick == 0 || info.released;
    if (!subscribed.skip_initial) {
      subscribed.cursor.complete = info.tick;
      subscribed.cursor.complete_time = info.start_time;
    }
  }
  const Limits& limits = serving_.limits;
  while (frames_.empty() && subscribed.due) {
    const bool congested = table.batch_bytes() > limits.max_unsent_bytes;
    const feed::Batch batch =
        table.Read(subscribed.audience, congested ? limits.small_row_bytes : limits.max_row_bytes,
                   subscribed.cursor);
    // Not complete and yet at the end: there was another tick, which the next pass catches up with.
    if (batch.complete || batch.info.tick == 0 || batch.info.released) subscribed.due = false;
    MakeBatchFrames(subscribed, batch);
  }
  return !frames_.empty();
}

void StatisticsStream::MakeConditionFrame(Subscribed& subscribed) {
  const feed::Table& table = subscribed.family->feed->table();
  const feed::Condition condition = table.condition();
  const absl::Duration wanted = subscribed.query.interval;
  const absl::Duration interval = std::max(wanted, subscribed.family->feed->governed_interval());
  const bool same_interval = interval == std::exchange(subscribed.told_interval, interval);
  if (condition.version == subscribed.condition_version && same_interval) return;
  subscribed.condition_version = condition.version;
  const bool was_ok = std::exchange(subscribed.condition_ok, condition.status.ok());
  // That all is well is said only after it was not.
  if (was_ok && condition.status.ok() && same_interval) return;
  v1::FrameHeader header = NextHeader();
  header.set_family(subscribed.family->id);
  v1::SectionStatus status = DescribeCondition(subscribed.family->id, condition, table.info());
  if (interval != wanted) *status.mutable_effective_interval() = ToProto(interval);
  AddFrame(header, Response::kStatusFieldNumber, status);
}

// The header of one of a batch's frames; `last`: none of the batch follows it.
v1::FrameHeader StatisticsStream::BatchHeader(Subscribed& subscribed, const feed::Batch& batch,
                                              bool last) {
  v1::FrameHeader header = NextHeader();
  header.set_family(subscribed.family->id);
  header.set_tick(batch.info.tick);
  *header.mutable_time() = ToProto(batch.info.start_time);
  if (batch.base_time != absl::InfinitePast()) {
    *header.mutable_base_time() = ToProto(batch.base_time);
  }
  header.set_skipped_ticks(std::exchange(subscribed.skipped_ticks, 0));
  subscribed.incomplete = !(last && batch.complete);
  if (!subscribed.incomplete) {
    header.set_tick_complete(true);
    header.set_resume_token(ResumeToken());
  }
  return header;
}

void StatisticsStream::MakeBatchFrames(Subscribed& subscribed, const feed::Batch& batch) {
  const v1::Family family = subscribed.family->id;
  if (batch.begins_full_set) {
    v1::SyncBegin begin;
    begin.set_family(family);
    begin.set_reason(batch.resync || subscribed.resync ? v1::SYNC_REASON_RESYNC
                                                       : v1::SYNC_REASON_INITIAL);
    subscribed.resync = false;
    AddFrame(BatchHeader(subscribed, batch, false), Response::kSyncBeginFieldNumber, begin);
  }
  // Without rows, when there was another tick meanwhile that changed nothing: now it is complete.
  const bool completes = batch.complete && !batch.ends_full_set && subscribed.incomplete;
  if (!batch.bytes->empty() || completes) {
    const v1::CollectionInfo collection = DescribeCollection(batch.info, serving_.clock.Steady());
    const Section section{family, nullptr, &collection, batch.bytes};
    const v1::FrameHeader header = BatchHeader(subscribed, batch, !batch.ends_full_set);
    frames_.push_back(EncodeRowsFrame(header, request_.in_host, section));
  }
  if (batch.ends_full_set) {
    v1::SyncEnd end;
    end.set_family(family);
    end.set_row_count(batch.full_set_rows);
    AddFrame(BatchHeader(subscribed, batch, true), Response::kSyncEndFieldNumber, end);
  }
}

// --- Time ---------------------------------------------------------------------------------------

void StatisticsStream::ScheduleTend() {
  const SteadyTime now = serving_.clock.Steady();
  SteadyTime next = After(newest_frame_, request_.heartbeat_interval);
  if (writing_) {
    next = std::min(After(now, request_.heartbeat_interval),
                    After(write_started_, serving_.limits.stalled_stream_timeout));
  }
  if (!goodbye_.has_value()) {
    next = std::min(next, After(steady_start_, request_.max_duration));
  }
  // The queue keeps the entry, and with it the memory of a stream that has ended, until then.
  next = std::min(next, After(now, kLongestTend));
  next = std::max(next, After(now, absl::Milliseconds(10)));
  serving_.queue.PostAt(next, [weak = weak_from_this()] {
    if (const auto stream = weak.lock()) stream->Tend();
  });
}

void StatisticsStream::Tend() {
  const SteadyTime now = serving_.clock.Steady();
  bool stalled = false;
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    stalled = writing_ && now >= After(write_started_, serving_.limits.stalled_stream_timeout);
    if (!writing_ && now >= After(newest_frame_, request_.heartbeat_interval)) {
      heartbeat_due_ = true;
    }
  }
  if (stalled) {
    Evict();
    return;
  }
  if (now >= After(steady_start_, request_.max_duration)) {
    SayGoodbye(v1::GOODBYE_REASON_MAX_DURATION, absl::ZeroDuration());
  }
  Pump();
  MutexLock lock(mutex_);
  if (!finished_) ScheduleTend();
}

}  // namespace farstat::rpc
