#include "agent/sources/row_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "farstat/v1/tcp.pb.h"

namespace farstat::sources {
namespace {

template <typename Message>
Message Parse(absl::string_view bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_TRUE(message.GetReflection()->GetUnknownFields(message).empty());
  return message;
}

absl::string_view Part(RowWriter& row, int part) {
  const auto ends = row.part_ends();
  const size_t begin = part == 0 ? 0 : ends[part - 1];
  return row.bytes().substr(begin, ends[part] - begin);
}

TEST(RowWriterTest, WritesNumbersOfEverySize) {
  RowWriter row;
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, uint64_t{16383}, uint64_t{16384},
        uint64_t{0xffffffff}, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()}) {
    row.Clear();
    row.Uint(v1::TcpData::kDataBytesOutFieldNumber, value);
    EXPECT_EQ(Parse<v1::TcpData>(row.bytes()).data_bytes_out(), value);
    row.Clear();
    row.Fixed64(v1::TcpConnectionKey::kIncarnationFieldNumber, value);
    EXPECT_EQ(Parse<v1::TcpConnectionKey>(row.bytes()).incarnation(), value);
  }
}

TEST(RowWriterTest, WritesNegativeNumbersAndFlags) {
  RowWriter row;
  row.Clear();
  row.Int(v1::TcpLinux::kLastDataSentUnixMsFieldNumber, -5);
  row.Bool(v1::TcpLinux::kSackFieldNumber, true);
  row.Bool(v1::TcpLinux::kEcnFieldNumber, false);
  const auto linux_group = Parse<v1::TcpLinux>(row.bytes());
  EXPECT_EQ(linux_group.last_data_sent_unix_ms(), -5);
  EXPECT_TRUE(linux_group.sack());
  EXPECT_TRUE(linux_group.has_ecn());
  EXPECT_FALSE(linux_group.ecn());
}

TEST(RowWriterTest, WritesZeroAsAValue) {
  RowWriter row;
  row.Clear();
  row.Uint(v1::TcpPath::kSegmentsRetransFieldNumber, 0);
  const auto path = Parse<v1::TcpPath>(row.bytes());
  EXPECT_TRUE(path.has_segments_retrans());
  EXPECT_FALSE(path.has_bytes_retrans());
}

TEST(RowWriterTest, WritesTextOfEverySize) {
  for (const size_t size : {0, 1, 127, 128, 300, 20'000}) {
    RowWriter row;
    row.Clear();
    const std::string text(size, 'x');
    row.Text(v1::TcpConnectionKey::kLocalAddressFieldNumber, text);
    EXPECT_EQ(Parse<v1::TcpConnectionKey>(row.bytes()).local_address(), text);
  }
}

// The length of a message takes one byte up to 127, two up to 16383, then three.
TEST(RowWriterTest, WritesMessagesOfEverySize) {
  RowWriter row;
  for (const size_t size :
       {0, 1, 120, 123, 124, 125, 126, 127, 128, 129, 16'380, 16'381, 16'384, 16'400, 70'000}) {
    row.Clear();
    const std::string text(size, 'x');
    const RowWriter::Open owner = row.BeginMessage(v1::TcpConnection::kOwnerFieldNumber);
    row.Text(v1::TcpOwner::kProcessFieldNumber, text);
    row.EndMessage(owner);
    row.Uint(v1::TcpConnection::kStateFieldNumber, v1::TCP_STATE_LISTEN);
    const auto connection = Parse<v1::TcpConnection>(row.bytes());
    EXPECT_EQ(connection.owner().process(), text);
    EXPECT_EQ(connection.state(), v1::TCP_STATE_LISTEN);
  }
}

TEST(RowWriterTest, NestsMessages) {
  for (const size_t size : {1, 100, 125, 128, 1000}) {
    RowWriter row;
    row.Clear();
    const std::string text(size, 'x');
    const RowWriter::Open connection = row.BeginMessage(v1::TcpStatistics::kConnectionsFieldNumber);
    const RowWriter::Open owner = row.BeginMessage(v1::TcpConnection::kOwnerFieldNumber);
    row.Text(v1::TcpOwner::kProcessFieldNumber, text);
    row.EndMessage(owner);
    const RowWriter::Open data = row.BeginMessage(v1::TcpConnection::kDataFieldNumber);
    row.EndMessage(data);
    row.EndMessage(connection);
    const auto statistics = Parse<v1::TcpStatistics>(row.bytes());
    ASSERT_EQ(statistics.connections_size(), 1);
    EXPECT_EQ(statistics.connections(0).owner().process(), text);
    EXPECT_TRUE(statistics.connections(0).has_data());
  }
}

TEST(RowWriterTest, MarksTheKey) {
  RowWriter row;
  row.Clear();
  const RowWriter::Open key = row.BeginMessage(v1::TcpConnection::kKeyFieldNumber);
  row.Text(v1::TcpConnectionKey::kLocalAddressFieldNumber, "192.0.2.1");
  row.Uint(v1::TcpConnectionKey::kLocalPortFieldNumber, 443);
  row.EndMessage(key);
  row.MarkKey(key);
  row.Uint(v1::TcpConnection::kStateFieldNumber, v1::TCP_STATE_LISTEN);
  const auto parsed = Parse<v1::TcpConnectionKey>(row.key());
  EXPECT_EQ(parsed.local_address(), "192.0.2.1");
  EXPECT_EQ(parsed.local_port(), 443u);
  EXPECT_EQ(row.key(), Parse<v1::TcpConnection>(row.bytes()).key().SerializeAsString());
}

TEST(RowWriterTest, CutsTheRowIntoParts) {
  RowWriter row;
  row.Clear();
  row.Uint(v1::TcpConnection::kStateFieldNumber, v1::TCP_STATE_ESTABLISHED);
  row.BeginPart(2);
  const RowWriter::Open data = row.BeginMessage(v1::TcpConnection::kDataFieldNumber);
  row.Uint(v1::TcpData::kSegmentsInFieldNumber, 5);
  row.EndMessage(data);
  row.BeginPart(11);
  const RowWriter::Open owner = row.BeginMessage(v1::TcpConnection::kOwnerFieldNumber);
  row.Uint(v1::TcpOwner::kPidFieldNumber, 1);
  row.EndMessage(owner);

  EXPECT_EQ(Parse<v1::TcpConnection>(Part(row, 0)).state(), v1::TCP_STATE_ESTABLISHED);
  EXPECT_TRUE(Part(row, 1).empty());
  EXPECT_EQ(Parse<v1::TcpConnection>(Part(row, 2)).data().segments_in(), 5u);
  for (int part = 3; part < 11; ++part) EXPECT_TRUE(Part(row, part).empty()) << part;
  EXPECT_EQ(Parse<v1::TcpConnection>(Part(row, 11)).owner().pid(), 1u);
  for (int part = 12; part < kMaxParts; ++part) EXPECT_TRUE(Part(row, part).empty()) << part;

  // Any choice of parts is a message.
  const std::string chosen = std::string(Part(row, 0)) + std::string(Part(row, 11));
  const auto connection = Parse<v1::TcpConnection>(chosen);
  EXPECT_FALSE(connection.has_data());
  EXPECT_EQ(connection.owner().pid(), 1u);
}

TEST(RowWriterTest, StartsAnew) {
  RowWriter row;
  row.Clear();
  const RowWriter::Open key = row.BeginMessage(v1::TcpConnection::kKeyFieldNumber);
  row.Uint(v1::TcpConnectionKey::kLocalPortFieldNumber, 443);
  row.EndMessage(key);
  row.MarkKey(key);
  row.BeginPart(5);
  row.SetFacts(uint32_t{7});
  row.AppendFacts("name");
  EXPECT_EQ(row.facts().size(), sizeof(uint32_t) + 4);

  row.Clear();
  EXPECT_TRUE(row.bytes().empty());
  EXPECT_TRUE(row.key().empty());
  EXPECT_TRUE(row.facts().empty());
  row.Uint(v1::TcpConnection::kStateFieldNumber, v1::TCP_STATE_LISTEN);
  EXPECT_EQ(Part(row, 0), row.bytes());
}

TEST(RowWriterTest, GrowsWithoutLosingAnything) {
  RowWriter row;
  row.Clear();
  for (uint32_t state = 0; state < 5000; ++state) {
    const RowWriter::Open entry = row.BeginMessage(v1::TcpStack::kStatesFieldNumber);
    row.Uint(v1::TcpStateCount::kCountFieldNumber, state);
    row.EndMessage(entry);
  }
  const auto stack = Parse<v1::TcpStack>(row.bytes());
  ASSERT_EQ(stack.states_size(), 5000);
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(stack.states(i).count(), static_cast<uint64_t>(i));
}

}  // namespace
}  // namespace farstat::sources
