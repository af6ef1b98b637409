#include "agent/service/installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace farstat::service {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Windows as far as installing sees it. Calls fail with `codes` of their name.
class WindowsFake {
 public:
  WindowsFake() {
    calls_.is_elevated = [this] { return elevated; };
    calls_.create_service = [this](const ServiceSettings& settings) {
      if (service.has_value()) return Do("create_service", kErrorServiceExists);
      const uint32_t code = Do("create_service");
      if (code == 0) service = settings;
      return code;
    };
    calls_.change_service = [this](const ServiceSettings& settings) {
      service = settings;
      return Do("change_service");
    };
    Setting("set_description", calls_.set_description);
    Setting("set_delayed_start", calls_.set_delayed_start);
    Setting("set_failure_actions", calls_.set_failure_actions);
    Setting("set_failure_actions_on_exit_code", calls_.set_failure_actions_on_exit_code);
    Setting("set_privileges", calls_.set_privileges);
    Setting("set_service_sid", calls_.set_service_sid);
    Setting("set_preshutdown_timeout", calls_.set_preshutdown_timeout);
    calls_.start_service = [this](const std::string&) { return Start(); };
    calls_.stop_service = [this](const std::string&) { return Stop(); };
    calls_.delete_service = [this](const std::string&) {
      if (!service.has_value()) return Do("delete_service", kErrorServiceDoesNotExist);
      const uint32_t code = Do("delete_service");
      if (code == 0) service.reset();
      return code;
    };
    calls_.add_event_source = [this](const std::string& name, const std::string& program) {
      const uint32_t code = Do("add_event_source");
      if (code == 0) event_sources[name] = program;
      return code;
    };
    calls_.remove_event_source = [this](const std::string& name) {
      const uint32_t code = Do("remove_event_source");
      return code == 0 && event_sources.erase(name) == 0 ? kErrorFileNotFound : code;
    };
    calls_.make_private_folder = [this](const std::string& path) {
      const uint32_t code = Do("make_private_folder");
      if (code == 0) folders.insert(path);
      return code;
    };
    calls_.remove_folder = [this](const std::string& path) {
      folders.erase(path);
      return Do("remove_folder");
    };
    calls_.error_text = [](uint32_t code) { return absl::StrCat("Windows' text of ", code); };
  }
  WindowsFake(const WindowsFake&) = delete;
  WindowsFake& operator=(const WindowsFake&) = delete;

  const InstallCalls& calls() const { return calls_; }

  bool elevated = true;
  std::map<std::string, uint32_t> codes;
  std::vector<std::string> called;
  std::optional<ServiceSettings> service;
  bool running = false;
  std::map<std::string, std::string> event_sources;
  std::set<std::string> folders;

 private:
  uint32_t Do(const std::string& name, uint32_t otherwise = 0) {
    called.push_back(name);
    const auto found = codes.find(name);
    return found != codes.end() ? found->second : otherwise;
  }
  void Setting(const std::string& name, std::function<uint32_t(const ServiceSettings&)>& entry) {
    entry = [this, name](const ServiceSettings&) {
      return Do(name, service.has_value() ? 0 : kErrorServiceDoesNotExist);
    };
  }
  uint32_t Start() {
    if (running) return Do("start_service", kErrorServiceAlreadyRunning);
    const uint32_t code = Do("start_service");
    running = code == 0;
    return code;
  }
  uint32_t Stop() {
    if (!service.has_value()) return Do("stop_service", kErrorServiceDoesNotExist);
    if (!running) return Do("stop_service", kErrorServiceNotActive);
    running = false;
    return Do("stop_service");
  }

  InstallCalls calls_;
};

const HostPaths kPaths = {"D:\\farstat", "D:\\farstat\\agent.textproto", "D:\\farstat\\state",
                          "D:\\farstat\\logs"};
const InstallOptions kOptions = {"C:\\Program Files\\farstat\\farstat-agent.exe", kPaths, false};

TEST(InstallationTest, InstallsEverything) {
  WindowsFake windows;
  const auto said = Install(windows.calls(), kOptions);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(
      windows.called,
      ElementsAre("make_private_folder", "make_private_folder", "make_private_folder",
                  "create_service", "set_description", "set_delayed_start", "set_failure_actions",
                  "set_failure_actions_on_exit_code", "set_privileges", "set_service_sid",
                  "set_preshutdown_timeout", "add_event_source"));
  EXPECT_EQ(windows.service->command_line,
            "\"C:\\Program Files\\farstat\\farstat-agent.exe\" service")
      << "without quotes Windows would try C:\\Program.exe first";
  EXPECT_EQ(windows.service->name, "farstat-agent");
  EXPECT_THAT(windows.service->privileges, ElementsAre("SeChangeNotifyPrivilege"));
  EXPECT_EQ(windows.event_sources["farstat-agent"], kOptions.program);
  EXPECT_EQ(windows.folders.size(), 3u);
  EXPECT_FALSE(windows.running);
}

TEST(InstallationTest, SecondInstallBringsUpToDate) {
  WindowsFake windows;
  ASSERT_TRUE(Install(windows.calls(), kOptions).ok());
  InstallOptions elsewhere = kOptions;
  elsewhere.program = "E:\\new.exe";
  const auto said = Install(windows.calls(), elsewhere);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(absl::StrJoin(*said, "\n"), HasSubstr("brought up to date"));
  EXPECT_EQ(windows.service->command_line, "\"E:\\new.exe\" service");
  EXPECT_THAT(windows.called, Contains("change_service").Times(1));
}

TEST(InstallationTest, StartsWhenAsked) {
  WindowsFake windows;
  InstallOptions options = kOptions;
  options.start = true;
  ASSERT_TRUE(Install(windows.calls(), options).ok());
  EXPECT_TRUE(windows.running);
  const auto again = Install(windows.calls(), options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(absl::StrJoin(*again, "\n"), HasSubstr("runs already"));
  WindowsFake refusing;
  refusing.codes["start_service"] = 1066;
  const auto refused = Install(refusing.calls(), options);
  EXPECT_THAT(std::string(refused.status().message()),
              AllOf(HasSubstr("starting"), HasSubstr("event log")));
}

TEST(InstallationTest, OnlyAdministratorsMay) {
  WindowsFake windows;
  windows.elevated = false;
  for (const auto& said :
       {Install(windows.calls(), kOptions), Uninstall(windows.calls(), kPaths)}) {
    EXPECT_EQ(said.status().code(), absl::StatusCode::kPermissionDenied);
    EXPECT_THAT(std::string(said.status().message()), HasSubstr("as administrator"));
  }
  EXPECT_THAT(windows.called, IsEmpty());
}

TEST(InstallationTest, EachFailureIsToldWithWindowsWords) {
  for (const std::string call :
       {"make_private_folder", "create_service", "set_description", "set_delayed_start",
        "set_failure_actions", "set_failure_actions_on_exit_code", "set_privileges",
        "set_service_sid", "set_preshutdown_timeout", "add_event_source"}) {
    WindowsFake windows;
    windows.codes[call] = kErrorAccessIsDenied;
    const auto said = Install(windows.calls(), kOptions);
    EXPECT_THAT(std::string(said.status().message()),
                AllOf(HasSubstr("Windows' text of 5"), HasSubstr("administrator")))
        << call;
    EXPECT_EQ(windows.called.back(), call) << "nothing after it";
  }
}

TEST(InstallationTest, OlderWindowsGoesWithoutWhatItDoesNotKnow) {
  WindowsFake windows;
  windows.codes["set_preshutdown_timeout"] = kErrorInvalidLevel;
  windows.codes["set_service_sid"] = kErrorInvalidLevel;
  const auto said = Install(windows.calls(), kOptions);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_THAT(absl::StrJoin(*said, "\n"), AllOf(HasSubstr("note"), HasSubstr("service SIDs")));
}

TEST(InstallationTest, SomebodyElsesFolderIsRefused) {
  WindowsFake windows;
  windows.codes["make_private_folder"] = kErrorInvalidOwner;
  const auto said = Install(windows.calls(), kOptions);
  EXPECT_THAT(std::string(said.status().message()),
              AllOf(HasSubstr("D:\\farstat"), HasSubstr("delete it")));
  EXPECT_THAT(windows.called, Not(Contains("create_service")));
}

TEST(InstallationTest, ServiceThatIsBeingRemovedIsExplained) {
  WindowsFake windows;
  windows.codes["create_service"] = kErrorServiceMarkedForDelete;
  EXPECT_THAT(std::string(Install(windows.calls(), kOptions).status().message()),
              HasSubstr("services.msc"));
}

TEST(InstallationTest, UninstallLeavesSettingsOnly) {
  WindowsFake windows;
  InstallOptions options = kOptions;
  options.start = true;
  ASSERT_TRUE(Install(windows.calls(), options).ok());
  const auto said = Uninstall(windows.calls(), kPaths);
  ASSERT_TRUE(said.ok()) << said.status();
  EXPECT_FALSE(windows.running);
  EXPECT_FALSE(windows.service.has_value());
  EXPECT_THAT(windows.event_sources, IsEmpty());
  EXPECT_THAT(windows.folders, ElementsAre(kPaths.folder));
  EXPECT_THAT(said->back(), HasSubstr("settings"));
  const auto again = Uninstall(windows.calls(), kPaths);
  EXPECT_TRUE(again.ok()) << again.status();
}

TEST(InstallationTest, ServiceThatWillNotStopStaysWhole) {
  WindowsFake windows;
  InstallOptions options = kOptions;
  options.start = true;
  ASSERT_TRUE(Install(windows.calls(), options).ok());
  windows.codes["stop_service"] = 1053;
  const auto said = Uninstall(windows.calls(), kPaths);
  EXPECT_THAT(std::string(said.status().message()), HasSubstr("stopping the service"));
  EXPECT_TRUE(windows.service.has_value());
}

}  // namespace
}  // namespace farstat::service
