// farstat get, agent, estats, clear: one question to every target.

#ifndef FARSTAT_CLIENT_GET_H_
#define FARSTAT_CLIENT_GET_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/types/optional.h"
#include "client/command.h"

namespace farstat::client {

// The statistics of a family, page by page.
class GetCommand : public TargetsCommand {
 public:
  // `request` has no page token.
  GetCommand(const CommandContext& context, std::unique_ptr<Message> request)
      : TargetsCommand(context), request_(std::move(request)) {}

 private:
  struct Snapshot {
    std::shared_ptr<AgentLink> link;
    std::map<int, Section> sections;
    std::string page_token;
    bool begun_again = false;
  };

  void Start() override;
  void CancelAll() override;
  void Begin(const Target& target);
  void AskForPage(const Target& target);
  void TakePage(const Target& target, Message& response);
  // The agent no longer has the snapshot that was being paged through.
  bool PageExpired(const Snapshot& snapshot, const absl::Status& status) const;
  void Fail(const Target& target, const Failure& failure);
  void Succeed(const Target& target);

  const std::unique_ptr<Message> request_;
  std::map<const Target*, Snapshot> snapshots_;
};

// A call that is answered by one message, which is shown as it is.
struct Question {
  std::string method;
  std::unique_ptr<Message> request;
  const Descriptor* response = nullptr;
  // What the answer is called in outputs.
  std::string kind;
  // What is wrong with an answer, which is shown all the same; null: nothing ever is.
  std::function<absl::optional<Failure>(const Message& answer)> judge;
};

class AnswerCommand : public TargetsCommand {
 public:
  AnswerCommand(const CommandContext& context, Question question)
      : TargetsCommand(context), question_(std::move(question)) {}

 private:
  void Start() override;
  void CancelAll() override;
  Failure Overtaken(const Target& target, const Failure& reason) const override;
  void Begin(const Target& target);
  void Take(const Target& target, const Message& answer);
  void Fail(const Target& target, const Failure& failure);

  const Question question_;
  std::map<const Target*, std::shared_ptr<AgentLink>> links_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_GET_H_
