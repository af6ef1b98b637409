// Subscribers by the hundred, in this process, as programs have them: by the client library, each
// with a connection, a table and reconnecting of its own.

#ifndef FARSTAT_TESTS_CHAOS_AUDIENCE_H_
#define FARSTAT_TESTS_CHAOS_AUDIENCE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "client/agent_link.h"
#include "client/event_loop.h"
#include "client/target.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::testing {

// Rows by identity, each as its bytes.
using Rows = std::map<std::string, std::string>;

// What subscribers ask for, by name.
using Queries = std::map<std::string, v1::TcpQuery>;

// What all subscribers saw together, those that went included.
struct Tally {
  uint64_t subscribers = 0;
  // Streams that agents accepted; those among them that went on where another one was lost.
  uint64_t streams = 0;
  uint64_t resumed = 0;
  // Streams that broke off, of which these were ended by a Goodbye.
  uint64_t lost = 0;
  uint64_t goodbyes = 0;
  uint64_t frames = 0;
  uint64_t rows = 0;
  uint64_t removed = 0;
  // Gaps that the library told of, by reason.
  uint64_t gaps_of_restarts = 0;
  uint64_t gaps_of_resyncs = 0;
  uint64_t gaps_of_skipped_ticks = 0;
  // What must not be: the failures of streams whose frames did not fit each other, or that cannot
  // be tried again. The newest of them is `breach`.
  uint64_t breaches = 0;
  std::string breach;
};

class Subscriber;

class Audience {
 public:
  // With these certificates; a stream is silent for too long after about three intervals and
  // `timeout`.
  Audience(const TlsFiles& files, absl::Duration timeout);
  // Ends all streams.
  ~Audience();
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  // `count` more for `query`, at an agent's address. They stay, or they may be sent away.
  void Add(int count, const std::string& address, const std::string& name,
           const v1::TcpQuery& query, absl::Duration interval, bool may_go);
  // From now on, every tenth of a second so many of those that came first go, and new ones take
  // their places. 0: no longer.
  void ComeAndGo(int per_beat);

  // How many do not hold exactly the rows that are given for their query, or have no stream.
  int Differing(const std::map<std::string, Rows>& expected);
  // How many have a stream now; `address` empty: of all.
  int Streaming(const std::string& address = "");
  // How many began with a full set after a loss and were told of no gap.
  int SilentLosses();
  int size();
  Tally tally();

 private:
  friend class Subscriber;
  // On the loop; returns when it is done.
  void Ask(const std::function<void()>& question);
  void Beat();
  void Insert(const client::Target& target, const std::string& name,
              std::shared_ptr<const v1::SubscribeTcpStatisticsRequest> request, bool may_go);

  // All on the loop's thread, but for what it is made of.
  client::EventLoop loop_;
  const std::unique_ptr<client::Dialer> dialer_;
  client::Slots slots_{64};
  const client::Runtime runtime_;
  Tally tally_;
  std::list<std::unique_ptr<Subscriber>> subscribers_;
  int per_beat_ = 0;
  uint64_t seed_ = 1;
  std::thread thread_;
};

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_CHAOS_AUDIENCE_H_
