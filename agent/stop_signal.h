// The request of the person or system that started the agent that it end.

#ifndef FARSTAT_AGENT_STOP_SIGNAL_H_
#define FARSTAT_AGENT_STOP_SIGNAL_H_

#include <string>

namespace farstat {

// Call before any thread is started, so that no other thread takes the signals.
void PrepareStopSignals();

// Waits for SIGTERM or SIGINT and returns its name. A second one ends the process at once.
std::string WaitForStopSignal();

}  // namespace farstat

#endif  // FARSTAT_AGENT_STOP_SIGNAL_H_
