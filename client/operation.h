// The commands that change hosts, as calls: farstat estats enable|disable, farstat clear ras.

#ifndef FARSTAT_CLIENT_OPERATION_H_
#define FARSTAT_CLIENT_OPERATION_H_

#include "absl/types/optional.h"
#include "client/diagnose.h"
#include "client/get.h"
#include "client/options.h"
#include "farstat/v1/tcp.pb.h"

namespace farstat::client {

// The call that a command is made of.
Question OperationQuestion(const Options& options);

// What `watch --estats` asks for along with its subscription.
v1::SetTcpEstatsCollectionRequest InlineEstats(const Options& options);

}  // namespace farstat::client

#endif  // FARSTAT_CLIENT_OPERATION_H_
