#include "agent/sources/linux/socket_owners.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace farstat::sources {
namespace {

namespace fs = std::filesystem;

// A /proc in a temporary folder.
class FakeProc {
 public:
  FakeProc() {
    std::string pattern = (fs::temp_directory_path() / "farstat_proc_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~FakeProc() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  void AddProcess(int pid, const std::string& name, const std::vector<std::string>& links) {
    const fs::path process = path_ / std::to_string(pid);
    fs::create_directories(process / "fd");
    std::ofstream(process / "comm") << name << '\n';
    for (size_t i = 0; i < links.size(); ++i) {
      fs::create_symlink(links[i], process / "fd" / std::to_string(i));
    }
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(SocketOwnersTest, FindsTheLowestPid) {
  FakeProc proc;
  proc.AddProcess(1000, "late", {"socket:[7]", "socket:[8]"});
  proc.AddProcess(9, "early", {"/dev/null", "socket:[7]", "pipe:[8]", "socket:[9]"});
  proc.AddProcess(50, "idle", {"anon_inode:[eventpoll]", std::string(200, 'x')});
  SocketOwners owners(proc.path().string());
  uint64_t native_calls = 0;
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  ASSERT_NE(owners.Find(7), nullptr);
  EXPECT_EQ(owners.Find(7)->pid, 9u);
  EXPECT_EQ(owners.Find(7)->process, "early");
  EXPECT_EQ(owners.Find(8)->pid, 1000u);
  EXPECT_EQ(owners.Find(8)->process, "late");
  EXPECT_EQ(owners.Find(9)->pid, 9u);
  EXPECT_EQ(owners.Find(10), nullptr);
  EXPECT_EQ(owners.denied_processes(), 0u);
  // At least: three times open, two getdents64 and close; four plus two plus two links; two names.
  EXPECT_GE(native_calls, 4u * 4 + 8 + 2 * 3);
}

TEST(SocketOwnersTest, ReplacesWhatItKnew) {
  FakeProc proc;
  proc.AddProcess(1, "one", {"socket:[7]"});
  SocketOwners owners(proc.path().string());
  uint64_t native_calls = 0;
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  fs::remove_all(proc.path() / "1");
  proc.AddProcess(2, "two", {"socket:[8]"});
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  EXPECT_EQ(owners.Find(7), nullptr);
  EXPECT_EQ(owners.Find(8)->process, "two");
}

TEST(SocketOwnersTest, TakesVanishingProcessesAsNormal) {
  FakeProc proc;
  proc.AddProcess(3, "no name", {"socket:[7]"});
  fs::remove(proc.path() / "3" / "comm");
  fs::create_directories(proc.path() / "4");  // its fd is gone
  SocketOwners owners(proc.path().string());
  uint64_t native_calls = 0;
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  EXPECT_EQ(owners.Find(7)->pid, 3u);
  EXPECT_EQ(owners.Find(7)->process, "");
  EXPECT_EQ(owners.denied_processes(), 0u);
}

TEST(SocketOwnersTest, IgnoresLinksThatOnlyLookLikeSockets) {
  FakeProc proc;
  proc.AddProcess(3, "odd",
                  {"socket:[]", "socket:[7", "socket:7]", "socket:[-7]", "socket:[7x]",
                   "socket:[4294967296]", "socket:[18446744073709551615]"});
  SocketOwners owners(proc.path().string());
  uint64_t native_calls = 0;
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  EXPECT_EQ(owners.Find(7), nullptr);
  EXPECT_EQ(owners.Find(0), nullptr);
}

TEST(SocketOwnersTest, SaysThatThereIsNoProc) {
  SocketOwners owners("/nonexistent/proc");
  uint64_t native_calls = 0;
  const absl::Status status = owners.Scan(native_calls);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(native_calls, 1u);
}

TEST(SocketOwnersTest, FindsTheSocketsOfThisProcess) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  struct stat status = {};
  ASSERT_EQ(fstat(fd, &status), 0);
  SocketOwners owners;
  uint64_t native_calls = 0;
  ASSERT_TRUE(owners.Scan(native_calls).ok());
  const SocketOwner* owner = owners.Find(static_cast<uint32_t>(status.st_ino));
  ASSERT_NE(owner, nullptr);
  EXPECT_EQ(owner->pid, static_cast<uint32_t>(getpid()));
  close(fd);
}

// Another user may not look at this process.
TEST(SocketOwnersTest, CountsProcessesThatItMayNotLookAt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    constexpr uid_t kNobody = 65534;
    if (setresuid(kNobody, kNobody, kNobody) != 0) _exit(2);
    SocketOwners owners;
    uint64_t native_calls = 0;
    const bool counted = owners.Scan(native_calls).ok() && owners.denied_processes() > 0;
    _exit(counted ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(ToUtf8Test, KeepsWhatIsValid) {
  for (const std::string text : {"", "nginx", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                 "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(ToUtf8(text), text);
  }
}

TEST(ToUtf8Test, ReplacesWhatIsNot) {
  EXPECT_EQ(ToUtf8("caf\xc3"), "caf?");
  EXPECT_EQ(ToUtf8("\xe2\x82"), "??");
  EXPECT_EQ(ToUtf8("a\xffz"), "a?z");
  EXPECT_EQ(ToUtf8("\xc0\x80"), "??");
  EXPECT_EQ(ToUtf8("\xe0\x80\x80"), "???");
  EXPECT_EQ(ToUtf8("\xed\xa0\x80"), "???");
  EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80"), "????");
  EXPECT_EQ(ToUtf8("\x80\xc3\xa9"), "?\xc3\xa9");
}

}  // namespace
}  // namespace farstat::sources
