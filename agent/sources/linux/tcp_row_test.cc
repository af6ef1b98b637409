#include "agent/sources/linux/tcp_row.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>

#include "agent/sources/linux/tcp_info.h"
#include "tests/support/fake_sock_diag.h"
#include "tests/support/tcp_row_fields.h"

namespace farstat::sources {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

// One member of struct tcp_info: where it ends and what is in it.
struct Member {
  size_t end;
  uint64_t value;
};

// A tcp_info in which every member has a value of its own, and what that is.
class DistinctInfo {
 public:
  DistinctInfo() {
    for (const InfoMember& member : kInfoMembers) Add(member);
    info_.ca_state = 3;
    info_.retransmits = 5;
    info_.probes = 6;
    info_.backoff = 7;
    info_.options = 0xff;
    info_.snd_wscale = 8;
    info_.rcv_wscale = 9;
    info_.delivery_rate_app_limited = 1;
    members_["ca_state"] = {2, 4};  // published plus one
    members_["retransmits"] = {3, 5};
    members_["probes"] = {4, 6};
    members_["backoff"] = {5, 7};
    for (const char* option :
         {"options(1)", "options(2)", "options(8)", "options(16)", "options(32)"}) {
      members_[option] = {6, 1};
    }
    members_["snd_wscale"] = {7, 8};
    members_["rcv_wscale"] = {7, 9};
    // Comes with the rate it belongs to.
    members_["delivery_rate_app_limited"] = {members_["delivery_rate"].end, 1};
    // Microseconds, published as milliseconds.
    members_["rto"].value /= 1000;
    // Ages, published as times, and only if there was anything.
    for (const auto& [age, counter] :
         {std::pair{"last_data_sent", "data_segs_out"}, std::pair{"last_data_recv", "data_segs_in"},
          std::pair{"last_ack_recv", "segs_in"}}) {
      members_[age].value = static_cast<uint64_t>(kNow) - members_[age].value;
      members_[age].end = members_[counter].end;
    }
  }

  std::string bytes() const { return BytesOf(info_); }
  const std::map<std::string, Member>& members() const { return members_; }

 private:
  void Add(const InfoMember& member) {
    // All different, and of all lengths on the wire.
    const uint64_t value = member.size == 8   ? (member.offset << 33) + 5
                           : member.size == 4 ? member.offset * 4001
                                              : member.offset + 1;
    std::memcpy(reinterpret_cast<char*>(&info_) + member.offset, &value, member.size);
    members_[member.name] = {member.offset + member.size, value};
  }

  TcpInfo info_ = {};
  std::map<std::string, Member> members_;
};

// A socket with all attributes. The views live as long as this.
struct FullSocket {
  std::string info = DistinctInfo().bytes();
  std::string congestion = "cubic";
  std::string memory;
  inet_diag_msg message = EstablishedSocket(77);

  FullSocket() {
    for (uint32_t i = 0; i < SK_MEMINFO_VARS; ++i) memory += BytesOf(100 + i);
    message.idiag_rqueue = 21;
    message.idiag_wqueue = 22;
    message.idiag_timer = 1;
    message.idiag_uid = 1001;
    message.idiag_inode = 4321;
  }
  DiagSocket View() const { return {message, info, congestion, memory, kNow}; }
};

class TcpRowTest : public testing::Test {
 protected:
  v1::TcpConnection Write(const DiagSocket& socket, PartMask parts = kAllTcpParts,
                          const SocketOwner* owner = nullptr) {
    EventTimes times;
    BeginTcpRow(socket, owner, row_);
    WriteTcpRow(socket, parts, owner, times, row_);
    v1::TcpConnection connection = ParseTcpRow(row_.bytes());
    ExpectOnlyLinuxFields(connection);
    EXPECT_EQ(row_.key(), connection.key().SerializeAsString());
    return connection;
  }
  TcpFacts Facts() const {
    TcpFacts facts;
    std::memcpy(&facts, row_.facts().data(), sizeof(facts));
    return facts;
  }
  // Whether the part holds anything.
  bool HasPart(int part) {
    const auto ends = row_.part_ends();
    return ends[part] > ends[part - 1];
  }

  RowWriter row_;
};

// The API's own annotations are the oracle: each field that names a member of tcp_info has that
// member's value as soon as the kernel's struct is long enough, for every length there can be.
TEST_F(TcpRowTest, MapsEveryMemberAsAnnotatedAtEveryLength) {
  const DistinctInfo distinct;
  FullSocket socket;
  for (size_t size = 0; size <= 300; ++size) {
    socket.info = distinct.bytes();
    socket.info.resize(size, '\x7f');
    std::map<std::string, uint64_t> expected;
    for (const auto& [name, member] : distinct.members()) {
      if (member.end <= size) expected[name] = member.value;
    }
    EXPECT_EQ(InfoValues(Write(socket.View())), expected) << size;
  }
}

// …and every field with such an annotation is filled.
TEST_F(TcpRowTest, FillsEveryAnnotatedField) {
  const SocketOwner owner = {12, "nginx"};
  FullSocket socket;
  socket.message.id.idiag_if = 3;
  const v1::TcpConnection connection = Write(socket.View(), kAllTcpParts, &owner);
  FullSocket listening;
  listening.message.idiag_state = 10;
  const v1::TcpConnection listener = Write(listening.View());

  std::map<std::string, int> filled;
  const auto count = [&](const google::protobuf::Message&,
                         const google::protobuf::FieldDescriptor& field) {
    ++filled[field.full_name()];
  };
  ForEachValue(connection, count);
  ForEachValue(listener, count);
  const auto check = [&](const google::protobuf::Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) {
      const google::protobuf::FieldDescriptor& field = *message.field(i);
      if (!LinuxSourceOf(field).empty()) {
        EXPECT_EQ(filled.count(field.full_name()), 1u) << field.full_name();
      }
    }
  };
  const google::protobuf::Descriptor& row = *v1::TcpConnection::descriptor();
  check(row);
  for (int i = 0; i < row.field_count(); ++i) {
    if (row.field(i)->message_type() != nullptr) check(*row.field(i)->message_type());
  }
}

TEST_F(TcpRowTest, WritesWhatIsNotInTcpInfo) {
  const SocketOwner owner = {12, "nginx"};
  FullSocket socket;
  const v1::TcpConnection connection = Write(socket.View(), kAllTcpParts, &owner);
  EXPECT_EQ(connection.key().local_address(), "127.0.0.1");
  EXPECT_EQ(connection.key().local_port(), 1u);
  EXPECT_EQ(connection.key().remote_address(), "127.0.0.2");
  EXPECT_EQ(connection.key().remote_port(), 2u);
  EXPECT_EQ(connection.key().incarnation(), 77u);
  EXPECT_EQ(connection.state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_FALSE(connection.has_listener());
  EXPECT_EQ(connection.receive().cur_app_read_queue_bytes(), 21u);
  EXPECT_EQ(connection.linux().send_queue_bytes(), 22u);
  EXPECT_EQ(connection.linux().timer(), v1::TCP_TIMER_RETRANSMIT);
  EXPECT_EQ(connection.linux().congestion_algorithm(), "cubic");
  EXPECT_EQ(connection.linux().receive_memory_bytes(), 100u);
  EXPECT_EQ(connection.linux().receive_buffer_bytes(), 101u);
  EXPECT_EQ(connection.linux().send_memory_bytes(), 102u);
  EXPECT_EQ(connection.linux().send_buffer_bytes(), 103u);
  EXPECT_EQ(connection.linux().forward_alloc_bytes(), 104u);
  EXPECT_EQ(connection.linux().write_queued_bytes(), 105u);
  EXPECT_EQ(connection.linux().option_memory_bytes(), 106u);
  EXPECT_EQ(connection.linux().backlog_bytes(), 107u);
  EXPECT_EQ(connection.linux().dropped_packets(), 108u);
  EXPECT_EQ(connection.owner().pid(), 12u);
  EXPECT_EQ(connection.owner().process(), "nginx");
  EXPECT_EQ(connection.owner().uid(), 1001u);

  EXPECT_EQ(Facts().pid, 12u);
  EXPECT_EQ(Facts().local_port, 1);
  EXPECT_EQ(Facts().remote_port, 2);
  EXPECT_EQ(Facts().has_remote, 1);
  EXPECT_EQ(Facts().state, v1::TCP_STATE_ESTABLISHED);
  const std::array<uint8_t, 16> local = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
  const std::array<uint8_t, 16> remote = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 2};
  EXPECT_EQ(Facts().local_address, local);
  EXPECT_EQ(Facts().remote_address, remote);
  EXPECT_EQ(row_.facts().substr(sizeof(TcpFacts)), "nginx");
}

TEST_F(TcpRowTest, WritesIpv6) {
  FullSocket socket;
  socket.message.idiag_family = AF_INET6;
  socket.message.id.idiag_if = 4;
  ASSERT_EQ(inet_pton(AF_INET6, "fe80::1", socket.message.id.idiag_src), 1);
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:192.0.2.7", socket.message.id.idiag_dst), 1);
  const v1::TcpConnection connection = Write(socket.View());
  EXPECT_EQ(connection.key().local_address(), "fe80::1");
  EXPECT_EQ(connection.key().remote_address(), "::ffff:192.0.2.7");
  EXPECT_EQ(connection.key().local_scope_id(), 4u);
  const std::array<uint8_t, 16> remote = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7};
  EXPECT_EQ(Facts().remote_address, remote);
}

TEST_F(TcpRowTest, NumbersStatesAsTheApiDoes) {
  const std::map<uint8_t, v1::TcpState> expected = {
      {0, v1::TCP_STATE_UNSPECIFIED},   {1, v1::TCP_STATE_ESTABLISHED},
      {2, v1::TCP_STATE_SYN_SENT},      {3, v1::TCP_STATE_SYN_RECEIVED},
      {4, v1::TCP_STATE_FIN_WAIT1},     {5, v1::TCP_STATE_FIN_WAIT2},
      {6, v1::TCP_STATE_TIME_WAIT},     {7, v1::TCP_STATE_BOUND},
      {8, v1::TCP_STATE_CLOSE_WAIT},    {9, v1::TCP_STATE_LAST_ACK},
      {10, v1::TCP_STATE_LISTEN},       {11, v1::TCP_STATE_CLOSING},
      {12, v1::TCP_STATE_SYN_RECEIVED}, {13, v1::TCP_STATE_BOUND},
      {14, v1::TCP_STATE_UNSPECIFIED},  {255, v1::TCP_STATE_UNSPECIFIED}};
  for (const auto& [kernel, state] : expected) {
    FullSocket socket;
    socket.message.idiag_state = kernel;
    EXPECT_EQ(Write(socket.View()).state(), state) << int{kernel};
    EXPECT_EQ(Facts().state, state);
  }
  FullSocket unbound;
  unbound.message.idiag_state = 7;
  unbound.message.id.idiag_sport = 0;
  EXPECT_EQ(Write(unbound.View()).state(), v1::TCP_STATE_CLOSED);
}

TEST_F(TcpRowTest, AListenerHasQueuesAndNoPeer) {
  FullSocket socket;
  socket.message.idiag_state = 10;
  const v1::TcpConnection connection = Write(socket.View());
  EXPECT_EQ(connection.listener().accept_queue(), 21u);
  EXPECT_EQ(connection.listener().accept_queue_limit(), 22u);
  EXPECT_EQ(connection.key().remote_address(), "");
  EXPECT_EQ(connection.key().remote_port(), 0u);
  EXPECT_EQ(Facts().has_remote, 0);
  for (int part = 1; part <= 10; ++part) EXPECT_FALSE(HasPart(part)) << part;
}

TEST_F(TcpRowTest, StatesWithoutAConnectionHaveNoGroups) {
  for (const uint8_t state : {6, 7, 10, 13}) {
    FullSocket socket;
    socket.message.idiag_state = state;
    Write(socket.View());
    for (int part = 1; part <= 10; ++part) EXPECT_FALSE(HasPart(part)) << int{state};
  }
  FullSocket request;
  request.message.idiag_state = 12;
  request.info.clear();
  Write(request.View());
  for (int part = 1; part <= 10; ++part) EXPECT_FALSE(HasPart(part));
}

TEST_F(TcpRowTest, WritesOnlyTheSelectedParts) {
  const SocketOwner owner = {12, "nginx"};
  for (int part = 1; part <= kTcpOwnerPart; ++part) {
    Write(FullSocket().View(), PartBit(kTcpConnectionsPart) | PartBit(part), &owner);
    const bool filled = part != v1::TCP_GROUP_SYN_OPTIONS &&
                        part != v1::TCP_GROUP_SEND_CONGESTION && part != v1::TCP_GROUP_BANDWIDTH;
    for (int other = 1; other < kMaxParts; ++other) {
      EXPECT_EQ(HasPart(other), filled && other == part) << part << ' ' << other;
    }
  }
}

TEST_F(TcpRowTest, AsksTheKernelForNoMoreThanItNeeds) {
  EXPECT_EQ(DiagExtensionsFor(PartBit(kTcpConnectionsPart)), 0);
  EXPECT_EQ(DiagExtensionsFor(PartBit(kTcpOwnerPart)), 0);
  EXPECT_EQ(DiagExtensionsFor(PartBit(v1::TCP_GROUP_SYN_OPTIONS)), 0);
  EXPECT_EQ(DiagExtensionsFor(PartBit(v1::TCP_GROUP_DATA)), kDiagTcpInfo);
  EXPECT_EQ(DiagExtensionsFor(PartBit(v1::TCP_GROUP_LINUX)),
            kDiagTcpInfo | kDiagCongestion | kDiagMemory);
}

TEST_F(TcpRowTest, LeavesOutValuesThatMeanNothing) {
  FullSocket socket;
  TcpInfo info = {};
  info.snd_ssthresh = 0x7fffffff;
  info.pacing_rate = ~uint64_t{0};
  info.max_pacing_rate = ~uint64_t{0};
  info.min_rtt = ~uint32_t{0};
  socket.info = BytesOf(info);
  const v1::TcpConnection connection = Write(socket.View());
  EXPECT_FALSE(connection.has_fine_rtt());
  EXPECT_FALSE(connection.receive().has_win_scale_sent());
  EXPECT_FALSE(connection.observed_receive().has_win_scale_received());
  const v1::TcpLinux& only_linux = connection.linux();
  EXPECT_FALSE(only_linux.has_ssthresh_segments());
  EXPECT_FALSE(only_linux.has_pacing_rate_bytes_per_second());
  EXPECT_FALSE(only_linux.has_max_pacing_rate_bytes_per_second());
  EXPECT_FALSE(only_linux.has_min_rtt_us());
  EXPECT_FALSE(only_linux.has_receiver_rtt_us());
  EXPECT_FALSE(only_linux.has_delayed_ack_timeout_us());
  EXPECT_FALSE(only_linux.has_delivery_rate_bytes_per_second());
  EXPECT_FALSE(only_linux.has_delivery_rate_app_limited());
  EXPECT_FALSE(only_linux.has_last_data_sent_unix_ms());
  EXPECT_FALSE(only_linux.has_last_data_received_unix_ms());
  EXPECT_FALSE(only_linux.has_last_ack_received_unix_ms());
  // Zero is a value elsewhere.
  EXPECT_TRUE(connection.path().has_segments_retrans());
  EXPECT_TRUE(connection.observed_receive().has_cur_rwin_received_bytes());
}

TEST_F(TcpRowTest, SynSentKnowsNothingOfThePeer) {
  FullSocket socket;
  socket.message.idiag_state = 2;
  const v1::TcpConnection connection = Write(socket.View());
  EXPECT_FALSE(connection.has_observed_receive());
  EXPECT_FALSE(connection.linux().has_last_ack_received_unix_ms());
  EXPECT_TRUE(connection.has_path());
}

// All-ones are the longest values there are.
TEST_F(TcpRowTest, HasRoomForTheLargestValues) {
  FullSocket socket;
  TcpInfo info;
  std::memset(&info, 0xff, sizeof(info));
  info.ca_state = 4;
  info.pacing_rate = info.max_pacing_rate = ~uint64_t{0} - 1;
  info.snd_ssthresh = 0x7ffffffe;
  info.min_rtt = ~uint32_t{0} - 1;
  socket.info = BytesOf(info);
  socket.congestion = std::string(64, 'c');
  socket.memory = std::string(SK_MEMINFO_VARS * sizeof(uint32_t), '\x7f');
  std::memset(&socket.message.id, 0xff, sizeof(socket.message.id));
  socket.message.idiag_family = AF_INET6;
  const SocketOwner owner = {~uint32_t{0}, std::string(5000, 'p')};
  const v1::TcpConnection connection = Write(socket.View(), kAllTcpParts, &owner);
  EXPECT_EQ(connection.key().remote_address(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_EQ(connection.linux().congestion_algorithm(), socket.congestion);
  EXPECT_EQ(connection.owner().process(), owner.process);
}

TEST_F(TcpRowTest, LeavesOutWhatIsNoText) {
  FullSocket socket;
  for (const std::string& name : {std::string(65, 'c'), std::string("c\xff"), std::string("a b")}) {
    socket.congestion = name;
    EXPECT_FALSE(Write(socket.View()).linux().has_congestion_algorithm());
  }
  socket.message.idiag_timer = 5;
  EXPECT_FALSE(Write(socket.View()).linux().has_timer());
}

TEST_F(TcpRowTest, AcceptsMemoryInfoOfEveryLength) {
  FullSocket socket;
  const std::string whole = socket.memory + BytesOf(999u);
  for (size_t size = 0; size <= whole.size(); ++size) {
    socket.memory = whole.substr(0, size);
    const v1::TcpConnection connection = Write(socket.View());
    EXPECT_EQ(connection.linux().has_receive_memory_bytes(), size >= 4);
    EXPECT_EQ(connection.linux().has_dropped_packets(), size >= 36);
  }
  const int negative = -1;
  socket.memory = whole;
  std::memcpy(socket.memory.data() + 16, &negative, sizeof(negative));
  EXPECT_FALSE(Write(socket.View()).linux().has_forward_alloc_bytes());
}

TEST_F(TcpRowTest, ASocketWithoutAnInodeHasNoOwner) {
  FullSocket socket;
  socket.message.idiag_inode = 0;
  Write(socket.View());
  EXPECT_FALSE(HasPart(kTcpOwnerPart));
  EXPECT_EQ(Facts().pid, 0u);

  socket.message.idiag_inode = 5;
  const v1::TcpConnection connection = Write(socket.View());
  EXPECT_TRUE(connection.owner().has_uid());
  EXPECT_FALSE(connection.owner().has_pid());
  EXPECT_FALSE(connection.owner().has_process());
}

}  // namespace
}  // namespace farstat::sources
