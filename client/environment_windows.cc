#include <windows.h>

#include "client/environment.h"

namespace farstat::client {

// Not _putenv: gRPC asks Windows, not the C library.
void SetDefaultEnvironment(const char* name, const char* value) {
  if (GetEnvironmentVariableA(name, nullptr, 0) == 0) SetEnvironmentVariableA(name, value);
}

}  // namespace farstat::client
