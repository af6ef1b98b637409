#include "agent/sources/windows/ras_clear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "agent/sources/windows/ras_change_watch.h"
#include "agent/sources/windows/win32_status.h"
#include "common/mutex.h"
#include "common/status.h"
#include "tests/support/ras_answers.h"
#include "tests/support/ras_host.h"
#include "tests/support/ras_rows.h"

namespace farstat::sources::windows {
namespace {

constexpr char kHosts[] = R"(ras {
  connections { name: "Head office" }
  connections { name: "Home" kind: RAS_KIND_SSTP }
  connections { name: "Bundle" kind: RAS_KIND_ISDN links: 3 }
})";

class RasClearTest : public ::testing::Test {
 protected:
  RasClearReport Clear(const RasClearRequest& request) {
    const absl::StatusOr<RasClearReport> report =
        ClearRasStatistics(host_.api(), host_.source().clearings(), request);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(RasClearReport());
  }
  absl::Status ClearFails(const RasClearRequest& request) {
    return ClearRasStatistics(host_.api(), host_.source().clearings(), request).status();
  }
  RasClearRequest Named(const std::string& entry_name) {
    const v1::RasConnectionKey key = host_.Collect(PartBit(0)).Get(entry_name).key();
    RasClearRequest request;
    request.connection = RasIdentity{key.entry_guid(), key.handle()};
    return request;
  }
  // As Windows counts them now.
  uint32_t BytesIn(const std::string& entry_name, uint32_t link) {
    const Handle handle = host_.Collect(PartBit(0)).Get(entry_name).key().handle();
    RasStats stats = {};
    stats.size = sizeof(stats);
    const uint32_t code = link == 0 ? host_.api().ras_get_connection_statistics(handle, &stats)
                                    : host_.api().ras_get_link_statistics(handle, link, &stats);
    EXPECT_EQ(code, kSuccess);
    return stats.bytes_rcved;
  }

  RasHost host_{kHosts};
};

// Notices calls of RAS that are made while another one is.
class RasCallOverlaps {
 public:
  // From now on. `api` must not outlive this.
  explicit RasCallOverlaps(Api& api) {
    VisitEntries(api, [this](absl::string_view library, absl::string_view, auto& entry) {
      if (library == "rasapi32.dll" && entry) Wrap(entry);
    });
  }
  int calls() const { return calls_; }
  int overlaps() const { return overlaps_; }

 private:
  template <typename Result, typename... Args>
  void Wrap(std::function<Result(Args...)>& entry) {
    entry = [this, call = std::move(entry)](Args... args) {
      ++calls_;
      if (++running_ > 1) ++overlaps_;
      for (int i = 0; i < 10; ++i) std::this_thread::yield();
      const absl::Cleanup end = [this] { --running_; };
      return call(args...);
    };
  }

  std::atomic<int> running_{0};
  std::atomic<int> calls_{0};
  std::atomic<int> overlaps_{0};
};

TEST_F(RasClearTest, AllConnections) {
  const RasClearReport report = Clear({});
  EXPECT_EQ(report.matched_connections, 3u);
  ASSERT_EQ(report.results.size(), 3u);
  for (const RasClearResult& result : report.results) {
    EXPECT_EQ(result.win32_code, 0u);
    EXPECT_EQ(result.status, absl::OkStatus());
    EXPECT_EQ(result.link, 0u);
    EXPECT_EQ(BytesIn(result.entry_name, 0), 0u);
    EXPECT_NE(BytesIn(result.entry_name, 1), 0u);
  }
  EXPECT_GT(report.native_calls, 4u);
}

TEST_F(RasClearTest, AllLinks) {
  RasClearRequest request = Named("Bundle");
  request.all_links = true;
  const RasClearReport report = Clear(request);
  EXPECT_EQ(report.matched_connections, 1u);
  ASSERT_EQ(report.results.size(), 4u);
  for (uint32_t link = 0; link < 4; ++link) {
    EXPECT_EQ(report.results[link].link, link);
    EXPECT_EQ(report.results[link].win32_code, 0u);
    EXPECT_EQ(BytesIn("Bundle", link), 0u);
  }
  EXPECT_NE(BytesIn("Home", 0), 0u);
}

TEST_F(RasClearTest, OneLink) {
  RasClearRequest request = Named("Bundle");
  request.link = 2;
  const RasClearReport report = Clear(request);
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].link, 2u);
  EXPECT_EQ(BytesIn("Bundle", 2), 0u);
  EXPECT_NE(BytesIn("Bundle", 0), 0u);
  EXPECT_NE(BytesIn("Bundle", 1), 0u);
  request.link = 9;
  const RasClearReport none = Clear(request);
  ASSERT_EQ(none.results.size(), 1u);
  EXPECT_EQ(none.results[0].win32_code, 668u);
  EXPECT_TRUE(absl::IsNotFound(none.results[0].status));
}

TEST_F(RasClearTest, ByFacts) {
  RasClearRequest request;
  request.parts = kRasStatus | kRasProjection;
  request.matches = [](absl::string_view bytes) {
    RasFacts facts;
    std::memcpy(&facts, bytes.data(), sizeof(facts));
    EXPECT_EQ(facts.state, static_cast<uint32_t>(v1::RAS_STATE_CONNECTED));
    EXPECT_EQ(facts.has_ipv4_address, 1);
    return facts.has_tunnel_address != 0;
  };
  const RasClearReport report = Clear(request);
  ASSERT_EQ(report.results.size(), 1u);
  EXPECT_EQ(report.results[0].entry_name, "Head office");
  request.matches = [](absl::string_view) { return false; };
  EXPECT_EQ(Clear(request).matched_connections, 0u);
}

TEST_F(RasClearTest, UnknownConnectionIsNotFound) {
  RasClearRequest request = Named("Home");
  request.connection->handle += 1 << 24;
  EXPECT_TRUE(absl::IsNotFound(ClearFails(request)));
  request = Named("Home");
  std::string& guid = request.connection->entry_guid;
  guid[0] = guid[0] == '0' ? '1' : '0';
  EXPECT_TRUE(absl::IsNotFound(ClearFails(request)));
  request = Named("Home");
  for (char& c : request.connection->entry_guid) c = absl::ascii_toupper(c);
  EXPECT_EQ(Clear(request).results.size(), 1u);
}

// Pitfall 21.
TEST_F(RasClearTest, AbsentFunctionsAreTold) {
  host_.api().ras_clear_link_statistics = nullptr;
  RasClearRequest request;
  EXPECT_EQ(Clear(request).results.size(), 3u);
  request.all_links = true;
  EXPECT_TRUE(absl::IsUnimplemented(ClearFails(request)));
  host_.api().ras_clear_connection_statistics = nullptr;
  EXPECT_TRUE(absl::IsUnimplemented(ClearFails({})));
  EXPECT_NE(BytesIn("Home", 1), 0u);
}

// Pitfall 37.
TEST_F(RasClearTest, CodesAreTold) {
  for (const uint32_t code : {kErrorInvalidParameter, kErrorInvalidArgument}) {
    host_.api().ras_clear_connection_statistics = [=](Handle) { return code; };
    const RasClearReport report = Clear({});
    ASSERT_EQ(report.results.size(), 3u);
    EXPECT_EQ(report.results[0].win32_code, kErrorInvalidParameter);
    EXPECT_EQ(Win32CodeOf(report.results[0].status), kErrorInvalidParameter);
  }
  host_.api().ras_clear_connection_statistics = [](Handle) { return kErrorAccessDenied; };
  EXPECT_EQ(ErrorInfoOf(Clear({}).results[0].status).reason(), kAgentLacksPrivilege);
  MutexLock lock(host_.source().clearings().mutex);
  const Handle handle = host_.Collect(PartBit(0)).Get("Home").key().handle();
  EXPECT_EQ(host_.source().clearings().CountOf(handle, 0), 0u) << "nothing was cleared";
}

// Pitfall 23.
TEST(RasClearServiceTest, StoppedServiceIsAnError) {
  RasHost host(R"(ras { connections { name: "VPN" } }
                  service_outages { service: "RasMan" after_s: 1 })");
  host.clock().Advance(absl::Seconds(2));
  const absl::Status status =
      ClearRasStatistics(host.api(), host.source().clearings(), {}).status();
  EXPECT_EQ(ErrorInfoOf(status).reason(), kSourceStopped);
}

TEST_F(RasClearTest, TotalsGoOnAndSayReset) {
  v1::RasConnection row = host_.Collect(kRasStatistics).Get("Home");
  const uint64_t before = row.statistics().bytes_in();
  Clear({});
  row = host_.Collect(kRasStatistics).Get("Home");
  EXPECT_EQ(row.statistics().bytes_in(), before);
  EXPECT_EQ(row.accumulation().resets(), 1u);
  EXPECT_EQ(row.accumulation().wraps(), 0u);
  EXPECT_FALSE(row.accumulation().uncertain());
}

// Of RAS, no function may be called while another one is.
TEST(RasClearRaceTest, CallsOfRasAreMadeOneAtATime) {
  RasAnswers answers;
  answers.api.ras_clear_connection_statistics = [](Handle) { return kSuccess; };
  answers.api.ras_clear_link_statistics = [](Handle, uint32_t) { return kSuccess; };
  answers.api.ras_connection_notification = [](Handle, Handle, uint32_t) {
    return kErrorNotSupported;
  };
  answers.api.create_event = [](Handle* event) {
    *event = 1;
    return kSuccess;
  };
  answers.api.set_event = [](Handle) { return kSuccess; };
  answers.api.wait_for_events = [](const Handle*, uint32_t, uint32_t, uint32_t*) {
    return kErrorInvalidHandle;
  };
  const RasCallOverlaps overlaps(answers.api);
  std::thread clearer([&] {
    RasClearRequest request;
    request.all_links = true;
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(ClearRasStatistics(answers.api, answers.clearings(), request).ok());
    }
  });
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) RasChangeWatch(answers.api, [] {});
  });
  for (int i = 0; i < 100; ++i) answers.Collect();
  clearer.join();
  other.join();
  EXPECT_GT(overlaps.calls(), 1500);
  EXPECT_EQ(overlaps.overlaps(), 0);
}

// Something that happens once, on another thread.
class Happening {
 public:
  void Happen() {
    MutexLock lock(mutex_);
    happened_ = true;
    changed_.notify_all();
  }
  // Whether it happens within a time that is long enough for what nothing holds up.
  bool HappensSoon() {
    const auto bound = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    MutexLock lock(mutex_);
    while (!happened_) {
      if (changed_.wait_until(mutex_, bound) == std::cv_status::timeout) break;
    }
    return happened_;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  bool happened_ ABSL_GUARDED_BY(mutex_) = false;
};

// A reading that came between a clearing and its being noted would take the fall for a wrap.
TEST(RasClearRaceTest, ReadingWaitsForAClearing) {
  RasAnswers answers;
  Happening read;
  answers.api.ras_get_connection_statistics = [&](Handle, RasStats* stats) {
    *stats = answers.stats;
    read.Happen();
    return kSuccess;
  };
  std::thread reader;
  {
    MutexLock clearing(answers.clearings().mutex);
    reader = std::thread([&] { answers.Collect(kRasStatistics); });
    EXPECT_FALSE(read.HappensSoon());
  }
  reader.join();
  EXPECT_TRUE(read.HappensSoon());
}

TEST(RasClearRaceTest, ClearingIsNotedBeforeAnythingIsRead) {
  RasAnswers answers;
  Happening may_read;
  std::thread reader;
  answers.api.ras_clear_connection_statistics = [&](Handle) {
    reader = std::thread([&] {
      MutexLock reading(answers.clearings().mutex);
      EXPECT_EQ(answers.clearings().CountOf(RasAnswers::kConnection, 0), 1u);
      may_read.Happen();
    });
    EXPECT_FALSE(may_read.HappensSoon());
    return kSuccess;
  };
  EXPECT_TRUE(ClearRasStatistics(answers.api, answers.clearings(), {}).ok());
  reader.join();
}

// Counters that count as fast as they can, cleared while they are read: whatever the order, what a
// reading shows and whether it was cleared before belong together.
TEST(RasClearRaceTest, ReadingsAndClearingsDoNotMix) {
  RasAnswers answers;
  std::atomic<uint32_t> counter{1'000'000};
  // In the middle of a call, when it has done its work.
  const auto let_others_run = [] {
    for (int i = 0; i < 10; ++i) std::this_thread::yield();
  };
  const auto read = [&](RasStats* stats) {
    *stats = {};
    stats->size = sizeof(*stats);
    stats->bytes_xmited = counter += 10;
    stats->frames_xmited = stats->bytes_xmited;
    stats->connect_duration = 1'000'000;
    let_others_run();
    return kSuccess;
  };
  answers.api.ras_get_connection_statistics = [&](Handle, RasStats* stats) { return read(stats); };
  answers.api.ras_get_link_statistics = [&](Handle, uint32_t, RasStats* stats) {
    return read(stats);
  };
  uint64_t clearings = 0;
  answers.api.ras_clear_connection_statistics = [&](Handle) {
    counter = 0;
    let_others_run();
    return kSuccess;
  };
  std::atomic<bool> done{false};
  std::thread clearer([&] {
    for (int i = 0; i < 300; ++i) {
      clearings += ClearRasStatistics(answers.api, answers.clearings(), {})->results.size();
      std::this_thread::yield();
    }
    done = true;
  });
  v1::RasConnection row;
  uint64_t last = 0;
  while (!done && !HasFailure()) {
    row = answers.Collect(kRasStatistics).Get("V");
    EXPECT_GE(row.statistics().bytes_out(), last);
    last = row.statistics().bytes_out();
    EXPECT_EQ(row.accumulation().wraps(), 0u) << "a clearing was taken for a wrap";
    EXPECT_FALSE(row.accumulation().uncertain()) << "a clearing was guessed";
  }
  clearer.join();
  row = answers.Collect(kRasStatistics).Get("V");
  EXPECT_GT(row.accumulation().resets(), 0u);
  EXPECT_LE(row.accumulation().resets(), clearings);
}

}  // namespace
}  // namespace farstat::sources::windows
