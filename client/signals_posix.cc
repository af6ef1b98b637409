#include <signal.h>
#include <unistd.h>

#include <thread>
#include <utility>

#include "client/options.h"
#include "client/signals.h"

namespace farstat::client {

void HandleSignals(EventLoop::Poster post, std::function<void()> on_interrupt) {
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread waiter([signals, post = std::move(post), on_interrupt = std::move(on_interrupt)] {
    int number = 0;
    sigwait(&signals, &number);
    post(on_interrupt);
    sigwait(&signals, &number);
    _exit(kExitInterrupted);
  });
  waiter.detach();  // allow(detach): waits for signals until the process ends
}

}  // namespace farstat::client
