#include "agent/hosts/host.h"

#include <random>
#include <string>
#include <utility>

#include "agent/feed/feed.h"
#include "agent/hosts/thread_cpu_time.h"

namespace farstat::hosts {
namespace {

// Hands a source's rows to a feed.
class FeedSink : public sources::RowSink {
 public:
  FeedSink(const feed::Demands& demands, absl::FunctionRef<void(const feed::RowInput&)> put)
      : demands_(demands), put_(put) {}
  sources::PartMask PartsOf(absl::string_view facts) const override {
    return demands_.PartsOf(facts);
  }
  void Put(sources::RowKind kind, sources::RowWriter& row) override {
    put_({kind == sources::RowKind::kTotals, row.bytes(), row.part_ends(), row.key(), row.facts()});
  }

 private:
  const feed::Demands& demands_;
  const absl::FunctionRef<void(const feed::RowInput&)> put_;
};

static_assert(sources::kMaxParts == feed::kMaxParts);

std::string ServiceOf(v1::Family id) {
  switch (id) {
    case v1::FAMILY_RAS:
      return "farstat.v1.RasService";
    case v1::FAMILY_TCP:
      return "farstat.v1.TcpService";
    case v1::FAMILY_IPSEC:
      return "farstat.v1.IpsecService";
    case v1::FAMILY_IKE:
      return "farstat.v1.IkeService";
    default:
      return "";
  }
}

}  // namespace

std::unique_ptr<families::Family> CollectedFamily(v1::Family id,
                                                  std::shared_ptr<sources::Source> source,
                                                  const Clock& clock, absl::Duration phase) {
  const feed::Collect collect = [source = std::move(source)](
                                    const feed::Demands& demands,
                                    absl::FunctionRef<void(const feed::RowInput&)> put) {
    FeedSink sink(demands, put);
    sources::Outcome outcome = source->Collect(demands.parts(), sink);
    return feed::Collected{std::move(outcome.status), std::move(outcome.partial),
                           outcome.native_calls,      outcome.vanished_rows,
                           outcome.rows_listed,       outcome.revisit_within};
  };
  feed::Feed::Options options;
  options.phase = phase;
  options.thread_cpu_time = ThreadCpuTime;
  auto family = std::make_unique<families::Family>();
  family->id = id;
  family->service = ServiceOf(id);
  family->feed = std::make_unique<feed::Feed>(collect, clock, options);
  return family;
}

std::unique_ptr<families::Family> AbsentFamily(v1::Family id, absl::Status why) {
  auto family = std::make_unique<families::Family>();
  family->id = id;
  family->service = ServiceOf(id);
  family->unavailable = std::move(why);
  return family;
}

absl::Duration RandomPhase() {
  std::mt19937_64 random{std::random_device{}()};
  return absl::Milliseconds(random() % 1000);
}

}  // namespace farstat::hosts
