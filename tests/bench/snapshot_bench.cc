#include "tests/bench/snapshot_bench.h"

#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_format.h"
#include "agent/feed/table.h"
#include "agent/sources/linux/tcp_source.h"
#include "agent/sources/tcp_rows.h"
#include "tests/bench/connections.h"

extern char** environ;

namespace farstat::bench {
namespace {

constexpr size_t kPageBytes = 504 << 10;

double CpuMs(int who) {
  rusage usage = {};
  getrusage(who, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

// CPU time of one run of ss, its output thrown away.
double RunSs() {
  const double before = CpuMs(RUSAGE_CHILDREN);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  std::string words[] = {"ss", "-tinHO", "state", "established"};
  char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  pid_t pid;
  if (posix_spawnp(&pid, "ss", &actions, nullptr, arguments, environ) != 0) {
    std::fprintf(stderr, "ss is not there: install iproute2\n");
    std::exit(1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  posix_spawn_file_actions_destroy(&actions);
  return CpuMs(RUSAGE_CHILDREN) - before;
}

class TableSink : public sources::RowSink {
 public:
  explicit TableSink(feed::Table& table) : table_(table) {}
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    table_.Put(
        {kind == sources::RowKind::kTotals, row.bytes(), row.part_ends(), row.key(), row.facts()});
  }

 private:
  feed::Table& table_;
};

// Everything that a Get does but the network: collect, put into the table, encode all pages.
class Ours {
 public:
  // CPU time of one full snapshot.
  double Run(feed::Table& table) {
    const double before = CpuMs(RUSAGE_SELF);
    TableSink sink(table);
    table.BeginTick();
    const sources::Outcome outcome = source_.Collect(~sources::PartMask{0} & ~Owner(), sink);
    if (!outcome.status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(outcome.status.message()).c_str());
      std::exit(1);
    }
    table.EndTick({}, outcome.partial);
    const feed::SnapshotPtr snapshot = table.TakeSnapshot({});
    std::string page;
    page.reserve(kPageBytes);
    bytes_ = 0;
    for (const feed::RowPtr& row : snapshot->rows) {
      if (page.size() + row->EncodedSize(~feed::PartMask{0}) > kPageBytes) {
        bytes_ += page.size();
        page = {};
        page.reserve(kPageBytes);
      }
      row->AppendTo(~feed::PartMask{0}, page);
    }
    bytes_ += page.size();
    rows_ = snapshot->rows.size();
    return CpuMs(RUSAGE_SELF) - before;
  }
  size_t rows() const { return rows_; }
  size_t bytes() const { return bytes_; }

 private:
  static sources::PartMask Owner() { return sources::PartBit(sources::kTcpOwnerPart); }

  sources::LinuxTcpSource source_;
  size_t rows_ = 0;
  size_t bytes_ = 0;
};

// CPU time of a netlink dump of the same sockets and attributes whose rows are thrown away.
double RunFloor() {
  const double before = CpuMs(RUSAGE_SELF);
  static std::string buffer(1 << 20, '\0');
  for (const int family : {AF_INET, AF_INET6}) {
    const int handle = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    struct {
      nlmsghdr header;
      inet_diag_req_v2 request;
    } message = {};
    message.header.nlmsg_len = sizeof(message);
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    message.request.sdiag_family = static_cast<uint8_t>(family);
    message.request.sdiag_protocol = IPPROTO_TCP;
    message.request.idiag_states = ~uint32_t{0};
    message.request.idiag_ext =
        1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) | 1 << (INET_DIAG_SKMEMINFO - 1);
    if (send(handle, &message, sizeof(message), 0) < 0) std::exit(1);
    bool done = false;
    while (!done) {
      const ssize_t size = recv(handle, buffer.data(), buffer.size(), 0);
      if (size <= 0) break;
      const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data());
      done = header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR;
    }
    close(handle);
  }
  return CpuMs(RUSAGE_SELF) - before;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

std::vector<Figure> MeasureSnapshot(int connections, int rounds) {
  const bool own_network = EnterOwnNetwork();
  const Connections held(connections);
  Ours ours;
  feed::Table warm_table;
  ours.Run(warm_table);
  std::vector<double> ss, full, steady, floor;
  for (int round = 0; round < rounds; ++round) {
    feed::Table table;
    ss.push_back(RunSs());
    full.push_back(ours.Run(table));
    floor.push_back(RunFloor());
    steady.push_back(ours.Run(table));
  }
  const std::string what = absl::StrFormat(
      "CPU, median of %d alternating rounds, %d rows, %.1f MB encoded%s", rounds, ours.rows(),
      static_cast<double>(ours.bytes()) / 1e6,
      own_network ? ", own network namespace" : ", the host's other sockets included");
  return {
      {"tcp snapshot / ss", Median(full), Median(ss), "ms", 0.5,
       "collect and encode everything anew, against `ss -tinHO state established`; aim 0.35. " +
           what},
      {"tcp steady tick / ss", Median(steady), Median(ss), "ms", 0.5,
       "the same when no row has changed since the tick before. " + what},
      {"bare dump / ss", Median(floor), Median(ss), "ms", 0,
       "the floor: a netlink dump of the same attributes, rows thrown away. " + what},
      {"tcp snapshot / bare dump", Median(full), Median(floor), "ms", 0,
       "what is added to the floor. " + what},
  };
}

}  // namespace farstat::bench
