// What a host delivers when it is asked for real: each family collected once, and the counters of a
// connection that is made for it.

#ifndef FARSTAT_AGENT_SERVICE_FAMILY_EXAMINATION_H_
#define FARSTAT_AGENT_SERVICE_FAMILY_EXAMINATION_H_

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "agent/hosts/host.h"
#include "agent/service/doctor.pb.h"

namespace farstat::service {

// Takes at most `patience` for each. A family that does not answer by then is told so; the host is
// then left as it is, for its end would wait for the answer.
std::vector<Finding> ExamineFamilies(std::unique_ptr<hosts::Host> host, absl::Duration patience);

}  // namespace farstat::service

#endif  // FARSTAT_AGENT_SERVICE_FAMILY_EXAMINATION_H_
