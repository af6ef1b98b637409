#include "client/format/curated_columns.h"

#include <iterator>

namespace farstat::client {
namespace {

constexpr auto kField = Column::Shape::kField;
constexpr auto kEndpoint = Column::Shape::kEndpoint;
constexpr auto kHexadecimal = Column::Shape::kHexadecimal;
constexpr auto kSum = Column::Shape::kSum;

constexpr CuratedColumn kTcp[] = {
    {"state", "STATE", "state"},
    {"local", "LOCAL", "key.local_address|key.local_port", kEndpoint},
    {"remote", "REMOTE", "key.remote_address|key.remote_port", kEndpoint},
    {"rtt", "RTT", "fine_rtt.smoothed_rtt_us|path.smoothed_rtt_ms"},
    {"retrans", "RETR", "path.segments_retrans"},
    {"in", "IN", "data.thru_bytes_received"},
    {"out", "OUT", "data.thru_bytes_acked"},
    {"cwnd", "CWND", "linux.cwnd_segments|send_congestion.cur_cwnd_bytes", kField, false},
    {"send_queue", "SEND-Q", "linux.send_queue_bytes", kField, false},
    {"receive_queue", "RECV-Q", "receive.cur_app_read_queue_bytes", kField, false},
    {"min_rtt", "MIN-RTT", "fine_rtt.min_rtt_us|linux.min_rtt_us|path.min_rtt_ms", kField, false},
    {"rto", "RTO", "path.cur_rto_ms", kField, false},
    {"delivery", "DELIVERY", "linux.delivery_rate_bytes_per_second", kField, false},
    {"last_sent", "LAST-SENT", "linux.last_data_sent_unix_ms", kField, false},
    {"last_received", "LAST-RECV", "linux.last_data_received_unix_ms", kField, false},
    {"mss", "MSS", "path.cur_mss_bytes", kField, false},
};

constexpr CuratedColumn kRas[] = {
    {"name", "NAME", "entry_name"},
    {"state", "STATE", "status.state"},
    {"device", "DEVICE", "device_name"},
    {"up", "UP", "statistics.connect_duration_ms"},
    {"in", "IN", "statistics.bytes_in"},
    {"out", "OUT", "statistics.bytes_out"},
    {"errors", "ERRORS",
     "statistics.crc_errors|statistics.timeout_errors|statistics.alignment_errors|"
     "statistics.hardware_overrun_errors|statistics.framing_errors|"
     "statistics.buffer_overrun_errors",
     kSum},
    {"cause", "CAUSE", "status.error_symbol", kField, false},
    {"server", "SERVER", "status.phone_number|status.remote_tunnel_address", kField, false},
    {"address", "ADDRESS", "projection.ikev2.ipv4_address|projection.ppp.ipv4_address", kField,
     false},
    {"speed", "SPEED", "statistics.speed_bits_per_second", kField, false},
    {"mobility", "MOBILITY", "status.sub_state", kField, false},
    {"links", "LINKS", "links.index", kField, false},
};

constexpr CuratedColumn kIpsec[] = {
    {"direction", "DIRECTION", "key.direction"},
    {"spi", "SPI", "transforms.spi|key.spi", kHexadecimal},
    {"local", "LOCAL", "local_address"},
    {"remote", "REMOTE", "remote_address"},
    {"mode", "MODE", "mode"},
    {"protection", "PROTECTION", "transforms.type"},
    {"lifetime", "LIFETIME", "lifetime_seconds", kField, false},
    {"main_mode_sa", "IKE-SA", "main_mode_sa_id", kField, false},
    {"pfs", "PFS", "pfs_group", kField, false},
    {"offloaded", "OFFLOADED", "offloaded", kField, false},
    {"nat_port", "NAT-PORT", "remote_udp_port", kField, false},
    {"bytes", "BYTES", "bytes", kField, false},
    {"packets", "PACKETS", "packets", kField, false},
    {"encryption", "ENCRYPTION", "linux.combined_algorithm|linux.encryption_algorithm", kField,
     false},
    {"integrity_failures", "AUTH-FAIL", "linux.integrity_failure_packets", kField, false},
    {"replay_failures", "REPLAY", "linux.replay_failure_packets", kField, false},
    {"last_used", "LAST-USED", "linux.last_use_time_unix_ms", kField, false},
};

constexpr CuratedColumn kIke[] = {
    {"protocol", "PROTOCOL", "key_module"},
    {"local", "LOCAL", "local_address"},
    {"remote", "REMOTE", "remote_address"},
    {"peer_auth", "PEER-AUTH", "authentications.peer_method"},
    {"cipher", "CIPHER", "cipher"},
    {"integrity", "INTEGRITY", "integrity"},
    {"dh", "DH-GROUP", "dh_group"},
    {"lifetime", "LIFETIME", "max_lifetime_seconds", kField, false},
    {"id", "ID", "key.sa_id", kField, false},
    {"initiator", "INITIATOR", "initiator_cookie", kHexadecimal, false},
    {"responder", "RESPONDER", "responder_cookie", kHexadecimal, false},
};

}  // namespace

std::vector<CuratedColumn> CuratedColumns(v1::Family family) {
  switch (family) {
    case v1::FAMILY_RAS:
      return {std::begin(kRas), std::end(kRas)};
    case v1::FAMILY_TCP:
      return {std::begin(kTcp), std::end(kTcp)};
    case v1::FAMILY_IPSEC:
      return {std::begin(kIpsec), std::end(kIpsec)};
    case v1::FAMILY_IKE:
      return {std::begin(kIke), std::end(kIke)};
    default:
      return {};
  }
}

}  // namespace farstat::client
