// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "tests/service/testing/binary.h"

extern char** environ;

namespace thimble::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct Pipe {
  int read = -1, write = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) {
      read = ends[0];
      write = ends[1];
    }
  }
};

pid_t Spawn(const std::vector<std::string>& arguments, const TempDir& here, int out, int err) {
  std::vector<std::string> words{THIMBLE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, here.path().c_str());
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, THIMBLE_BINARY, &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed == 0 ? pid : -1;
}

// The exit code; -1 when a signal ended it or it had to be killed after a minute.
int Wait(pid_t pid) {
  const auto deadline = SteadyClock::now() + std::chrono::seconds(60);
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (SteadyClock::now() > deadline) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      return -1;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string ReadAll(int descriptor) {
  std::string text;
  std::array<char, 65536> chunk;
  ssize_t count;
  while ((count = ::read(descriptor, chunk.data(), chunk.size())) > 0)
    text.append(chunk.data(), static_cast<size_t>(count));
  ::close(descriptor);
  return text;
}

}  // namespace

std::string SaidOnATerminal(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{THIMBLE_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int terminal = -1;
  const pid_t pid = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    ::execv(THIMBLE_BINARY, argv.data());
    ::_exit(127);
  }
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(terminal, buffer.data(), buffer.size())) > 0;)
    said.append(buffer.data(), static_cast<size_t>(n));
  ::close(terminal);
  (void)Wait(pid);
  return said;
}

ProcessResult RunThimble(const std::vector<std::string>& arguments) {
  const Pipe out, err;
  const TempDir here;
  const pid_t pid = Spawn(arguments, here, out.write, err.write);
  ::close(out.write);
  ::close(err.write);
  if (pid < 0) return {};
  ProcessResult result;
  std::thread errors([&] { result.err = ReadAll(err.read); });
  result.out = ReadAll(out.read);
  errors.join();
  result.exit_code = Wait(pid);
  return result;
}

std::string ThimbleBinary() { return THIMBLE_BINARY; }

ServeProcess::ServeProcess(const std::vector<std::string>& arguments) {
  const Pipe out;
  std::vector<std::string> words{"serve"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);  // its log
  pid_ = Spawn(words, here_, out.write, nowhere);
  ::close(nowhere);
  ::close(out.write);
  out_ = out.read;
  std::string line;
  char c;
  pollfd entry{out_, POLLIN, 0};
  while (::poll(&entry, 1, 20'000) > 0 && ::read(out_, &c, 1) == 1 && c != '\n') line += c;
  const std::string prefix = "listening on ";
  if (line.starts_with(prefix)) address_ = line.substr(prefix.size());
}

ServeProcess::~ServeProcess() {
  if (pid_ > 0) Terminate();
  if (out_ >= 0) ::close(out_);
}

void ServeProcess::Signal(int signal) const { ::kill(pid_, signal); }

int ServeProcess::Terminate() {
  Signal(SIGTERM);
  const int code = Wait(pid_);
  pid_ = -1;
  return code;
}

}  // namespace thimble::test
