// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <stdexcept>

namespace thimble::test {
namespace {

// After fork: only what is safe between threads.
[[noreturn]] void Become(char* const* words, const char* here, int out,
                         const std::optional<uint64_t>& max_file) {
  if (::chdir(here) != 0) ::_exit(127);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
  if (max_file) {
    const rlimit limit{*max_file, *max_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);  // the write fails instead
  }
  ::execv(words[0], words);
  ::_exit(127);
}

}  // namespace

Child::Child(const std::vector<std::string>& serve_arguments, std::optional<uint64_t> max_file) {
  std::vector<std::string> words{THIMBLE_BINARY, "serve"};
  words.insert(words.end(), serve_arguments.begin(), serve_arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) Become(pointers.data(), here_.path().c_str(), pipe[1], max_file);
  ::close(pipe[1]);
  out_ = pipe[0];
}

Child::~Child() {
  Kill();
  ::close(out_);
}

uint16_t Child::WaitForPort() {
  std::string line;
  char c = 0;
  pollfd entry{out_, POLLIN, 0};
  while (::poll(&entry, 1, 60'000) > 0 && ::read(out_, &c, 1) == 1 && c != '\n') line += c;
  const size_t colon = line.rfind(':');
  uint16_t port = 0;
  if (colon != std::string::npos) std::from_chars(line.data() + colon + 1, line.data() + line.size(), port);
  return port;
}

int Child::Reap() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void Child::Kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  (void)Reap();
}

int Child::Terminate() {
  ::kill(pid_, SIGTERM);
  return Reap();
}

}  // namespace thimble::test
