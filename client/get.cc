#include "client/get.h"

#include <utility>

#include "client/query.h"
#include "common/clock.h"
#include "common/status.h"

namespace farstat::client {
namespace {

// Field numbers of every Get response, and of every statistics message.
constexpr int kStatistics = 1;
constexpr int kCollection = 2;
constexpr int kNextPageToken = 2;

std::string NextPageToken(const Message& response) {
  return response.GetReflection()->GetString(response, FieldByNumber(response, kNextPageToken));
}

// The time of a section is that of its collection.
void BeginTick(Section& section, const Message& statistics) {
  if (!HasSubMessage(statistics, kCollection)) return;
  const auto& collection = *google::protobuf::DynamicCastToGenerated<const v1::CollectionInfo>(
      &SubMessage(statistics, kCollection));
  if (section.tick() == collection.tick() && section.tick() != 0) return;
  section.BeginTick(collection.tick(), FromProto(collection.start_time()), absl::nullopt);
}

}  // namespace

void GetCommand::Start() {
  for (const Target& target : context_.targets) {
    context_.runtime.slots.Acquire([this, &target] { Begin(target); });
  }
}

void GetCommand::CancelAll() {
  for (auto& [target, snapshot] : snapshots_) snapshot.link->Cancel();
}

void GetCommand::Begin(const Target& target) {
  Snapshot& snapshot = snapshots_[&target];
  snapshot.link = std::make_shared<AgentLink>(context_.runtime, target);
  snapshot.link->Connect([this, &target] { AskForPage(target); },
                         [this, &target](const Failure& failure) { Fail(target, failure); });
}

void GetCommand::AskForPage(const Target& target) {
  Snapshot& snapshot = snapshots_[&target];
  const Family& family = *context_.options.family;
  const std::unique_ptr<Message> request(request_->New());
  request->CopyFrom(*request_);
  if (!snapshot.page_token.empty()) SetPageToken(*request, snapshot.page_token);
  snapshot.link->Get(
      family.get_method, *request, family.get_response,
      [this, &target](const absl::Status& status, const std::shared_ptr<Message>& response) {
        Snapshot& asked = snapshots_[&target];
        if (status.ok()) {
          TakePage(target, *response);
        } else if (PageExpired(asked, status)) {
          asked.begun_again = true;
          asked.page_token.clear();
          asked.sections.clear();
          AskForPage(target);
        } else {
          asked.link->Explain(status,
                              [this, &target](const Failure& failure) { Fail(target, failure); });
        }
      });
}

bool GetCommand::PageExpired(const Snapshot& snapshot, const absl::Status& status) const {
  return absl::IsInvalidArgument(status) && !snapshot.page_token.empty() && !snapshot.begun_again;
}

void GetCommand::TakePage(const Target& target, Message& response) {
  Snapshot& snapshot = snapshots_[&target];
  const Family& family = *context_.options.family;
  for (auto& [part, statistics] : SectionsOf(family, *MutableSubMessage(response, kStatistics))) {
    Section& section = snapshot.sections.try_emplace(part->number, *part).first->second;
    BeginTick(section, *statistics);
    section.Take(*statistics);
  }
  snapshot.page_token = NextPageToken(response);
  if (snapshot.page_token.empty()) {
    Succeed(target);
  } else {
    AskForPage(target);
  }
}

void GetCommand::Succeed(const Target& target) {
  Snapshot& snapshot = snapshots_[&target];
  auto sections = std::make_shared<std::vector<Section>>();
  for (auto& [number, section] : snapshot.sections) sections->push_back(std::move(section));
  snapshots_.erase(&target);
  context_.notes.ClearProgress();
  context_.presenter.Snapshot(target, sections);
  context_.runtime.slots.Release();
  Answered(target);
  EndIfDone();
}

void GetCommand::Fail(const Target& target, const Failure& failure) {
  snapshots_.erase(&target);
  context_.notes.ClearProgress();
  TargetEvent event;
  event.state = TargetEvent::State::kFailed;
  event.failure = failure;
  context_.presenter.TargetChanged(target, event);
  context_.runtime.slots.Release();
  Failed(target, failure);
  EndIfDone();
}

void AnswerCommand::Start() {
  for (const Target& target : context_.targets) {
    context_.runtime.slots.Acquire([this, &target] { Begin(target); });
  }
}

void AnswerCommand::CancelAll() {
  for (auto& [target, link] : links_) link->Cancel();
}

// The question follows the connection at once; who was not connected was not asked.
Failure AnswerCommand::Overtaken(const Target& target, const Failure& reason) const {
  const auto link = links_.find(&target);
  const bool asked = link != links_.end() && link->second->connected();
  return asked && context_.options.changes_hosts() ? ChangeUncertain(reason) : reason;
}

void AnswerCommand::Begin(const Target& target) {
  auto link = std::make_shared<AgentLink>(context_.runtime, target);
  links_[&target] = link;
  const auto fail = [this, &target](const Failure& failure) { Fail(target, failure); };
  const auto answer = [this, &target, fail](const absl::Status& status,
                                            const std::shared_ptr<Message>& response) {
    if (status.ok()) {
      Take(target, *response);
    } else {
      links_[&target]->Explain(status, fail);
    }
  };
  link->Connect(
      [this, &target, answer] {
        links_[&target]->Get(question_.method, *question_.request, question_.response, answer);
      },
      fail);
}

void AnswerCommand::Take(const Target& target, const Message& answer) {
  context_.notes.ClearProgress();
  context_.presenter.Answer(target, question_.kind, answer);
  const absl::optional<Failure> wrong =
      question_.judge == nullptr ? absl::nullopt : question_.judge(answer);
  if (wrong.has_value()) return Fail(target, *wrong);
  context_.runtime.slots.Release();
  Answered(target);
  EndIfDone();
}

void AnswerCommand::Fail(const Target& target, const Failure& failure) {
  context_.notes.ClearProgress();
  TargetEvent event;
  event.state = TargetEvent::State::kFailed;
  event.failure = failure;
  context_.presenter.TargetChanged(target, event);
  context_.runtime.slots.Release();
  Failed(target, failure);
  EndIfDone();
}

}  // namespace farstat::client
