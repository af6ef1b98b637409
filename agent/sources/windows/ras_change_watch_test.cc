#include "agent/sources/windows/ras_change_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <set>
#include <vector>

#include "agent/sources/simulated/ras_model.h"
#include "agent/sources/simulated/world.h"
#include "agent/sources/windows/win32_status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "tests/support/ras_host.h"

namespace farstat::sources::windows {
namespace {

// Counts the calls of on_change.
class Changes {
 public:
  std::function<void()> Callback() {
    return [this] {
      MutexLock lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  int count() {
    MutexLock lock(mutex_);
    return count_;
  }
  // Waits until there were so many.
  bool Reach(int count, std::chrono::milliseconds bound = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + bound;
    MutexLock lock(mutex_);
    while (count_ < count) {
      if (changed_.wait_until(mutex_, end) == std::cv_status::timeout) return count_ >= count;
    }
    return true;
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(RasChangeWatchTest, ConnectionAndDisconnectionAreNoticed) {
  RasHost host(R"(ras { connections { name: "VPN" connected_for_s: 0 dial_s: 10 up_s: 100 } })");
  Changes changes;
  RasChangeWatch watch(host.api(), changes.Callback());
  EXPECT_TRUE(watch.watching());
  host.clock().Advance(absl::Seconds(1));
  host.Collect(PartBit(0));
  EXPECT_EQ(changes.count(), 0) << "it is being dialled";
  host.clock().Advance(absl::Seconds(20));
  EXPECT_TRUE(host.Collect(PartBit(0)).Has("VPN"));
  EXPECT_TRUE(changes.Reach(1));
  host.clock().Advance(absl::Seconds(200));
  host.Collect(PartBit(0));
  EXPECT_TRUE(changes.Reach(2));
}

// Nobody calls RAS: the wait itself moves the simulated host on.
TEST(RasChangeWatchTest, ChangesAreNoticedThoughNobodyLooks) {
  const simulated::Scenario scenario = ParseScenario(
      R"(ras { connections { name: "VPN" connected_for_s: 0 dial_s: 0.1 up_s: 0.2 down_s: 0.1 } })");
  simulated::World world(scenario, 1, SystemClock());
  simulated::RasModel model(scenario.ras(), world);
  Api api;
  world.Fill(api);
  model.Fill(api);
  Changes changes;
  RasChangeWatch watch(api, changes.Callback());
  EXPECT_TRUE(changes.Reach(4));
}

TEST(RasChangeWatchTest, BurstsAreOneCall) {
  RasHost host(R"(ras { connections { name: "VPN" count: 500 connected_for_s: 0 } })");
  Changes changes;
  RasChangeWatch watch(host.api(), changes.Callback());
  for (int i = 0; i < 50; ++i) {
    host.clock().Advance(absl::Milliseconds(100));
    host.Collect(PartBit(0));
  }
  EXPECT_EQ(host.Collect(PartBit(0)).size(), 500u);
  EXPECT_TRUE(changes.Reach(1));
  EXPECT_LT(changes.count(), 100);
}

// Pitfall 21.
TEST(RasChangeWatchTest, NoWatchWhereWindowsCannotNotify) {
  RasHost absent("");
  absent.api().ras_connection_notification = nullptr;
  RasChangeWatch no_function(absent.api(), [] {});
  EXPECT_FALSE(no_function.watching());

  RasHost failing("");
  failing.api().service_status = nullptr;
  failing.api().ras_connection_notification = [](Handle, Handle, uint32_t) { return uint32_t{1}; };
  RasChangeWatch no_registration(failing.api(), [] {});
  EXPECT_FALSE(no_registration.watching());

  RasHost no_events("");
  no_events.api().create_event = [](Handle*) { return kErrorAccessDenied; };
  RasChangeWatch watch(no_events.api(), [] {});
  EXPECT_FALSE(watch.watching());
}

TEST(RasChangeWatchTest, FailingWaitEndsTheWatch) {
  RasHost host("");
  int waits = 0;
  host.api().wait_for_events = [&](const Handle*, uint32_t, uint32_t, uint32_t*) {
    ++waits;
    return kErrorInvalidHandle;
  };
  Changes changes;
  { RasChangeWatch watch(host.api(), changes.Callback()); }
  EXPECT_EQ(waits, 1);
  EXPECT_EQ(changes.count(), 0);
}

TEST(RasChangeWatchTest, EventsAreRegisteredOnceEachAndNeverClosed) {
  RasHost host("");
  std::set<Handle> registered;
  std::set<Handle> closed;
  uint32_t all_flags = 0;
  host.api().ras_connection_notification = [&](Handle connection, Handle event, uint32_t flags) {
    EXPECT_EQ(connection, kInvalidHandle);
    EXPECT_EQ(flags & (flags - 1), 0u) << "one flag for each event";
    EXPECT_TRUE(registered.insert(event).second);
    all_flags |= flags;
    // A Windows that does not know mobility.
    return flags < kRasNotifyDormant ? kSuccess : kErrorInvalidParameter;
  };
  host.api().close_event = [&](Handle event) {
    closed.insert(event);
    return kSuccess;
  };
  {
    RasChangeWatch watch(host.api(), [] {});
  }
  EXPECT_EQ(all_flags, 0x3Fu);
  EXPECT_EQ(registered.size(), 6u);
  EXPECT_EQ(closed.size(), 1u) << "the one that ends the watch";
  for (const Handle event : closed) EXPECT_EQ(registered.count(event), 0u);
}

// A watch whose looks at the service a test lets happen one by one, each with what the service
// control manager says then. After the last look nothing happens any more.
class RasChangeWatchLookTest : public ::testing::Test {
 protected:
  struct Look {
    uint32_t state;
    uint64_t process_start;
    // What the service control manager and each registration return.
    uint32_t status_code = kSuccess;
    uint32_t code = kSuccess;
  };

  // How many registrations each look made.
  std::vector<int> Watch(const std::vector<Look>& looks) {
    std::vector<int> registrations(looks.size(), 0);
    size_t at = 0;
    ConditionVariable ended;
    Mutex mutex;
    bool end = false;
    RasHost host("");
    host.api().service_status = [&](const char*, ServiceStatus* status) {
      *status = {looks[at].state, 1, looks[at].process_start};
      return looks[at].status_code;
    };
    host.api().ras_connection_notification = [&](Handle, Handle, uint32_t) {
      ++registrations[at];
      return looks[at].code;
    };
    host.api().wait_for_events = [&](const Handle*, uint32_t count, uint32_t, uint32_t*) {
      // After a change there is a pause.
      if (count == 1 || ++at < looks.size()) return kWaitTimeout;
      at = looks.size() - 1;
      MutexLock lock(mutex);
      end = true;
      ended.notify_all();
      return kErrorInvalidHandle;
    };
    changes_ = 0;
    const RasChangeWatch watch(host.api(), [this] { ++changes_; });
    EXPECT_TRUE(watch.watching());
    MutexLock lock(mutex);
    while (!end) ended.wait(mutex);
    return registrations;
  }

  int changes_ = 0;
};

// Pitfall 23.
TEST_F(RasChangeWatchLookTest, RegisteringDoesNotStartTheService) {
  for (const ServiceState state :
       {kServiceStopped, kServiceStartPending, kServiceStopPending, kServicePaused}) {
    EXPECT_EQ(Watch({{state, 0}, {state, 0}}), (std::vector<int>{0, 0})) << state;
    EXPECT_EQ(changes_, 0);
  }
  EXPECT_EQ(Watch({{kServiceStopped, 0}, {kServiceRunning, 7}, {kServiceRunning, 7}}),
            (std::vector<int>{0, 6, 0}));
  EXPECT_EQ(changes_, 1) << "connections may have been made since";
}

TEST_F(RasChangeWatchLookTest, ServiceThatNothingIsKnownOfIsTried) {
  constexpr uint32_t kErrorServiceDoesNotExist = 1060;
  const Look unknown = {0, 0, kErrorServiceDoesNotExist};
  EXPECT_EQ(Watch({unknown, unknown}), (std::vector<int>{6, 0}));
}

TEST_F(RasChangeWatchLookTest, FailedRegistrationIsTriedAgain) {
  for (const uint32_t code : {711u, 1722u}) {
    const Look failing = {kServiceRunning, 7, kSuccess, code};
    EXPECT_EQ(Watch({failing, failing, {kServiceRunning, 7}, {kServiceRunning, 7}}),
              (std::vector<int>{6, 6, 6, 0}));
    EXPECT_EQ(changes_, 1);
  }
}

// RasMan shares its process with other services.
TEST_F(RasChangeWatchLookTest, RestartWithinTheSameProcessIsNoticed) {
  EXPECT_EQ(Watch({{kServiceRunning, 7}, {kServiceStopPending, 7}, {kServiceRunning, 7}}),
            (std::vector<int>{6, 0, 6}));
}

// The service forgets registrations when it ends.
TEST(RasChangeWatchTest, RestartedServiceIsRegisteredWithAgain) {
  RasHost host(R"(ras { connections { name: "VPN" } }
                  service_outages { service: "RasMan" after_s: 10 duration_s: 5 })");
  // A wait of half a minute is over at once when nothing is signalled, and the service restarts.
  int timeouts = 0;
  host.api().wait_for_events = [&, wait = host.api().wait_for_events](
                                   const Handle* events, uint32_t count, uint32_t milliseconds,
                                   uint32_t* signalled) {
    if (milliseconds < 1000) return wait(events, count, milliseconds, signalled);
    if (timeouts < 3) {
      ++timeouts;
      host.clock().Advance(absl::Seconds(10));
      return kWaitTimeout;
    }
    return wait(events, count, milliseconds, signalled);
  };
  std::atomic<int> registrations{0};
  host.api().ras_connection_notification = [&, call = host.api().ras_connection_notification](
                                               Handle connection, Handle event, uint32_t flags) {
    ++registrations;
    return call(connection, event, flags);
  };
  Changes changes;
  RasChangeWatch watch(host.api(), changes.Callback());
  EXPECT_TRUE(changes.Reach(1));
  EXPECT_EQ(registrations, 12);
}

}  // namespace
}  // namespace farstat::sources::windows
