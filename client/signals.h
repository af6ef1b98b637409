// Ctrl-C and its kin, as events on the loop. The first one asks for an orderly end; the second one
// ends the process at once.

#ifndef FARSTAT_CLIENT_SIGNALS_H_
#define FARSTAT_CLIENT_SIGNALS_H_

#include <functional>

#include "client/event_loop.h"

namespace farstat::client {

// To be called before any other thread is started, once. From then on a reader that leaves is an
// error of write and no signal.
void HandleSignals(EventLoop::Poster post, std::function<void()> on_interrupt);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_SIGNALS_H_
