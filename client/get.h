// farstat get, agent info, agent status: one question to every target.

#ifndef FARSTAT_CLIENT_GET_H_
#define FARSTAT_CLIENT_GET_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

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

// An agent's own RPC.
class AnswerCommand : public TargetsCommand {
 public:
  // `kind`: what the answer is called in outputs.
  AnswerCommand(const CommandContext& context, std::string method, const Descriptor* request,
                const Descriptor* response, std::string kind)
      : TargetsCommand(context),
        method_(std::move(method)),
        request_(NewMessage(request)),
        response_(response),
        kind_(std::move(kind)) {}

 private:
  void Start() override;
  void CancelAll() override;
  void Begin(const Target& target);
  void Fail(const Target& target, const Failure& failure);

  const std::string method_;
  const std::unique_ptr<Message> request_;
  const Descriptor* const response_;
  const std::string kind_;
  std::map<const Target*, std::shared_ptr<AgentLink>> links_;
};

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_GET_H_
