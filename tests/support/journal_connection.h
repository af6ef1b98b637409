// Connections for tests of the EStats journal.

#ifndef FARSTAT_TESTS_SUPPORT_JOURNAL_CONNECTION_H_
#define FARSTAT_TESTS_SUPPORT_JOURNAL_CONNECTION_H_

#include <cstdint>

#include "agent/sources/windows/estats_journal.h"

namespace farstat::testing {

inline sources::TcpIdentity JournalConnection(uint16_t port) {
  sources::TcpIdentity identity;
  identity.local_address[15] = 1;
  identity.remote_address[15] = 2;
  identity.local_scope_id = 3;
  identity.remote_scope_id = 4;
  identity.local_port = port;
  identity.remote_port = 443;
  identity.incarnation = 133'000'000'000'000'000 + port;
  return identity;
}

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_SUPPORT_JOURNAL_CONNECTION_H_
