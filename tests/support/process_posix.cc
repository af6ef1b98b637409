#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/support/process.h"

extern char** environ;

namespace farstat::testing {
namespace {

int ExitCode(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Appends what the pipe holds; closes it at its end.
void Drain(int& pipe, std::string& to) {
  char bytes[65536];
  const ssize_t size = read(pipe, bytes, sizeof(bytes));
  if (size > 0) {
    to.append(bytes, static_cast<size_t>(size));
    return;
  }
  close(pipe);
  pipe = -1;
}

// The end of what a program said, for the message of a failed test.
std::string Last(const std::string& said) {
  constexpr size_t kShown = 1000;
  return said.size() <= kShown ? said : absl::StrCat("…", said.substr(said.size() - kShown));
}

std::vector<std::string> AgentArguments(std::vector<std::string> more) {
  std::vector<std::string> arguments = {"run", "--listen", "127.0.0.1:0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

std::string Binary(const std::string& name) {
  const char* folder = std::getenv("FARSTAT_BIN_DIR");
  return absl::StrCat(folder == nullptr ? "build/bin" : folder, "/", name);
}

Process::Process(const std::string& program, const std::vector<std::string>& arguments) {
  int out[2];
  int err[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  EXPECT_EQ(pipe2(err, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ), 0)
      << program;
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  close(err[1]);
  out_pipe_ = out[0];
  err_pipe_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (out_pipe_ >= 0) close(out_pipe_);
  if (err_pipe_ >= 0) close(err_pipe_);
}

void Process::Signal(int signal) const { kill(pid_, signal); }

bool Process::ReadMore(absl::Duration limit) {
  pollfd pipes[] = {{out_pipe_, POLLIN, 0}, {err_pipe_, POLLIN, 0}};
  if (out_pipe_ < 0 && err_pipe_ < 0) return false;
  if (poll(pipes, 2, static_cast<int>(absl::ToInt64Milliseconds(limit)) + 1) <= 0) return true;
  if (out_pipe_ >= 0 && pipes[0].revents != 0) Drain(out_pipe_, out_);
  if (err_pipe_ >= 0 && pipes[1].revents != 0) Drain(err_pipe_, err_);
  return true;
}

std::string Process::WaitForText(const std::string& said, const std::string& text,
                                 absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (said.find(text) == std::string::npos) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration() || !ReadMore(left)) {
      ADD_FAILURE() << "waited for \"" << text << "\"; got last: " << Last(out_) << Last(err_);
      break;
    }
  }
  return said;
}

std::string Process::WaitForError(const std::string& text, absl::Duration limit) {
  return WaitForText(err_, text, limit);
}

std::string Process::WaitForOutput(const std::string& text, absl::Duration limit) {
  return WaitForText(out_, text, limit);
}

std::string Process::Said() {
  size_t size = 0;
  do {
    size = out_.size() + err_.size();
    ReadMore(absl::ZeroDuration());
  } while (out_.size() + err_.size() > size);
  return absl::StrCat(out_, err_);
}

std::string Process::Output(absl::Duration limit) {
  ReadMore(limit);
  return out_;
}

void Process::CloseOutput() {
  if (out_pipe_ >= 0) close(out_pipe_);
  out_pipe_ = -1;
}

Finished Process::Wait(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  Finished finished;
  while (pid_ > 0 && absl::Now() < deadline) {
    ReadMore(absl::Milliseconds(20));
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) continue;
    finished.exit_code = ExitCode(status);
    pid_ = -1;
  }
  // What it said last.
  while (pid_ < 0 && ReadMore(absl::Milliseconds(100)) && (out_pipe_ >= 0 || err_pipe_ >= 0) &&
         absl::Now() < deadline) {
  }
  finished.out = out_;
  finished.err = err_;
  return finished;
}

Finished RunToEnd(const std::string& program, const std::vector<std::string>& arguments,
                  absl::Duration limit) {
  Process process(program, arguments);
  return process.Wait(limit);
}

RunningAgent::RunningAgent(std::vector<std::string> more_arguments)
    : process_(Binary("farstat-agent"), AgentArguments(std::move(more_arguments))) {
  const std::string said = process_.WaitForError("serving on 127.0.0.1:");
  const size_t begin = said.find("127.0.0.1:");
  if (begin == std::string::npos) return;
  address_ = said.substr(begin, said.find_first_of(" \n", begin) - begin);
}

}  // namespace farstat::testing
