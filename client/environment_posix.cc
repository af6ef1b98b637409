#include <cstdlib>

#include "client/environment.h"

namespace farstat::client {

void SetDefaultEnvironment(const char* name, const char* value) {
  setenv(name, value, /*replace=*/0);
}

}  // namespace farstat::client
