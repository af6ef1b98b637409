// Environment variables of this process, as the libraries in it see them.

#ifndef FARSTAT_CLIENT_ENVIRONMENT_H_
#define FARSTAT_CLIENT_ENVIRONMENT_H_

namespace farstat::client {

// Sets a variable that is not set. Call before other threads run.
void SetDefaultEnvironment(const char* name, const char* value);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_ENVIRONMENT_H_
