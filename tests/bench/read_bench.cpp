// SPDX-License-Identifier: Apache-2.0
//
// Reads while upstreams hang: p99 of GETs over loopback when nothing else happens, and while every refresh and every
// miss waits for an upstream that does not answer, in the same run. Prints both and their ratio.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "tcb/base/text.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kTcb = "GET /sgx/certification/v4/tcb?fmspc=00806F050000 HTTP/1.1\r\nHost: t\r\n\r\n";
constexpr size_t kReads = 20'000;

double P99OfReads(uint16_t port) {
  test::RawConnection connection(port);
  std::vector<double> took;
  for (size_t i = 0; i < kReads; ++i) {
    const auto from = Clock::now();
    connection.Send(kTcb);
    if (connection.Receive().status != 200) std::abort();
    took.push_back(std::chrono::duration<double, std::micro>(Clock::now() - from).count());
  }
  std::ranges::sort(took);
  return took.at(kReads * 99 / 100);
}

}  // namespace

int RunReadBench() {
  test::World w;
  w.Start();
  if (test::Get(w.port(), "/sgx/certification/v4/tcb?fmspc=00806F050000").status != 200) return 1;
  (void)P99OfReads(w.port());  // warms up
  const double idle = P99OfReads(w.port());

  w.vendor.SetMode("hang");
  std::atomic<bool> stop{false};
  std::thread refreshing([&] {
    while (!stop) (void)w.app->refresh().RunNow();
  });
  std::vector<std::thread> missing;
  for (int i = 0; i < 4; ++i) {
    missing.emplace_back([&, i] {
      for (int n = 0; !stop; ++n) {
        (void)test::Get(w.port(), StrCat("/sgx/certification/v4/tcb?fmspc=FF000000", i, n % 10, "00"));
      }
    });
  }
  const double hanging = P99OfReads(w.port());
  stop = true;
  w.vendor.SetMode("ok");
  refreshing.join();
  for (std::thread& thread : missing) thread.join();
  std::printf("read p99: idle %.1f us, upstream hanging %.1f us, ratio %.2f\n", idle, hanging,
              hanging / idle);
  return 0;
}

}  // namespace thimble

int main() { return thimble::RunReadBench(); }
