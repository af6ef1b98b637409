// A thread for calls that may never return: whoever started it can go on without it.

#ifndef FARSTAT_AGENT_FEED_ABANDONABLE_THREAD_H_
#define FARSTAT_AGENT_FEED_ABANDONABLE_THREAD_H_

#include <functional>
#include <memory>
#include <thread>

#include "absl/time/time.h"

namespace farstat::feed {

class AbandonableThread {
 public:
  AbandonableThread();
  // Waits for nothing: see End.
  ~AbandonableThread();
  AbandonableThread(const AbandonableThread&) = delete;
  AbandonableThread& operator=(const AbandonableThread&) = delete;

  // Carries out `work` on the thread, after what was given before. The work may go on after the end
  // of whoever gave it, so what it touches it must itself keep alive. Nothing after End. Called by
  // one thread at a time.
  void Run(std::function<void()> work);

  // No more is taken. What was given may take so long to end. True: it has. False: it goes on by
  // itself, and is over when it is over. Once; then it does nothing.
  bool End(absl::Duration patience);

 private:
  struct State;
  static void Loop(const std::shared_ptr<State>& state);

  // Kept alive by the thread too.
  const std::shared_ptr<State> state_;
  // Not started before there is work.
  std::thread thread_;
};

}  // namespace farstat::feed

#endif  // FARSTAT_AGENT_FEED_ABANDONABLE_THREAD_H_
