#include "agent/sources/simulated/ipsec_listing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/simulated_filter_engine.h"

namespace farstat::sources::simulated {
namespace {

using testing::SimulatedFilterEngine;
using windows::Handle;
using windows::IkeSaDetails;
using windows::IpsecSaContext;
using windows::IpsecSaDetails;
using windows::OpaquePointer;

constexpr char kHosts[] = R"(filter_engine {
  peers { count: 5 nat_traversal: true sa_pairs: 2 lifetime_kilobytes: 100000 offloaded: true }
  peers { count: 2 ipv6: true authentication: AUTHENTICATION_PRESHARED_KEY }
  peers { count: 3 transport_mode: true key_module: KEY_MODULE_AUTHIP ip_protocol: 6 local_port: 445
          authentication: AUTHENTICATION_KERBEROS }
  peers { count: 1 transport_mode: true protection: PROTECTION_AH_AND_ESP
          authentication: AUTHENTICATION_EAP }
})";
constexpr int kPairs = 16;
constexpr int kIkeSas = 11;

// One enumeration in a session of its own.
class Enumeration {
 public:
  explicit Enumeration(SimulatedFilterEngine& host) : api_(host.api), engine_(host.Open()) {
    EXPECT_EQ(api_.ipsec_sa_context_create_enum_handle(engine_, nullptr, &pairs_), 0u);
    EXPECT_EQ(api_.ikeext_sa_create_enum_handle(engine_, nullptr, &ike_sas_), 0u);
  }
  ~Enumeration() {
    EXPECT_EQ(api_.ipsec_sa_context_destroy_enum_handle(engine_, pairs_), 0u);
    EXPECT_EQ(api_.ikeext_sa_destroy_enum_handle(engine_, ike_sas_), 0u);
    EXPECT_EQ(api_.fwpm_engine_close(engine_), 0u);
  }

  // Calls `visit` with each entry of the next page, frees the page and says how many they were.
  template <typename Visit>
  uint32_t PairPage(uint32_t wanted, Visit visit) {
    IpsecSaContext** page = nullptr;
    uint32_t count = 0;
    EXPECT_EQ(api_.ipsec_sa_context_enum1(engine_, pairs_, wanted, &page, &count), 0u);
    for (uint32_t i = 0; i < count; ++i) visit(*page[i]);
    api_.fwpm_free_memory(reinterpret_cast<void**>(&page));
    return count;
  }
  template <typename Visit>
  uint32_t IkePage(uint32_t wanted, Visit visit) {
    IkeSaDetails** page = nullptr;
    uint32_t count = 0;
    EXPECT_EQ(api_.ikeext_sa_enum2(engine_, ike_sas_, wanted, &page, &count), 0u);
    for (uint32_t i = 0; i < count; ++i) visit(*page[i]);
    api_.fwpm_free_memory(reinterpret_cast<void**>(&page));
    return count;
  }

 private:
  const windows::Api& api_;
  const Handle engine_;
  Handle pairs_ = 0;
  Handle ike_sas_ = 0;
};

std::vector<uint64_t> PairIds(SimulatedFilterEngine& host) {
  std::vector<uint64_t> ids;
  Enumeration(host).PairPage(
      100'000, [&](const IpsecSaContext& pair) { ids.push_back(pair.sa_context_id); });
  return ids;
}

std::string BytesAt(OpaquePointer pointer, size_t size) {
  std::string bytes(size, '\0');
  std::memcpy(bytes.data(), reinterpret_cast<const void*>(static_cast<uintptr_t>(pointer)), size);
  return bytes;
}

TEST(IpsecListingTest, PagesCoverTheSnapshotOnce) {
  SimulatedFilterEngine host(kHosts);
  const std::vector<uint64_t> all = PairIds(host);
  EXPECT_EQ(all.size(), kPairs);
  EXPECT_EQ(std::set<uint64_t>(all.begin(), all.end()).size(), kPairs);

  std::vector<uint64_t> paged;
  Enumeration enumeration(host);
  const auto collect = [&](const IpsecSaContext& pair) { paged.push_back(pair.sa_context_id); };
  EXPECT_EQ(enumeration.PairPage(7, collect), 7u);
  EXPECT_EQ(enumeration.PairPage(7, collect), 7u);
  EXPECT_EQ(enumeration.PairPage(7, collect), 2u);
  EXPECT_EQ(enumeration.PairPage(7, collect), 0u);
  EXPECT_EQ(paged, all);
  EXPECT_EQ(host.model.LiveArrays(), 0);
}

TEST(IpsecListingTest, EnumerationsShowWhatWasThereWhenTheyWereCreated) {
  SimulatedFilterEngine host(kHosts);
  const std::vector<uint64_t> before = PairIds(host);
  std::vector<uint64_t> seen;
  const auto collect = [&](const IpsecSaContext& pair) { seen.push_back(pair.sa_context_id); };
  {
    Enumeration enumeration(host);
    enumeration.PairPage(4, collect);
    host.clock.Advance(absl::Hours(2));
    enumeration.PairPage(100, collect);
  }
  EXPECT_EQ(seen, before);
  // All have been rekeyed since.
  for (const uint64_t id : PairIds(host)) {
    EXPECT_EQ(std::count(before.begin(), before.end(), id), 0) << id;
  }
}

// Pitfall 32.
TEST(IpsecListingTest, PairsAreDescribedFromBothSides) {
  SimulatedFilterEngine host(kHosts);
  std::set<uint32_t> spis;
  int tunnels = 0;
  int udp = 0;
  int ipv6 = 0;
  Enumeration(host).PairPage(100, [&](const IpsecSaContext& pair) {
    const IpsecSaDetails& in = *pair.inbound_sa;
    const IpsecSaDetails& out = *pair.outbound_sa;
    EXPECT_EQ(in.sa_direction, windows::kIpsecSaInbound);
    EXPECT_EQ(out.sa_direction, windows::kIpsecSaOutbound);
    EXPECT_EQ(std::memcmp(&in.traffic, &out.traffic, sizeof(in.traffic)), 0);
    for (const IpsecSaDetails* sa : {&in, &out}) {
      for (uint32_t i = 0; i < sa->sa_bundle.num_sas; ++i) {
        EXPECT_GE(sa->sa_bundle.sa_list[i].spi, 256u);
        EXPECT_TRUE(spis.insert(sa->sa_bundle.sa_list[i].spi).second);
      }
    }
    const bool tunnel = in.traffic.traffic_type == windows::kIpsecTunnel;
    tunnels += tunnel ? 1 : 0;
    ipv6 += in.ip_version == windows::kIpVersion6 ? 1 : 0;
    EXPECT_EQ(in.traffic.local_port, tunnel || in.traffic.ip_protocol == 0 ? 0 : 445);
    if (in.udp_encapsulation != nullptr) {
      ++udp;
      EXPECT_EQ(in.udp_encapsulation->local_udp_encap_port, 4500);
      EXPECT_EQ(in.traffic.local_v4_address, 203u << 24 | 113 << 8 | 10);
      EXPECT_EQ(in.traffic.remote_v4_address >> 16, 100u << 8 | 64);
      EXPECT_EQ(in.sa_bundle.peer_v4_private_address >> 16, 192u << 8 | 168);
      EXPECT_EQ(in.sa_bundle.lifetime.lifetime_kilobytes, 100'000u);
      EXPECT_EQ(in.sa_bundle.flags, windows::kIpsecBundleSaOffloaded);
    }
  });
  EXPECT_EQ(tunnels, 12);
  // One pair has two SAs in each direction.
  EXPECT_EQ(spis.size(), 2u * (kPairs + 1));
  EXPECT_EQ(host.Ipsec().aggregate_sa_statistics.active_sas, spis.size());
  EXPECT_EQ(udp, 10);
  EXPECT_EQ(ipv6, 2);
}

TEST(IpsecListingTest, PairsNameTheIkeSaThatMadeThem) {
  SimulatedFilterEngine host(kHosts);
  Enumeration enumeration(host);
  std::set<uint64_t> ike_sas;
  std::set<std::pair<uint32_t, uint32_t>> modules;
  EXPECT_EQ(enumeration.IkePage(
                100,
                [&](const IkeSaDetails& sa) {
                  ike_sas.insert(sa.sa_id);
                  EXPECT_NE(sa.cookie_pair.initiator, 0u);
                  EXPECT_EQ(sa.ike_proposal.max_lifetime_seconds, 28'800u);
                  ASSERT_EQ(sa.ike_credentials.num_credentials, 1u);
                  modules.emplace(
                      sa.key_module_type,
                      sa.ike_credentials.credentials->peer_credentials.authentication_method_type);
                }),
            kIkeSas);
  EXPECT_EQ(ike_sas.size(), kIkeSas);
  const std::set<std::pair<uint32_t, uint32_t>> expected = {
      {windows::kIkeKeyModuleIkev2, windows::kIkeMethodCertificate},
      {windows::kIkeKeyModuleIkev2, windows::kIkeMethodPresharedKey},
      {windows::kIkeKeyModuleAuthIp, windows::kIkeMethodKerberos},
      {windows::kIkeKeyModuleIkev2, windows::kIkeMethodEap}};
  EXPECT_EQ(modules, expected);
  enumeration.PairPage(100, [&](const IpsecSaContext& pair) {
    EXPECT_EQ(ike_sas.count(pair.inbound_sa->sa_bundle.mm_sa_id), 1u);
  });
}

// Pitfall 31.
TEST(IpsecListingTest, SecretsAreBehindEveryPointerThatMustNotBeFollowed) {
  SimulatedFilterEngine host(kHosts);
  Enumeration enumeration(host);
  enumeration.IkePage(100, [](const IkeSaDetails& sa) {
    EXPECT_EQ(BytesAt(sa.correlation_key.data, sa.correlation_key.size),
              std::string(kPlantedSecret, sizeof(kPlantedSecret)));
    const windows::IkeCredential& peer = sa.ike_credentials.credentials->peer_credentials;
    ASSERT_NE(peer.credential, OpaquePointer{});
    if (peer.authentication_method_type != windows::kIkeMethodPresharedKey) return;
    // IKEEXT_PRESHARED_KEY_AUTHENTICATION1 begins with the key.
    windows::SecretBlob key;
    std::memcpy(&key, BytesAt(peer.credential, sizeof(key)).data(), sizeof(key));
    EXPECT_EQ(BytesAt(key.data, key.size), std::string(kPlantedSecret, sizeof(kPlantedSecret)));
  });
  enumeration.PairPage(100, [](const IpsecSaContext& pair) {
    for (const IpsecSaDetails* sa : {pair.inbound_sa, pair.outbound_sa}) {
      EXPECT_NE(sa->sa_bundle.ipsec_id, OpaquePointer{});
      EXPECT_NE(sa->sa_bundle.key_module_state, OpaquePointer{});
      EXPECT_NE(sa->transport_filter, OpaquePointer{});
      // Transform, configuration and module, then the key.
      windows::SecretBlob key;
      std::memcpy(&key, BytesAt(sa->sa_bundle.sa_list->information, 32).data() + 16, sizeof(key));
      EXPECT_EQ(BytesAt(key.data, key.size), std::string(kPlantedSecret, sizeof(kPlantedSecret)));
    }
  });
}

// Pitfall 30.
TEST(IpsecListingTest, WhatIsNotGivenBackIsCounted) {
  SimulatedFilterEngine host(kHosts);
  const Handle engine = host.Open();
  Handle enumeration = 0;
  ASSERT_EQ(host.api.ipsec_sa_context_create_enum_handle(engine, nullptr, &enumeration), 0u);
  IpsecSaContext** page = nullptr;
  uint32_t count = 0;
  ASSERT_EQ(host.api.ipsec_sa_context_enum1(engine, enumeration, 100, &page, &count), 0u);
  // An empty page is an allocation, too.
  IpsecSaContext** empty = nullptr;
  ASSERT_EQ(host.api.ipsec_sa_context_enum1(engine, enumeration, 100, &empty, &count), 0u);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(host.model.LiveArrays(), 2);
  EXPECT_EQ(host.model.LiveEnumHandles(), 1);
  EXPECT_EQ(host.model.Violations(), 0);

  // One element, as if each were an allocation.
  void* element = page[0];
  if (element != page) host.api.fwpm_free_memory(&element);
  EXPECT_EQ(host.model.Violations(), 1);
  void* whole = page;
  host.api.fwpm_free_memory(&whole);
  EXPECT_EQ(whole, page);
  EXPECT_EQ(host.model.LiveArrays(), 1);
  host.api.fwpm_free_memory(&whole);
  EXPECT_EQ(host.model.Violations(), 2);
  void* nothing = nullptr;
  host.api.fwpm_free_memory(&nothing);
  EXPECT_EQ(host.model.Violations(), 2);

  // Closing takes the enumeration along, and says so.
  host.api.fwpm_engine_close(engine);
  EXPECT_EQ(host.model.LiveEnumHandles(), 0);
  EXPECT_EQ(host.model.Violations(), 3);
  // Memory is the caller's own, whatever became of the session.
  whole = empty;
  host.api.fwpm_free_memory(&whole);
  EXPECT_EQ(host.model.LiveArrays(), 0);
}

TEST(IpsecListingTest, EnumerationsAreOfOneKindAndOneSession) {
  SimulatedFilterEngine host(kHosts);
  const Handle engine = host.Open();
  const Handle other_engine = host.Open();
  Handle pairs = 0;
  ASSERT_EQ(host.api.ipsec_sa_context_create_enum_handle(engine, nullptr, &pairs), 0u);
  IpsecSaContext** page = nullptr;
  IkeSaDetails** ike_page = nullptr;
  uint32_t count = 0;
  EXPECT_EQ(host.api.ipsec_sa_context_enum1(other_engine, pairs, 9, &page, &count),
            windows::kErrorInvalidHandle);
  EXPECT_EQ(host.api.ikeext_sa_enum1(engine, pairs, 9, &ike_page, &count),
            windows::kErrorInvalidHandle);
  EXPECT_EQ(host.api.ipsec_sa_context_destroy_enum_handle(other_engine, pairs),
            windows::kErrorInvalidHandle);
  EXPECT_EQ(host.model.Violations(), 1);
  EXPECT_EQ(host.api.ipsec_sa_context_destroy_enum_handle(engine, pairs), 0u);
  EXPECT_EQ(host.api.ipsec_sa_context_enum1(engine, pairs, 9, &page, &count),
            windows::kErrorInvalidHandle);
}

}  // namespace
}  // namespace farstat::sources::simulated
