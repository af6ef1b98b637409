// TCP rows of Linux read back field by field, with the annotations of the API as the measure.

#ifndef FARSTAT_TESTS_SUPPORT_TCP_ROW_FIELDS_H_
#define FARSTAT_TESTS_SUPPORT_TCP_ROW_FIELDS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "agent/sources/linux/tcp_info.h"
#include "agent/sources/row_writer.h"
#include "agent/sources/tcp_rows.h"
#include "farstat/v1/annotations.pb.h"
#include "farstat/v1/tcp.pb.h"
#include "tests/support/row_fields.h"

namespace farstat::sources {

inline constexpr PartMask kAllTcpGroups = 0x7fe;
inline constexpr PartMask kAllTcpParts =
    kAllTcpGroups | PartBit(kTcpOwnerPart) | PartBit(kTcpConnectionsPart) | PartBit(kTcpStackPart);

// A member of struct tcp_info that fields come from, bit-fields left aside.
struct InfoMember {
  const char* name;
  size_t offset;
  size_t size;
};

#define FARSTAT_MEMBER(member) \
  { #member, offsetof(TcpInfo, member), sizeof(TcpInfo::member) }
inline constexpr InfoMember kInfoMembers[] = {
    FARSTAT_MEMBER(rto),
    FARSTAT_MEMBER(ato),
    FARSTAT_MEMBER(snd_mss),
    FARSTAT_MEMBER(rcv_mss),
    FARSTAT_MEMBER(unacked),
    FARSTAT_MEMBER(sacked),
    FARSTAT_MEMBER(lost),
    FARSTAT_MEMBER(retrans),
    FARSTAT_MEMBER(last_data_sent),
    FARSTAT_MEMBER(last_data_recv),
    FARSTAT_MEMBER(last_ack_recv),
    FARSTAT_MEMBER(pmtu),
    FARSTAT_MEMBER(rcv_ssthresh),
    FARSTAT_MEMBER(rtt),
    FARSTAT_MEMBER(rttvar),
    FARSTAT_MEMBER(snd_ssthresh),
    FARSTAT_MEMBER(snd_cwnd),
    FARSTAT_MEMBER(advmss),
    FARSTAT_MEMBER(reordering),
    FARSTAT_MEMBER(rcv_rtt),
    FARSTAT_MEMBER(rcv_space),
    FARSTAT_MEMBER(total_retrans),
    FARSTAT_MEMBER(pacing_rate),
    FARSTAT_MEMBER(max_pacing_rate),
    FARSTAT_MEMBER(bytes_acked),
    FARSTAT_MEMBER(bytes_received),
    FARSTAT_MEMBER(segs_out),
    FARSTAT_MEMBER(segs_in),
    FARSTAT_MEMBER(notsent_bytes),
    FARSTAT_MEMBER(min_rtt),
    FARSTAT_MEMBER(data_segs_in),
    FARSTAT_MEMBER(data_segs_out),
    FARSTAT_MEMBER(delivery_rate),
    FARSTAT_MEMBER(busy_time),
    FARSTAT_MEMBER(rwnd_limited),
    FARSTAT_MEMBER(sndbuf_limited),
    FARSTAT_MEMBER(delivered),
    FARSTAT_MEMBER(delivered_ce),
    FARSTAT_MEMBER(bytes_sent),
    FARSTAT_MEMBER(bytes_retrans),
    FARSTAT_MEMBER(dsack_dups),
    FARSTAT_MEMBER(reord_seen),
    FARSTAT_MEMBER(rcv_ooopack),
    FARSTAT_MEMBER(snd_wnd),
    FARSTAT_MEMBER(rcv_wnd),
    FARSTAT_MEMBER(rehash),
    FARSTAT_MEMBER(total_rto),
    FARSTAT_MEMBER(total_rto_recoveries),
    FARSTAT_MEMBER(total_rto_time),
    FARSTAT_MEMBER(received_ce),
    FARSTAT_MEMBER(ca_state),
    FARSTAT_MEMBER(retransmits),
    FARSTAT_MEMBER(probes),
    FARSTAT_MEMBER(backoff),
};
#undef FARSTAT_MEMBER

inline std::string LinuxSourceOf(const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(v1::field).linux();
}

// Every value is one that the API says Linux delivers, and nothing else is in the message.
inline void ExpectOnlyLinuxFields(const google::protobuf::Message& message) {
  ForEachValue(message, [](const google::protobuf::Message&,
                           const google::protobuf::FieldDescriptor& field) {
    // The one value that is not measured: which state is counted.
    if (field.full_name() == "farstat.v1.TcpStateCount.state") return;
    EXPECT_NE(LinuxSourceOf(field), "") << field.full_name();
  });
}

// Collects the fields of a connection that the API says come from tcp_info, by the member's name.
inline std::map<std::string, uint64_t> InfoValues(const v1::TcpConnection& connection) {
  std::map<std::string, uint64_t> values;
  ForEachValue(connection, [&](const google::protobuf::Message& message,
                               const google::protobuf::FieldDescriptor& field) {
    const std::string source = LinuxSourceOf(field);
    absl::string_view name = source;
    if (!absl::ConsumePrefix(&name, "tcp_info.tcpi_")) return;
    EXPECT_TRUE(values.emplace(std::string(name), ValueOf(message, field)).second) << name;
  });
  return values;
}

inline v1::TcpConnection ParseTcpRow(absl::string_view bytes) {
  v1::TcpConnection connection;
  EXPECT_TRUE(connection.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return connection;
}

}  // namespace farstat::sources

#endif  // FARSTAT_TESTS_SUPPORT_TCP_ROW_FIELDS_H_
