// The simulated Windows of most of these tests: little enough to be known by heart, and nothing in
// it ends by itself.

#ifndef FARSTAT_TESTS_WINDOWS_OFFICE_H_
#define FARSTAT_TESTS_WINDOWS_OFFICE_H_

namespace farstat::testing {

inline constexpr char kOffice[] = R"(
  description: "office of the Wine tests"
  ras {
    connections {
      name: "Headquarters" kind: RAS_KIND_IKEV2 server: "vpn.example.com" connected_for_s: 9000
      in_kbps: 8000 out_kbps: 1600 swing: 0
    }
  }
  tcp {
    local_addresses: "192.168.1.20"
    local_addresses: "2001:db8:1::20"
    processes { name: "svchost.exe" id: "rpcss" service: "RpcSs" pid: 812 }
    processes { name: "files.exe" pid: 4712 }
    listeners { process: "rpcss" port: 135 }
    paths { name: "lan" rtt_ms: 2 up_mbps: 100 }
    connections {
      name: "files" count: 4 processes: "files.exe" port: 445 path: "lan" peers: "10.20.0.0/24"
      traffic { out_kbps: 800 in_kbps: 1600 }
    }
    connections {
      name: "web" count: 6 processes: "files.exe" port: 443 path: "lan"
      peers: "203.0.113.0/24" peers: "2001:db8:9::/64" ipv6_share: 0.5
      traffic { out_kbps: 40 in_kbps: 400 }
    }
  }
  filter_engine {
    peers {
      count: 3 key_module: KEY_MODULE_AUTHIP transport_mode: true protection: PROTECTION_ESP_AUTH
      authentication: AUTHENTICATION_KERBEROS inbound_bytes_per_s: 9000 outbound_bytes_per_s: 4000
    }
    peers {
      count: 1 authentication: AUTHENTICATION_EAP nat_traversal: true
      inbound_bytes_per_s: 120000 outbound_bytes_per_s: 30000
    }
    ike_disturbances { invalid_packets_per_s: 200 }
  }
)";
inline constexpr int kFileConnections = 4;
inline constexpr int kConnections = 10;

}  // namespace farstat::testing

#endif  // FARSTAT_TESTS_WINDOWS_OFFICE_H_
