// A class of IPsec peers as its scenario describes it, with defaults filled in: what all peers of
// the class share.

#ifndef FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_CLASS_H_
#define FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_CLASS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "agent/sources/simulated/filter_engine_scenario.pb.h"
#include "agent/sources/simulated/ipsec_chance.h"
#include "agent/sources/windows/abi_ike.h"

namespace farstat::sources::simulated {

// Nothing happens before: what a scenario puts earlier happens then.
inline constexpr absl::Duration kIpsecBeginning = absl::Hours(-6);

// How a negotiation ends.
struct IkeOutcome {
  uint32_t code;  // 0: success.
  absl::Duration takes;
};

// One of the three kinds of negotiation.
class IkeNegotiation {
 public:
  IkeNegotiation(double milliseconds, double default_milliseconds,
                 const google::protobuf::RepeatedPtrField<IkeFailure>& failures);

  IkeOutcome Draw(IpsecChance& chance) const;

 private:
  struct Failure {
    uint32_t code;
    double share;
    absl::Duration takes;
  };

  absl::Duration takes_;
  std::vector<Failure> failures_;
};

struct IpsecPeerClass {
  // `number` tells the classes of a scenario apart. `peers` must outlive it.
  IpsecPeerClass(const IpsecPeers& peers, uint32_t number);

  const IpsecPeers& scenario;
  const uint32_t number;
  const windows::IkeKeyModuleType key_module;

  const IkeNegotiation main_mode;
  const IkeNegotiation quick_mode;
  const IkeNegotiation extended_mode;
  const absl::Duration retry;

  const absl::Duration first_contact;
  const absl::Duration first_contact_spread;
  const absl::Duration session;  // 0: for ever.
  const absl::Duration pause;

  const double bytes_per_packet;
  const absl::Duration rate_period;

  const uint32_t sa_pairs;
  const uint32_t lifetime_seconds;
  const double lifetime_bytes;  // By volume or packets, whichever comes first. 0: no limit.
  const uint32_t idle_timeout_seconds;
  const absl::Duration overlap;
  const uint32_t main_mode_lifetime_seconds;
  const bool behind_nat;

  bool authip() const { return key_module == windows::kIkeKeyModuleAuthIp; }
  // Tunnels of IKEv2 end at an interface of their own.
  bool virtual_interface() const {
    return key_module == windows::kIkeKeyModuleIkev2 && !scenario.transport_mode();
  }
  bool encrypts() const {
    return scenario.protection() != PROTECTION_ESP_AUTH && scenario.protection() != PROTECTION_AH;
  }
  bool authenticates_with_esp() const {
    return scenario.protection() != PROTECTION_ESP_CIPHER && scenario.protection() != PROTECTION_AH;
  }
  bool authenticates_with_ah() const {
    return scenario.protection() == PROTECTION_AH || scenario.protection() == PROTECTION_AH_AND_ESP;
  }
  // In each direction of a pair.
  uint32_t sas_per_bundle() const { return scenario.protection() == PROTECTION_AH_AND_ESP ? 2 : 1; }
};

}  // namespace farstat::sources::simulated

#endif  // FARSTAT_AGENT_SOURCES_SIMULATED_IPSEC_PEER_CLASS_H_
