#include "tests/chaos/audience.h"

#include <future>
#include <utility>

#include "absl/time/time.h"
#include "client/subscription.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace farstat::testing {

using client::Change;
using client::FailureClass;
using client::Gap;
using client::Outage;

namespace {

constexpr absl::Duration kBeat = absl::Milliseconds(100);

client::LinkSettings Settings(const TlsFiles& files, absl::Duration timeout) {
  client::LinkSettings settings;
  settings.dial.tls = files;
  settings.dial.streaming = true;
  settings.timeout = timeout;
  return settings;
}

// By the status alone: probing an agent that is frozen takes its time, and a thousand ask.
void ExplainByStatus(const client::FailedCall& call,
                     const std::function<void(const client::Failure&)>& explained) {
  if (!client::NeedsProbe(call)) {
    explained(client::Diagnose(call));
    return;
  }
  explained({FailureClass::kConnectTimeout, call.status.ToString(), /*permanent=*/false});
}

}  // namespace

class Subscriber : public client::Subscription::Observer {
 public:
  Subscriber(Audience& audience, client::Target target, std::string name,
             std::shared_ptr<const v1::SubscribeTcpStatisticsRequest> request, bool may_go,
             uint64_t seed)
      : audience_(audience),
        target_(std::move(target)),
        name_(std::move(name)),
        request_(std::move(request)),
        may_go_(may_go),
        subscription_(audience.runtime_, target_, *client::FindFamily("tcp"), request_, *this,
                      seed) {
    ++audience_.tally_.subscribers;
    subscription_.Start();
  }

  void OnAccepted(const v1::Accepted& accepted, const Outage* /*outage*/) override {
    Tally& tally = audience_.tally_;
    ++tally.streams;
    if (accepted.resumed()) ++tally.resumed;
    // It held a table that is not continued: that is a gap, and must be called one.
    owed_a_gap_ = owed_a_gap_ || (!accepted.resumed() && complete_);
  }

  void OnChange(const Change& change) override {
    Tally& tally = audience_.tally_;
    ++tally.frames;
    tally.rows += change.rows.size();
    tally.removed += change.removed.size();
    if (change.tick_complete) complete_ = true;
    if (change.goodbye.has_value()) ++tally.goodbyes;
    if (!change.gap.has_value()) return;
    switch (change.gap->reason) {
      case Gap::Reason::kAgentRestarted:
        ++tally.gaps_of_restarts;
        break;
      case Gap::Reason::kResync:
        ++tally.gaps_of_resyncs;
        break;
      case Gap::Reason::kSkippedTicks:
        ++tally.gaps_of_skipped_ticks;
        return;
    }
    owed_a_gap_ = false;
  }

  void OnLost(const Outage& outage) override {
    ++audience_.tally_.lost;
    if (outage.failure.failure_class == FailureClass::kInternal) Breach(outage.failure);
  }
  void OnEnd(const client::Failure& failure) override { Breach(failure); }

  const client::Target& target() const { return target_; }
  const std::string& name() const { return name_; }
  const auto& request() const { return request_; }
  bool may_go() const { return may_go_; }
  bool streaming() const { return subscription_.streaming(); }
  // A full set began after a loss, is complete, and no gap was told.
  bool owed_a_gap() const { return owed_a_gap_; }

  bool Holds(const Rows& expected) const {
    const auto& sections = subscription_.table().sections();
    const auto tcp = sections.find(v1::FAMILY_TCP);
    if (tcp == sections.end() || tcp->second.rows().size() != expected.size()) return false;
    for (const auto& [key, row] : tcp->second.rows()) {
      const auto same = expected.find(key);
      if (same == expected.end() || same->second != row.current->SerializeAsString()) return false;
    }
    return true;
  }

 private:
  void Breach(const client::Failure& failure) {
    ++audience_.tally_.breaches;
    audience_.tally_.breach = failure.message;
  }

  Audience& audience_;
  const client::Target target_;
  const std::string name_;
  const std::shared_ptr<const v1::SubscribeTcpStatisticsRequest> request_;
  const bool may_go_;
  bool complete_ = false;
  bool owed_a_gap_ = false;
  client::Subscription subscription_;
};

Audience::Audience(const TlsFiles& files, absl::Duration timeout)
    : dialer_(client::MakeDialer(loop_, Settings(files, timeout).dial)),
      runtime_{loop_, *dialer_, slots_, ExplainByStatus, Settings(files, timeout)} {
  loop_.After(kBeat, [this] { Beat(); });
  thread_ = std::thread([this] { loop_.Run(); });
}

Audience::~Audience() {
  Ask([this] {
    subscribers_.clear();
    loop_.Stop();
  });
  thread_.join();
}

void Audience::Add(int count, const std::string& address, const std::string& name,
                   const v1::TcpQuery& query, absl::Duration interval, bool may_go) {
  const auto request = std::make_shared<v1::SubscribeTcpStatisticsRequest>();
  *request->mutable_query() = query;
  *request->mutable_options()->mutable_interval() = ToProto(interval);
  *request->mutable_options()->mutable_heartbeat_interval() = ToProto(interval);
  Ask([&] {
    for (int i = 0; i < count; ++i) Insert(*client::ParseTarget(address), name, request, may_go);
  });
}

void Audience::Insert(const client::Target& target, const std::string& name,
                      std::shared_ptr<const v1::SubscribeTcpStatisticsRequest> request,
                      bool may_go) {
  subscribers_.push_back(
      std::make_unique<Subscriber>(*this, target, name, std::move(request), may_go, seed_++));
}

void Audience::ComeAndGo(int per_beat) {
  Ask([this, per_beat] { per_beat_ = per_beat; });
}

void Audience::Beat() {
  loop_.After(kBeat, [this] { Beat(); });
  int left = per_beat_;
  for (auto it = subscribers_.begin(); left > 0 && it != subscribers_.end();) {
    if (!(*it)->may_go()) {
      ++it;
      continue;
    }
    const std::unique_ptr<Subscriber> gone = std::move(*it);
    it = subscribers_.erase(it);
    Insert(gone->target(), gone->name(), gone->request(), /*may_go=*/true);
    --left;
  }
}

int Audience::Differing(const std::map<std::string, Rows>& expected) {
  int differing = 0;
  Ask([&] {
    for (const auto& subscriber : subscribers_) {
      if (!subscriber->streaming() || !subscriber->Holds(expected.at(subscriber->name()))) {
        ++differing;
      }
    }
  });
  return differing;
}

int Audience::Streaming(const std::string& address) {
  int streaming = 0;
  Ask([&] {
    for (const auto& subscriber : subscribers_) {
      const bool asked = address.empty() || subscriber->target().HostAndPort() == address;
      if (asked && subscriber->streaming()) ++streaming;
    }
  });
  return streaming;
}

int Audience::SilentLosses() {
  int silent = 0;
  Ask([&] {
    for (const auto& subscriber : subscribers_) {
      if (subscriber->owed_a_gap()) ++silent;
    }
  });
  return silent;
}

int Audience::size() {
  int size = 0;
  Ask([&] { size = static_cast<int>(subscribers_.size()); });
  return size;
}

Tally Audience::tally() {
  Tally tally;
  Ask([&] { tally = tally_; });
  return tally;
}

void Audience::Ask(const std::function<void()>& question) {
  std::promise<void> answered;
  loop_.Post([&] {
    question();
    answered.set_value();
  });
  answered.get_future().wait();
}

}  // namespace farstat::testing
