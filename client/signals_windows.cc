#include <windows.h>

#include <atomic>
#include <utility>

#include "client/options.h"
#include "client/signals.h"

namespace farstat::client {
namespace {

// What the handler needs: Windows calls it without an argument, on a thread of its own. Lives until
// the process ends, as the handler does.
struct Interruption {
  EventLoop::Poster post;
  std::function<void()> on_interrupt;
  std::atomic<bool> asked{false};
};
std::atomic<Interruption*> interruption{nullptr};

BOOL WINAPI OnControl(DWORD /*event*/) {
  Interruption* const current = interruption.load();
  if (current->asked.exchange(true)) ExitProcess(kExitInterrupted);
  current->post(current->on_interrupt);
  return TRUE;
}

}  // namespace

void HandleSignals(EventLoop::Poster post, std::function<void()> on_interrupt) {
  static Interruption& kept = *new Interruption{std::move(post), std::move(on_interrupt)};
  interruption = &kept;
  SetConsoleCtrlHandler(&OnControl, TRUE);
}

}  // namespace farstat::client
