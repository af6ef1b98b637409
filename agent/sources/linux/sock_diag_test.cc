#include "agent/sources/linux/sock_diag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "common/status.h"
#include "tests/support/fake_sock_diag.h"

namespace farstat::sources {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint32_t kSequence = 7;
constexpr uint16_t kInterrupted = NLM_F_MULTI | NLM_F_DUMP_INTR;

// Parses from memory of exactly this size, so that a sanitizer sees the first byte too many. What
// is visited is read to its last byte.
absl::StatusOr<DiagDatagram> Parse(absl::string_view bytes,
                                   std::vector<uint32_t>* cookies = nullptr) {
  const auto exact = std::make_unique<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  return ParseDiagDatagram(
      {exact.get(), bytes.size()}, kSequence, 0, [&](const DiagSocket& socket) {
        const std::string copy = std::string(socket.tcp_info) + std::string(socket.congestion) +
                                 std::string(socket.memory);
        EXPECT_LE(copy.size(), bytes.size());
        if (cookies != nullptr) cookies->push_back(socket.message.id.idiag_cookie[0]);
      });
}

std::string FullSocketMessage() {
  return DiagMessage(SOCK_DIAG_BY_FAMILY, kSequence,
                     BytesOf(EstablishedSocket(5)) + DiagAttribute(INET_DIAG_SHUTDOWN, "x") +
                         DiagAttribute(INET_DIAG_INFO, std::string(280, 'i')) +
                         DiagAttribute(INET_DIAG_CONG, std::string("cubic\0", 6)) +
                         DiagAttribute(INET_DIAG_SKMEMINFO, std::string(36, 'm')));
}

TEST(ParseDiagDatagramTest, FindsSocketsAndTheirAttributes) {
  int visited = 0;
  const auto result =
      ParseDiagDatagram(FullSocketMessage(), kSequence, 42, [&](const DiagSocket& socket) {
        ++visited;
        EXPECT_EQ(socket.message.id.idiag_cookie[0], 5u);
        EXPECT_EQ(socket.tcp_info, std::string(280, 'i'));
        EXPECT_EQ(socket.congestion, "cubic");
        EXPECT_EQ(socket.memory, std::string(36, 'm'));
        EXPECT_EQ(socket.unix_ms, 42);
      });
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(visited, 1);
  EXPECT_FALSE(result->done);
  EXPECT_FALSE(result->interrupted);
}

TEST(ParseDiagDatagramTest, ReadsSeveralMessagesUpToDone) {
  std::vector<uint32_t> cookies;
  const auto result = Parse(SocketMessage(kSequence, 1) + SocketMessage(kSequence, 2) +
                                DoneMessage(kSequence) + SocketMessage(kSequence, 3),
                            &cookies);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->done);
  EXPECT_THAT(cookies, ElementsAre(1, 2));
}

TEST(ParseDiagDatagramTest, SkipsWhatBelongsToAnotherDump) {
  std::vector<uint32_t> cookies;
  const auto result = Parse(
      SocketMessage(kSequence - 1, 1) + DoneMessage(kSequence - 1) + SocketMessage(kSequence, 2),
      &cookies);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->done);
  EXPECT_THAT(cookies, ElementsAre(2));
}

TEST(ParseDiagDatagramTest, SkipsMessagesItDoesNotKnow) {
  std::vector<uint32_t> cookies;
  const auto result =
      Parse(DiagMessage(NLMSG_NOOP, kSequence, "") + DiagMessage(0x1234, kSequence, "whatever") +
                SocketMessage(kSequence, 2),
            &cookies);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(cookies, ElementsAre(2));
}

TEST(ParseDiagDatagramTest, SeesThatTheDumpWasInterrupted) {
  EXPECT_TRUE(Parse(SocketMessage(kSequence, 1, kInterrupted))->interrupted);
  EXPECT_TRUE(Parse(DoneMessage(kSequence, kInterrupted))->interrupted);
  EXPECT_TRUE(Parse(DiagMessage(NLMSG_OVERRUN, kSequence, ""))->interrupted);
  EXPECT_FALSE(Parse(DoneMessage(kSequence - 1, kInterrupted))->interrupted);
}

TEST(ParseDiagDatagramTest, AcceptsDoneWithoutAnErrorNumber) {
  const auto result = Parse(DiagMessage(NLMSG_DONE, kSequence, ""));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->done);
}

struct ErrorCase {
  int error;
  absl::StatusCode code;
  absl::string_view reason;
  std::string advice;
};

TEST(ParseDiagDatagramTest, TurnsErrorNumbersIntoStatuses) {
  for (const ErrorCase& expected :
       {ErrorCase{EPERM, absl::StatusCode::kFailedPrecondition, kAgentLacksPrivilege, "sandbox"},
        ErrorCase{ENOENT, absl::StatusCode::kUnimplemented, kNotSupportedHere, "tcp_diag"},
        ErrorCase{ENOMEM, absl::StatusCode::kResourceExhausted, kLimitReached, "memory"},
        ErrorCase{EINVAL, absl::StatusCode::kInternal, kNativeCallFailed, "report"}}) {
    for (const uint16_t type : {uint16_t{NLMSG_ERROR}, uint16_t{NLMSG_DONE}}) {
      const auto result =
          Parse(DiagMessage(type, kSequence, BytesOf(-expected.error) + std::string(16, '\0')));
      EXPECT_EQ(result.status().code(), expected.code);
      EXPECT_EQ(ErrorInfoOf(result.status()).reason(), expected.reason);
      EXPECT_THAT(std::string(result.status().message()), HasSubstr(expected.advice));
      EXPECT_THAT(std::string(result.status().message()), HasSubstr(ErrnoText(expected.error)));
    }
  }
}

TEST(ParseDiagDatagramTest, RejectsErrorNumbersThatAreNone) {
  EXPECT_FALSE(Parse(DiagMessage(NLMSG_ERROR, kSequence, BytesOf(int{-4096}))).ok());
  EXPECT_FALSE(Parse(DiagMessage(NLMSG_ERROR, kSequence, BytesOf(INT32_MIN))).ok());
  EXPECT_TRUE(Parse(DiagMessage(NLMSG_ERROR, kSequence, BytesOf(int{0}))).ok());
}

// Cut anywhere: either an error, or whole messages followed by nothing but padding.
TEST(ParseDiagDatagramTest, SurvivesTruncation) {
  const std::string first = SocketMessage(kSequence, 1);
  const std::string whole = first + FullSocketMessage() + DoneMessage(kSequence);
  for (size_t size = 0; size < whole.size(); ++size) {
    std::vector<uint32_t> cookies;
    const auto result = Parse(absl::string_view(whole).substr(0, size), &cookies);
    const bool at_border =
        size == 0 || size == first.size() || size == first.size() + FullSocketMessage().size();
    EXPECT_EQ(result.ok(), at_border) << size;
  }
}

TEST(ParseDiagDatagramTest, RejectsImpossibleMessageLengths) {
  for (const uint32_t length : {0u, 1u, 15u, 89u, 1000u, 0x7fffffffu, 0xfffffff0u, 0xffffffffu}) {
    std::string bytes = SocketMessage(kSequence, 1);
    std::memcpy(bytes.data(), &length, sizeof(length));
    EXPECT_FALSE(Parse(bytes).ok()) << length;
  }
}

TEST(ParseDiagDatagramTest, RejectsImpossibleAttributeLengths) {
  const std::string good = FullSocketMessage();
  const size_t attributes = sizeof(nlmsghdr) + sizeof(inet_diag_msg);
  for (const uint16_t length : {0, 1, 3, 0x7fff, 0xffff}) {
    std::string bytes = good;
    std::memcpy(bytes.data() + attributes, &length, sizeof(length));
    EXPECT_FALSE(Parse(bytes).ok()) << length;
  }
}

TEST(ParseDiagDatagramTest, RejectsUnknownAddressFamilies) {
  inet_diag_msg message = EstablishedSocket(1);
  message.idiag_family = AF_UNIX;
  EXPECT_FALSE(Parse(DiagMessage(SOCK_DIAG_BY_FAMILY, kSequence, BytesOf(message))).ok());
}

TEST(ParseDiagDatagramTest, AcceptsTcpInfoOfEveryLength) {
  for (size_t size = 0; size <= 400; ++size) {
    size_t seen = 1000;
    const std::string bytes = DiagMessage(
        SOCK_DIAG_BY_FAMILY, kSequence,
        BytesOf(EstablishedSocket(1)) + DiagAttribute(INET_DIAG_INFO, std::string(size, 'i')));
    const auto result = ParseDiagDatagram(
        bytes, kSequence, 0, [&](const DiagSocket& socket) { seen = socket.tcp_info.size(); });
    EXPECT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(seen, size);
  }
}

TEST(ParseDiagDatagramTest, SurvivesRandomDamage) {
  std::mt19937 random(1);
  const std::string whole = SocketMessage(kSequence, 1) + FullSocketMessage() +
                            DiagMessage(NLMSG_ERROR, kSequence, BytesOf(int{-EPERM}));
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = whole;
    for (int i = 0; i < 4; ++i) bytes[random() % bytes.size()] = static_cast<char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    (void)Parse(bytes);
  }
}

// Dumps from a fake kernel.
class SockDiagTest : public testing::Test {
 protected:
  absl::Status Dump(std::vector<std::string> datagrams) {
    kernel_ = std::make_unique<FakeKernel>(std::move(datagrams));
    diag_ = std::make_unique<SockDiag>(AF_INET, [this] { return kernel_->Open(); });
    return DumpAgain();
  }

  absl::Status DumpAgain() {
    return diag_->Dump(
        0,
        [this] {
          ++tries_;
          cookies_.clear();
        },
        [this](const DiagSocket& socket) {
          cookies_.push_back(socket.message.id.idiag_cookie[0]);
        });
  }

  std::unique_ptr<FakeKernel> kernel_;
  std::unique_ptr<SockDiag> diag_;
  int tries_ = 0;
  std::vector<uint32_t> cookies_;
};

TEST_F(SockDiagTest, CollectsAllDatagrams) {
  ASSERT_TRUE(Dump({SocketMessage(1, 10), SocketMessage(1, 11), DoneMessage(1)}).ok());
  EXPECT_THAT(cookies_, ElementsAre(10, 11));
  EXPECT_EQ(tries_, 1);
  // Opening (4), send, three times recv.
  EXPECT_EQ(diag_->native_calls(), 8u);
}

TEST_F(SockDiagTest, KeepsItsSocketBetweenDumps) {
  ASSERT_TRUE(
      Dump({SocketMessage(1, 10) + DoneMessage(1), SocketMessage(2, 20) + DoneMessage(2)}).ok());
  ASSERT_TRUE(DumpAgain().ok());
  EXPECT_THAT(cookies_, ElementsAre(20));
  EXPECT_EQ(kernel_->times_opened(), 1u);
}

TEST_F(SockDiagTest, RepeatsAnInterruptedDumpFromTheBeginning) {
  ASSERT_TRUE(Dump({SocketMessage(1, 10, kInterrupted), DoneMessage(1), SocketMessage(2, 20),
                    DoneMessage(2)})
                  .ok());
  EXPECT_EQ(tries_, 2);
  EXPECT_THAT(cookies_, ElementsAre(20));
}

TEST_F(SockDiagTest, GivesUpOnATableThatKeepsChangingButHandsOverWhatItSaw) {
  std::vector<std::string> datagrams;
  for (uint32_t sequence = 1; sequence <= 10; ++sequence) {
    datagrams.push_back(SocketMessage(sequence, sequence) + DoneMessage(sequence, kInterrupted));
  }
  const absl::Status status = Dump(datagrams);
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ErrorInfoOf(status).reason(), kTableChanging);
  EXPECT_EQ(tries_, 4);
  EXPECT_THAT(cookies_, ElementsAre(4));
}

TEST_F(SockDiagTest, ReportsAnErrorAtOnceAndRecovers) {
  const absl::Status status =
      Dump({SocketMessage(1, 10), DiagMessage(NLMSG_ERROR, 1, BytesOf(int{-EPERM})),
            SocketMessage(2, 20) + DoneMessage(2)});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(tries_, 1);
  ASSERT_TRUE(DumpAgain().ok());
  EXPECT_THAT(cookies_, ElementsAre(20));
  EXPECT_EQ(kernel_->times_opened(), 2u);
}

TEST_F(SockDiagTest, RepeatsADumpThatDidNotFit) {
  std::string first;
  std::string second;
  while (first.size() < 100'000) {
    first += SocketMessage(1, 10);
    second += SocketMessage(2, 20);
  }
  const absl::Status status = Dump({first + DoneMessage(1), second + DoneMessage(2)});
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(tries_, 2);
  EXPECT_EQ(std::set<uint32_t>(cookies_.begin(), cookies_.end()), std::set<uint32_t>{20});
  EXPECT_EQ(kernel_->times_opened(), 2u);
}

TEST_F(SockDiagTest, DoesNotWaitForever) {
  const absl::Status status = Dump({SocketMessage(1, 10)});
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ErrorInfoOf(status).reason(), kSourceHung);
}

TEST_F(SockDiagTest, SaysWhyItCannotOpen) {
  SockDiag diag(AF_INET, [] { return absl::UnimplementedError("no netlink"); });
  const absl::Status status = diag.Dump(
      0, [] {}, [](const DiagSocket&) {});
  EXPECT_EQ(status, absl::UnimplementedError("no netlink"));
}

TEST(SockDiagKernelTest, AnswersAboutARealSocket) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(listener, 0);
  ASSERT_EQ(listen(listener, 1), 0);
  sockaddr_in address = {};
  socklen_t size = sizeof(address);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  SockDiag diag(AF_INET);
  int found = 0;
  const absl::Status status = diag.Dump(
      0, [&] { found = 0; },
      [&](const DiagSocket& socket) {
        const bool listening = socket.message.id.idiag_dport == 0;
        if (listening && socket.message.id.idiag_sport == address.sin_port) ++found;
      });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(found, 1);
  close(listener);
}

}  // namespace
}  // namespace farstat::sources
