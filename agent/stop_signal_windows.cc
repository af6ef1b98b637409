#include <windows.h>

#include <atomic>

#include "agent/stop_signal.h"

namespace farstat {
namespace {

constexpr DWORD kNoEvent = ~DWORD{0};

// Windows calls the handler without an argument, on a thread of its own.
HANDLE asked = nullptr;
std::atomic<DWORD> first_event{kNoEvent};

BOOL WINAPI OnControl(DWORD event) {
  DWORD expected = kNoEvent;
  if (!first_event.compare_exchange_strong(expected, event)) ExitProcess(1);
  SetEvent(asked);
  // When a console is closed or the user logs off, the process ends as soon as the handler returns.
  if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) Sleep(INFINITE);
  return TRUE;
}

}  // namespace

void PrepareStopSignals() {
  asked = CreateEventW(nullptr, /*bManualReset=*/TRUE, FALSE, nullptr);
  SetConsoleCtrlHandler(&OnControl, TRUE);
}

std::string WaitForStopSignal() {
  WaitForSingleObject(asked, INFINITE);
  switch (first_event.load()) {
    case CTRL_C_EVENT:
      return "Ctrl-C";
    case CTRL_BREAK_EVENT:
      return "Ctrl-Break";
    case CTRL_CLOSE_EVENT:
      return "the console is closed";
    default:
      return "the user logs off or Windows shuts down";
  }
}

}  // namespace farstat
