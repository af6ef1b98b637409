#include "tests/bench/farstat_server.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "agent/rpc/server.h"
#include "agent/sources/tcp_rows.h"
#include "common/status.h"
#include "tests/bench/child_process.h"
#include "tests/bench/publish_mark.h"

namespace farstat::bench {
namespace {

constexpr int kDataPart = 2;

// A TCP connection of the size that one of Linux has, in two parts: what stays, and what moves.
class MadeUpRow {
 public:
  explicit MadeUpRow(int number) {
    v1::TcpConnection row;
    row.mutable_key()->set_local_address("192.0.2.1");
    row.mutable_key()->set_local_port(443);
    row.mutable_key()->set_remote_address("198.51.100.77");
    row.mutable_key()->set_remote_port(static_cast<uint32_t>(1024 + number));
    row.mutable_key()->set_incarnation(static_cast<uint64_t>(number));
    row.set_state(v1::TCP_STATE_ESTABLISHED);
    key_ = row.key().SerializeAsString();
    identity_ = row.SerializeAsString();
    facts_.assign(sizeof(sources::TcpFacts), '\0');
  }

  // Contents of the tick; `mark` in the row of one that carries it.
  feed::RowInput At(uint64_t tick, const std::string& mark) {
    v1::TcpConnection moving;
    auto* data = moving.mutable_data();
    data->set_segments_in(1'000'000 + tick);
    data->set_segments_out(2'000'000 + tick);
    data->set_data_bytes_in(1'000'000'000 + tick * 1460);
    data->set_data_bytes_out(2'000'000'000 + tick * 1460);
    auto* path = moving.mutable_path();
    path->set_timeouts(tick);
    if (!mark.empty()) moving.mutable_owner()->set_process(mark);
    payload_ = identity_ + moving.SerializeAsString();
    for (int part = 0; part < feed::kMaxParts; ++part) {
      ends_[part] = static_cast<uint32_t>(part < kDataPart ? identity_.size() : payload_.size());
    }
    return {false, payload_, ends_, key_, facts_};
  }

 private:
  std::string key_;
  std::string identity_;
  std::string facts_;
  std::string payload_;
  std::array<uint32_t, feed::kMaxParts> ends_ = {};
};

// Delivers the rows.
class MadeUpSource {
 public:
  explicit MadeUpSource(const MadeUpRows& rows) : changing_(rows.changing) {
    for (int number = 0; number < rows.rows; ++number) rows_.emplace_back(number);
  }

  feed::Collected Collect(absl::FunctionRef<void(const feed::RowInput&)> put) {
    ++tick_;
    for (int number = changing_; number < static_cast<int>(rows_.size()); ++number) {
      put(rows_[number].At(0, ""));
    }
    // Last, so that little but the engine is between the mark and the wire.
    for (int number = changing_ - 1; number >= 0; --number) {
      put(rows_[number].At(tick_, number == 0 ? MakePublishMark() : ""));
    }
    feed::Collected collected;
    collected.native_calls = 1;
    return collected;
  }

 private:
  const int changing_;
  uint64_t tick_ = 0;
  std::vector<MadeUpRow> rows_;
};

}  // namespace

void RunFarstatServer(const MadeUpRows& rows) {
  RaiseFileLimit();
  MadeUpSource source(rows);
  rpc::Families families;
  for (const v1::Family id : {v1::FAMILY_RAS, v1::FAMILY_TCP, v1::FAMILY_IPSEC, v1::FAMILY_IKE}) {
    auto& family = families.emplace_back(std::make_unique<families::Family>());
    family->id = id;
    family->unavailable = absl::UnimplementedError("not in this benchmark");
  }
  families::Family& tcp = *families[v1::FAMILY_TCP - 1];
  tcp.service = "farstat.v1.TcpService";
  tcp.tcp_groups = {v1::TCP_GROUP_DATA, v1::TCP_GROUP_PATH};
  tcp.feed = std::make_unique<feed::Feed>(
      [&](const feed::Demands&, absl::FunctionRef<void(const feed::RowInput&)> put) {
        return source.Collect(put);
      },
      SystemClock(), feed::Feed::Options());
  rpc::Limits limits;
  // All subscribers of the benchmark are one peer.
  limits.max_streams_per_peer = limits.max_streams;
  rpc::Serving serving(SystemClock(), limits, 4711);
  rpc::ServerOptions options;
  options.listen = {"127.0.0.1:0"};
  options.describe_process = [] { return v1::ProcessStatus(); };
  const auto server = rpc::Server::Start(options, families, serving);
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().ToString().c_str());
    std::exit(1);
  }
  ServeUntilKilled((*server)->addresses()[0]);
}

}  // namespace farstat::bench
