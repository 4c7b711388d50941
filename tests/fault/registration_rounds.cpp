// SPDX-License-Identifier: Apache-2.0
//
// Platforms registered by eight clients at once, while the server is killed over and over:
//   registration_rounds [KILLS, default 4] [PLATFORMS, default 80] [SEED]
// Every registration that was acknowledged is there afterwards, and nothing that was asked for once is there twice.
// Prints the row of docs/RELIABILITY.md.
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "service/monitoring/status_report.h"
#include "tcb/base/text.h"
#include "tests/fault/child.h"
#include "tests/service/testing/raw_http.h"

namespace thimble {
namespace {

using test::Child;

constexpr int kClients = 8;

std::string QeId(size_t i) {
  const std::string digits = std::to_string(i);
  return std::string(32 - digits.size(), '0') + digits;
}

std::string Registration(size_t i) {
  return StrCat(R"({"qe_id":")", QeId(i), R"(","pce_id":"0000","cpu_svn":")", std::string(32, '0'),
                R"(","pce_svn":"0D00","enc_ppid":")", std::string(768, 'a'), R"(","platform_manifest":""})");
}

class Rounds {
 public:
  Rounds(int kills, size_t platforms, uint64_t seed) : kills_(kills), platforms_(platforms), random_(seed) {}

  // The number of things that were wrong.
  int Run() {
    auto child = Started();
    std::vector<std::thread> clients;
    for (int i = 0; i < kClients; ++i) clients.emplace_back([this] { RegisterAll(); });
    for (int kill = 1; kill <= kills_; ++kill) {
      WaitForAcknowledged(platforms_ * static_cast<size_t>(kill) / static_cast<size_t>(kills_ + 1));
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 4000));
      const int waiting = waiting_;
      child->Kill();
      inside_ += waiting > 0 ? 1 : 0;  // a request that waits for its answer waits for the disk
      child = Started();
    }
    for (std::thread& client : clients) client.join();
    child->Kill();
    child = Started();
    CheckQueue();
    if (child->Terminate() != 0) Wrong("the server did not stop well");
    child = Started();
    return wrong_;
  }
  int inside() const { return inside_; }

 private:
  void Wrong(const std::string& what) {
    ++wrong_;
    std::printf("%s\n", what.c_str());
  }

  std::unique_ptr<Child> Started() {
    const size_t acknowledged = Acknowledged();
    auto child = std::make_unique<Child>(
        std::vector<std::string>{"--listen", "127.0.0.1:0", "--data", files_ / "data", "--config", config_});
    const uint16_t port = child->WaitForPort();
    if (port == 0) Wrong("the server did not start");
    const auto report = ParseStatusJson(test::Get(port, "/v1/status").body);
    if (!report || report->registrations < acknowledged || !report->damage.empty())
      Wrong(StrCat("the status knows ", report ? report->registrations : 0, " of ", acknowledged,
                   report && !report->damage.empty() ? ": " + report->damage.front() : ""));
    return child;
  }

  void RegisterAll() {
    for (size_t i = next_++; i < platforms_; i = next_++) {
      while (!RegisterOnce(i)) std::this_thread::yield();
      const std::lock_guard lock(mutex_);
      acknowledged_.insert(QeId(i));
      progress_.notify_all();
    }
  }
  bool RegisterOnce(size_t i) {
    const std::string socket = files_ / "data" + "/thimble.sock";
    test::RawConnection connection(socket);
    if (!connection.connected()) return false;
    const std::string body = Registration(i);
    ++waiting_;
    connection.Send(StrCat("POST /sgx/certification/v4/platforms HTTP/1.1\r\nHost: localhost\r\n",
                           "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n",
                           body));
    const int status = connection.Receive().status;
    --waiting_;
    return status == 200;
  }

  size_t Acknowledged() {
    const std::lock_guard lock(mutex_);
    return acknowledged_.size();
  }
  void WaitForAcknowledged(size_t count) {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [&] { return acknowledged_.size() >= count; });
  }

  void CheckQueue() {
    const std::string socket = files_ / "data" + "/thimble.sock";
    test::RawConnection connection(socket);
    connection.Send("GET /sgx/certification/v4/platforms HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string body = connection.Receive().body;
    size_t found = 0;
    for (size_t at = body.find("\"qe_id\""); at != std::string::npos; at = body.find("\"qe_id\"", at + 1))
      ++found;
    if (found != platforms_) Wrong(StrCat("the queue has ", found, " of ", platforms_, " registrations"));
    for (const std::string& id : acknowledged_) {
      if (body.find(id) == std::string::npos) Wrong(StrCat(id, " was acknowledged and is lost"));
    }
  }

  const int kills_;
  const size_t platforms_;
  test::TempDir files_;
  const std::string config_ = files_.Write("thimble.toml", "[pccs]\nmode = \"OFFLINE\"\n");
  std::mt19937_64 random_;
  std::atomic<size_t> next_{0};
  std::atomic<int> waiting_{0};
  std::mutex mutex_;
  std::condition_variable progress_;
  std::set<std::string> acknowledged_;
  int inside_ = 0, wrong_ = 0;
};

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  const auto number = [&](int at, uint64_t otherwise) {
    if (argc > at) std::from_chars(argv[at], argv[at] + std::char_traits<char>::length(argv[at]), otherwise);
    return otherwise;
  };
  const auto kills = static_cast<int>(number(1, 4));
  const auto platforms = static_cast<size_t>(number(2, 80));
  thimble::Rounds rounds(kills, platforms, number(3, 1));
  const int wrong = rounds.Run();
  std::printf(
      "| kill -9 while 8 clients register %zu platforms | %d kills, %d inside a write | %zu acknowledged, %d "
      "wrong |\n",
      platforms, kills, rounds.inside(), platforms, wrong);
  return wrong == 0 ? 0 : 1;
}
