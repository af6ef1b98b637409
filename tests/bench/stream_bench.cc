#include "tests/bench/stream_bench.h"

#include <grpcpp/generic/generic_stub.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "farstat/v1/agent.grpc.pb.h"
#include "farstat/v1/tcp.grpc.pb.h"
#include "tests/bench/audience.h"
#include "tests/bench/child_process.h"
#include "tests/bench/farstat_server.h"
#include "tests/bench/raw_server.h"

namespace farstat::bench {
namespace {

constexpr char kSubscribe[] = "/farstat.v1.TcpService/SubscribeTcpStatistics";
constexpr char kGet[] = "/farstat.v1.TcpService/GetTcpStatistics";
constexpr char kServeRaw[] = "--serve-raw";
constexpr char kServeFarstat[] = "--serve-farstat";
constexpr absl::Duration kSecond = absl::Seconds(1);

// This is a measurement over time, not a wait for something.
void Pass(absl::Duration time) {
  std::this_thread::sleep_for(absl::ToChronoMilliseconds(time));  // allow(sleep): measured
}

std::string Subscription(absl::Duration interval) {
  v1::SubscribeTcpStatisticsRequest request;
  request.mutable_options()->mutable_interval()->set_seconds(absl::ToInt64Seconds(interval));
  // No frames beside those of the ticks.
  request.mutable_options()->mutable_heartbeat_interval()->set_seconds(3600);
  return request.SerializeAsString();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string ToWord(const std::vector<size_t>& sizes) { return absl::StrJoin(sizes, ","); }

std::vector<size_t> FromWord(const std::string& word) {
  std::vector<size_t> sizes;
  for (const absl::string_view number : absl::StrSplit(word, ',', absl::SkipEmpty())) {
    size_t size = 0;
    if (absl::SimpleAtoi(number, &size)) sizes.push_back(size);
  }
  return sizes;
}

std::unique_ptr<ChildProcess> StartRaw(const RawPlan& plan) {
  return std::make_unique<ChildProcess>(std::vector<std::string>{
      ChildProcess::Self(), kServeRaw, ToWord(plan.first_frames), ToWord(plan.frames),
      absl::StrCat(absl::ToInt64Milliseconds(plan.interval)), absl::StrCat(plan.snapshot_bytes)});
}

std::unique_ptr<ChildProcess> StartFarstat(const MadeUpRows& rows) {
  return std::make_unique<ChildProcess>(std::vector<std::string>{
      ChildProcess::Self(), kServeFarstat, absl::StrCat(rows.rows), absl::StrCat(rows.changing)});
}

// What a raw server must send to look like `farstat`: measured with one subscriber.
RawPlan PlanLike(const ChildProcess& farstat) {
  RawPlan plan;
  plan.interval = kSecond;
  Audience one(farstat.address(), kSubscribe, Subscription(kSecond), 1);
  one.WaitForFrames(3);
  one.WaitUntilQuiet(absl::Milliseconds(300));
  plan.first_frames = one.TakeFrameSizes();
  Pass(kSecond);
  plan.frames = one.TakeFrameSizes();
  return plan;
}

// The two servers, and how to subscribe to each.
struct Pair {
  explicit Pair(const MadeUpRows& rows) : farstat(StartFarstat(rows)), plan(PlanLike(*farstat)) {
    raw = StartRaw(plan);
  }
  std::unique_ptr<Audience> Watch(const ChildProcess& server, int count) const {
    const bool is_raw = &server == raw.get();
    return std::make_unique<Audience>(server.address(), is_raw ? kRawStreamMethod : kSubscribe,
                                      Subscription(kSecond), count);
  }

  std::unique_ptr<ChildProcess> farstat;
  RawPlan plan;
  std::unique_ptr<ChildProcess> raw;
};

uint64_t CollectionsOf(const ChildProcess& farstat) {
  grpc::ClientContext context;
  v1::GetAgentStatusResponse status;
  v1::AgentService::NewStub(OwnConnection(farstat.address()))
      ->GetAgentStatus(&context, v1::GetAgentStatusRequest(), &status);
  for (const v1::SourceStatus& family : status.sources()) {
    if (family.family() == v1::FAMILY_TCP) return family.collections();
  }
  return 0;
}

// --- Many subscribers, everything changes
// ---------------------------------------------------------

struct Delivery {
  double nanoseconds_per_byte = 0;
  double ticks = 0;
  double collections = 0;
};

Delivery MeasureDelivery(const Pair& pair, const ChildProcess& server, int subscribers) {
  constexpr int kTicks = 5;
  const bool is_farstat = &server == pair.farstat.get();
  const auto audience = pair.Watch(server, subscribers);
  audience->WaitForFrames(pair.plan.first_frames.size() + 2 * pair.plan.frames.size());
  const uint64_t collections = is_farstat ? CollectionsOf(server) : 0;
  const absl::Duration cpu = server.cpu_time();
  const uint64_t bytes = audience->bytes();
  const uint64_t frames = audience->frames();
  Pass(kTicks * kSecond);
  Delivery delivery;
  delivery.nanoseconds_per_byte = absl::ToDoubleNanoseconds(server.cpu_time() - cpu) /
                                  static_cast<double>(audience->bytes() - bytes);
  delivery.ticks = static_cast<double>(audience->frames() - frames) /
                   static_cast<double>(pair.plan.frames.size() * static_cast<size_t>(subscribers));
  if (is_farstat) delivery.collections = static_cast<double>(CollectionsOf(server) - collections);
  return delivery;
}

void MeasureManySubscribers(std::vector<Figure>& figures) {
  constexpr int kSubscribers = 500;
  constexpr int kRounds = 3;
  const Pair pair({/*rows=*/1000, /*changing=*/1000});
  std::vector<double> ours;
  std::vector<double> raw;
  double ticks = 0;
  double collections = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Delivery delivery = MeasureDelivery(pair, *pair.farstat, kSubscribers);
    ours.push_back(delivery.nanoseconds_per_byte);
    ticks += delivery.ticks;
    collections += delivery.collections;
    raw.push_back(MeasureDelivery(pair, *pair.raw, kSubscribers).nanoseconds_per_byte);
  }
  figures.push_back({"delivery / raw", Median(ours), Median(raw), "ns/B", 1.25,
                     absl::StrFormat("processor time of the server per byte: %d subscribers, 1,000 "
                                     "rows that all change, each second; frames of %s bytes",
                                     kSubscribers, ToWord(pair.plan.frames))});
  figures.push_back({"collections per tick", collections / kRounds, ticks / kRounds, "", 1.25,
                     absl::StrFormat("in 5 s, %d subscribers; the bar leaves room for one at the "
                                     "edge of the measurement",
                                     kSubscribers)});
}

// --- Idle subscribers
// -----------------------------------------------------------------------------

double MemoryPerSubscriber(const Pair& pair, const ChildProcess& server, int subscribers) {
  // The first ones pay for what is there once.
  const auto some = pair.Watch(server, subscribers / 10);
  some->WaitForFrames(pair.plan.first_frames.size());
  some->WaitUntilQuiet(kSecond);
  const double before = server.resident_bytes();
  const auto many = pair.Watch(server, subscribers);
  many->WaitForFrames(pair.plan.first_frames.size());
  many->WaitUntilQuiet(2 * kSecond);
  return (server.resident_bytes() - before) / subscribers;
}

void MeasureIdleSubscribers(std::vector<Figure>& figures) {
  constexpr int kSubscribers = 1000;
  const Pair pair({/*rows=*/10, /*changing=*/0});
  const double raw = MemoryPerSubscriber(pair, *pair.raw, kSubscribers);
  const double ours = MemoryPerSubscriber(pair, *pair.farstat, kSubscribers);
  figures.push_back({"idle subscriber", (ours - raw) / 1024, 8, "KiB", 1,
                     absl::StrFormat("resident memory of the server per idle subscriber of %d, "
                                     "%.1f KiB, above that of raw, %.1f KiB",
                                     kSubscribers, ours / 1024, raw / 1024)});
}

// --- Latency
// --------------------------------------------------------------------------------------

std::vector<absl::Duration> Latencies(const Pair& pair, const ChildProcess& server) {
  const auto audience = pair.Watch(server, 100);
  audience->WaitForFrames(pair.plan.first_frames.size() + pair.plan.frames.size());
  Pass(absl::Milliseconds(300));
  audience->MeasureLatency(true);
  Pass(6 * kSecond);
  return audience->TakeLatencies();
}

double Percentile99(std::vector<absl::Duration> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : absl::ToDoubleMicroseconds(values[values.size() * 99 / 100]);
}

void MeasureLatency(std::vector<Figure>& figures) {
  const Pair pair({/*rows=*/100, /*changing=*/100});
  std::vector<absl::Duration> ours;
  std::vector<absl::Duration> raw;
  for (int round = 0; round < 3; ++round) {
    for (const absl::Duration value : Latencies(pair, *pair.farstat)) ours.push_back(value);
    for (const absl::Duration value : Latencies(pair, *pair.raw)) raw.push_back(value);
  }
  figures.push_back({"latency p99 / raw", Percentile99(ours), Percentile99(raw), "us", 2,
                     absl::StrFormat("from publication to receipt at 1 Hz, 100 subscribers, %d and "
                                     "%d frames; includes reading the mark",
                                     ours.size(), raw.size())});
}

// --- Snapshots
// ------------------------------------------------------------------------------------

// Snapshots in flight all the time; counts what came.
double SecondsPerGigabyte(const std::string& address, const std::string& method,
                          const std::string& request) {
  constexpr int kCallers = 4;
  std::atomic<uint64_t> bytes{0};
  std::atomic<bool> stop{false};
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; ++caller) {
    callers.emplace_back([&] {
      grpc::GenericStub stub(OwnConnection(address));
      const grpc::ByteBuffer question = ToBuffer(request);
      while (!stop) {
        grpc::ClientContext context;
        grpc::ByteBuffer answer;
        std::promise<grpc::Status> done;
        stub.UnaryCall(&context, method, grpc::StubOptions(), &question, &answer,
                       [&](grpc::Status status) { done.set_value(std::move(status)); });
        if (done.get_future().get().ok()) bytes += answer.Length();
      }
    });
  }
  Pass(2 * kSecond);
  stop = true;
  for (std::thread& caller : callers) caller.join();
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  return time.count() / static_cast<double>(bytes) * 1e9;
}

void MeasureSnapshots(std::vector<Figure>& figures) {
  const auto farstat = StartFarstat({/*rows=*/4000, /*changing=*/0});
  v1::GetTcpStatisticsRequest request;
  // From the table: what is measured is the way out, not the way in.
  request.mutable_options()->mutable_max_age()->set_seconds(3600);
  const std::string bytes = request.SerializeAsString();
  // Holds the rows in the table.
  const Audience watching(farstat->address(), kSubscribe, Subscription(absl::Seconds(60)), 1);
  watching.WaitForFrames(3);
  grpc::ClientContext context;
  v1::GetTcpStatisticsResponse response;
  v1::TcpService::NewStub(OwnConnection(farstat->address()))
      ->GetTcpStatistics(&context, request, &response);
  RawPlan plan;
  plan.interval = absl::Hours(1);
  plan.snapshot_bytes = response.ByteSizeLong();
  const auto raw = StartRaw(plan);
  std::vector<double> ours_rounds;
  std::vector<double> raw_rounds;
  for (int round = 0; round < 5; ++round) {
    ours_rounds.push_back(SecondsPerGigabyte(farstat->address(), kGet, bytes));
    raw_rounds.push_back(SecondsPerGigabyte(raw->address(), kRawSnapshotMethod, bytes));
  }
  figures.push_back(
      {"snapshots / raw", Median(ours_rounds), Median(raw_rounds), "s/GB", 1.25,
       absl::StrFormat("4 callers, answers of %d bytes from the table; 1.25 is 0.8 of "
                       "raw's throughput",
                       plan.snapshot_bytes)});
}

}  // namespace

std::vector<Figure> MeasureStreams() {
  RaiseFileLimit();
  std::vector<Figure> figures;
  MeasureSnapshots(figures);
  MeasureManySubscribers(figures);
  MeasureIdleSubscribers(figures);
  MeasureLatency(figures);
  return figures;
}

void ServeIfAsked(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  int number = 0;
  if (words.size() == 3 && words[0] == kServeFarstat) {
    MadeUpRows rows;
    if (absl::SimpleAtoi(words[1], &rows.rows) && absl::SimpleAtoi(words[2], &rows.changing)) {
      RunFarstatServer(rows);
    }
  }
  if (words.size() == 5 && words[0] == kServeRaw && absl::SimpleAtoi(words[3], &number)) {
    RawPlan plan{FromWord(words[1]), FromWord(words[2]), absl::Milliseconds(number), 0};
    if (absl::SimpleAtoi(words[4], &plan.snapshot_bytes)) RunRawServer(plan);
  }
}

}  // namespace farstat::bench
