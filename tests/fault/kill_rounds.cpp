// SPDX-License-Identifier: Apache-2.0
//
// kill -9 at random points of fetch, refresh and import:  kill_rounds [ROUNDS, default 10] [SEED]
// In each round the vendor has issued everything again, and a server is killed while it renews, fetches and imports. The
// next one must have every item whole and authentic, and none older than what was served or shown before.
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "service/monitoring/status_report.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/fault/child.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using test::Child;
using test::RawAnswer;

const std::string kFmspc = sim::kServerFmspc;

// The targets that clients read, and the item that each is.
const std::map<std::string, std::string> kReads = {
    {"/sgx/certification/v4/tcb?fmspc=" + kFmspc, "intel/tcb/sgx/00806f050000/standard"},
    {"/tdx/certification/v4/tcb?fmspc=" + kFmspc, "intel/tcb/tdx/00806f050000/standard"},
    {"/sgx/certification/v4/tcb?fmspc=" + kFmspc + "&update=early", "intel/tcb/sgx/00806f050000/early"},
    {"/sgx/certification/v4/qe/identity", "intel/identity/qe/standard"},
    {"/tdx/certification/v4/qe/identity", "intel/identity/td_qe/standard"},
};

// "issueDate" of a TCB info or identity.
std::optional<Instant> IssuedIn(const std::string& body) {
  constexpr std::string_view kName = "\"issueDate\":\"";
  const size_t at = body.find(kName);
  return at == std::string::npos ? std::nullopt : ParseRfc3339(body.substr(at + kName.size(), 20));
}

class Rounds {
 public:
  explicit Rounds(uint64_t seed) : random_(seed) {}

  // The number of things that were wrong.
  int Run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      now_ += std::chrono::hours(25);
      w_.vendor.SetNow(now_);
      Child child(Arguments());
      const uint16_t port = child.WaitForPort();
      if (port == 0) {
        Wrong(round, "the server did not start");
        continue;
      }
      Check(round, port);
      Disturb(port, std::chrono::milliseconds(random_() % 120), child);
    }
    w_.vendor.SetNow(now_);
    Child last(Arguments());
    Check(rounds, last.WaitForPort());
    return wrong_;
  }
  size_t served() const { return answers_; }

 private:
  std::vector<std::string> Arguments() const {
    return {"--listen",          "127.0.0.1:0", "--data",           w_.files / "data", "--frozen-time",
            FormatRfc3339(now_), "--pcs-url",   w_.vendor.PcsUrl(), "--anchor",        w_.files / "root.pem"};
  }
  void Wrong(int round, const std::string& what) {
    ++wrong_;
    std::printf("round %d: %s\n", round, what.c_str());
  }
  void NoteServed(const std::string& item, Instant issued) {
    const std::lock_guard lock(mutex_);
    Instant& newest = newest_[item];
    newest = std::max(newest, issued);
  }

  // What a server that has just started holds.
  void Check(int round, uint16_t port) {
    const auto report = ParseStatusJson(test::Get(port, "/v1/status").body);
    if (!report) return Wrong(round, report.error().message);
    for (const CacheStatus& item : report->items) {
      const std::string name = KeyName(item.key);
      if (item.issued < newest_[name]) Wrong(round, name + " is older than it was");
      newest_[name] = item.issued;
    }
    for (const auto& [event, count] : report->events) {
      if (event == "quarantined" || event == "refused" || event == "rollback" || event == "store_failed") {
        Wrong(round, StrCat(event, " ", count));
      }
    }
    for (const auto& [target, item] : kReads) {  // authenticated when it is first read
      const RawAnswer answer = test::Get(port, target);
      const auto issued = IssuedIn(answer.body);
      if (answer.status != 200 || !issued) {
        Wrong(round, StrCat(target, ": HTTP ", answer.status));
      } else if (*issued < newest_[item]) {
        Wrong(round, item + " is served older than it was");
      } else {
        NoteServed(item, *issued);
      }
    }
  }

  // Reads, a refresh and an import at the same time, until the server is killed in the midst of them.
  void Disturb(uint16_t port, std::chrono::milliseconds time, Child& child) {
    std::atomic<bool> stop{false};
    const std::string socket = w_.files / "data" + "/thimble.sock";
    std::thread reader([&] {
      while (!stop) {
        for (const auto& [target, item] : kReads) {
          const RawAnswer answer = test::Get(port, target);
          const auto issued = answer.status == 200 ? IssuedIn(answer.body) : std::nullopt;
          if (issued) NoteServed(item, *issued);
          answers_ += issued.has_value();
        }
      }
    });
    std::thread admin([&] {
      while (!stop) {
        (void)Admin(socket, "POST", "/v1/refresh", "");
        const RawAnswer file = Admin(socket, "GET", "/v1/export?history=1", "");
        if (file.status == 200) bundle_ = file.body;
        if (!bundle_.empty()) (void)Admin(socket, "POST", "/v1/import", bundle_);
      }
    });
    std::this_thread::sleep_for(time);
    child.Kill();
    stop = true;
    reader.join();
    admin.join();
  }

  static RawAnswer Admin(const std::string& socket, std::string_view method, std::string_view target,
                         const std::string& body) {
    test::RawConnection connection(socket);
    if (!connection.connected()) return {};
    connection.Send(StrCat(method, " ", target, " HTTP/1.1\r\nHost: localhost\r\nContent-Length: ",
                           body.size(), "\r\n\r\n", body));
    return connection.Receive();
  }

  test::World w_;
  Instant now_ = sim::kNow;
  std::mt19937_64 random_;
  std::mutex mutex_;
  std::map<std::string, Instant> newest_;  // by item
  std::string bundle_;
  std::atomic<size_t> answers_{0};
  int wrong_ = 0;
};

}  // namespace
}  // namespace thimble

int main(int argc, char** argv) {
  int rounds = 10;
  uint64_t seed = 1;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::char_traits<char>::length(argv[1]), rounds);
  if (argc > 2) std::from_chars(argv[2], argv[2] + std::char_traits<char>::length(argv[2]), seed);
  thimble::Rounds all(seed);
  const int wrong = all.Run(rounds);
  std::printf("%d rounds, %zu answers read meanwhile, %d wrong\n", rounds, all.served(), wrong);
  return wrong == 0 ? 0 : 1;
}
