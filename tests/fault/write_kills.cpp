// SPDX-License-Identifier: Apache-2.0
//
// kill -9 at random points of writing:  write_kills [KILLS, default 20] [PLATFORMS, default 100] [SEED]
// Eight threads of another process register platforms, each in journal and store, until it is killed; the next one begins
// at once. Afterwards every registration that had returned is there, and nothing is told to be damaged. Without a server
// in between, so that nearly every kill falls into a write. Prints the row of docs/RELIABILITY.md.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cache/platform_registry.h"
#include "cache/rocks_store.h"
#include "service/platforms/registration_recovery.h"
#include "tcb/base/text.h"
#include "tests/cache/platforms.h"
#include "tests/support/temp_dir.h"

namespace thimble::test {
namespace {

constexpr int kThreads = 8;
constexpr Instant kNow{Seconds(1'780'000'000)};

intel::PlatformId PlatformOf(uint64_t number) { return Id(StrCat("AB", number)); }

// One line at a time: shorter than what a pipe takes whole.
void Say(char what, uint64_t number) {
  const std::string line = StrCat(what, number, "\n");
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) ::_exit(1);
}

// Registers from `first` on, up to `end`; says "b<number>" before and "a<number>" when it is acknowledged.
int Write(const std::string& data, uint64_t first, uint64_t end) {
  auto opened = RocksStore::Open(data);
  if (!opened.ok()) return 1;
  const std::shared_ptr<Store> store = std::move(opened).value();
  auto recovered = RecoverRegistrations(*store, data, kNow);
  if (!recovered.ok()) return 1;
  PlatformRegistry registry(store, recovered->journal.get());
  std::atomic<uint64_t> next{first};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (uint64_t number = next++; number < end; number = next++) {
        Say('b', number);
        const Registration registration = ByPpid(PlatformOf(number));
        const Status done = registry.Edit([&](RegistryEdit& edit) -> Status {
          TRY(edit.Remember(registration));
          return edit.Enqueue(registration, QueuedRegistration::Why::kNew);
        });
        if (done) Say('a', number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

class Kills {
 public:
  Kills(int kills, uint64_t platforms, uint64_t seed) : kills_(kills), platforms_(platforms), random_(seed) {}

  // The number of things that were wrong.
  int Run() {
    for (int kill = 0; kill < kills_; ++kill) {
      const uint64_t goal = platforms_ * static_cast<uint64_t>(kill + 1) / static_cast<uint64_t>(kills_ + 1);
      RunUntil(goal, true);
      Check();
    }
    RunUntil(platforms_, false);
    Check();
    if (acknowledged_.size() < platforms_)
      Wrong(StrCat(acknowledged_.size(), " of ", platforms_, " came about"));
    return wrong_;
  }
  int inside() const { return inside_; }
  size_t acknowledged() const { return acknowledged_.size(); }

 private:
  void Wrong(const std::string& what) {
    ++wrong_;
    std::printf("%s\n", what.c_str());
  }

  // A process that writes until so many are acknowledged in all, and a little longer.
  void RunUntil(uint64_t goal, bool kill) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Wrong("no pipe");
    const std::string data = files_ / "data", first = std::to_string(next_);
    const std::string end =
        std::to_string(kill ? next_ + 1'000'000 : next_ + platforms_ - acknowledged_.size());
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execl("/proc/self/exe", "write_kills", "write", data.c_str(), first.c_str(), end.c_str(), nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    std::set<uint64_t> begun;
    while ((acknowledged_.size() < goal || begun.empty()) && ReadLine(ends[0], begun)) {
    }
    if (kill) {
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 3000));
      ::kill(child, SIGKILL);
    }
    while (ReadLine(ends[0], begun)) {
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    inside_ += begun.empty() ? 0 : 1;
  }

  bool ReadLine(int pipe, std::set<uint64_t>& begun) {
    std::string line;
    char c = 0;
    while (::read(pipe, &c, 1) == 1 && c != '\n') line += c;
    if (line.size() < 2) return false;
    uint64_t number = 0;
    std::from_chars(line.data() + 1, line.data() + line.size(), number);
    next_ = std::max(next_, number + 1);
    if (line.front() == 'b') begun.insert(number);
    if (line.front() == 'a') {
      begun.erase(number);
      acknowledged_.insert(number);
    }
    return true;
  }

  void Check() {
    const auto store = RocksStore::Open(files_ / "data");
    if (!store.ok()) return Wrong(store.error().message);
    const auto recovered = RecoverRegistrations(**store, files_ / "data", kNow);
    if (!recovered.ok()) return Wrong(recovered.error().message);
    const RegistrationFindings& found = recovered->findings;
    if (found.to_store + found.to_journal + found.damaged_lines + found.lost != 0) Wrong("damage is told");
    for (const uint64_t number : acknowledged_) {
      const std::string name = "registry/platform/" + PlatformOf(number).name();
      const auto value = (*store)->Get(name);
      if (!value.ok() || !value->has_value()) Wrong(StrCat(name, " was acknowledged and is lost"));
    }
  }

  const int kills_;
  const uint64_t platforms_;
  TempDir files_;
  std::mt19937_64 random_;
  std::set<uint64_t> acknowledged_;
  uint64_t next_ = 0;
  int inside_ = 0, wrong_ = 0;
};

}  // namespace
}  // namespace thimble::test

int main(int argc, char** argv) {
  const auto number = [&](int at, uint64_t otherwise) {
    if (argc > at) std::from_chars(argv[at], argv[at] + std::char_traits<char>::length(argv[at]), otherwise);
    return otherwise;
  };
  if (argc == 5 && std::string(argv[1]) == "write")
    return thimble::test::Write(argv[2], number(3, 0), number(4, 0));
  const auto kills = static_cast<int>(number(1, 20));
  thimble::test::Kills all(kills, number(2, 100), number(3, 1));
  const int wrong = all.Run();
  std::printf(
      "| kill -9 while 8 threads register | %d kills, %d inside a write | %zu acknowledged | %d wrong |\n",
      kills, all.inside(), all.acknowledged(), wrong);
  return wrong == 0 ? 0 : 1;
}
