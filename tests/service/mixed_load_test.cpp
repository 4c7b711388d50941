// SPDX-License-Identifier: Apache-2.0
//
// Everything at once, for ThreadSanitizer above all: hits, misses, verifications, a vendor that fails now and then,
// and a configuration that is reloaded.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tcb/base/text.h"
#include "tests/service/testing/world.h"

namespace thimble::test {
namespace {

constexpr int kClients = 8;
constexpr int kRounds = 30;

struct Counts {
  std::atomic<int> hits{0}, absent{0}, verdicts{0}, unavailable{0}, others{0};
};

// Of the answers that its request may have.
void Count(Counts& counts, const RawAnswer& answer, std::atomic<int>& expected) {
  if (answer.status == 200) {
    ++expected;
  } else if (answer.status == 404) {
    ++counts.absent;
  } else if (answer.status == 503) {
    ++counts.unavailable;
  } else {
    ++counts.others;
  }
}

void RunClient(const World& world, const Bytes& quote, int client, Counts& counts) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string own = StrCat("0000000000", client, round % 10);
    for (const std::string& target :
         {StrCat("/sgx/certification/v4/tcb?fmspc=", sim::kServerFmspc),
          std::string("/sgx/certification/v4/qe/identity"),
          std::string("/sgx/certification/v4/pckcrl?ca=platform"), std::string("/v1/status")}) {
      Count(counts, Get(world.port(), target), counts.hits);
    }
    Count(counts, Get(world.port(), "/sgx/certification/v4/tcb?fmspc=" + own), counts.hits);
    Count(counts, Post(world.port(), "/v1/verify", "application/octet-stream", AsText(quote)),
          counts.verdicts);
  }
}

TEST(MixedLoad, HitsMissesVerificationsReloadsAndAFailingVendor) {
  World world;
  world.Start();
  const Bytes quotes[] = {world.intel.Quote({.version = 3}), world.intel.Quote({.tdx = true})};
  // A cached item stays so, however often the vendor's circuit is open.
  Counts before, counts;
  for (const Bytes& quote : quotes) RunClient(world, quote, 9, before);
  ASSERT_EQ(before.verdicts, 2 * kRounds);
  std::atomic<bool> done{false};
  std::thread vendor([&] {
    while (!done) {
      world.vendor.SetMode("503", "tcb?fmspc=0000");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      world.vendor.SetMode("ok");
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  std::thread operator_([&] {
    while (!done) {
      EXPECT_TRUE(world.app->Reload(world.config).ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    }
  });
  std::vector<std::thread> clients;
  for (int i = 0; i < kClients; ++i)
    clients.emplace_back([&, i] { RunClient(world, quotes[i % 2], i, counts); });
  for (std::thread& client : clients) client.join();
  done = true;
  vendor.join();
  operator_.join();
  EXPECT_EQ(counts.others, 0);
  EXPECT_EQ(counts.hits, kClients * kRounds * 4);
  EXPECT_EQ(counts.verdicts, kClients * kRounds);
  EXPECT_EQ(counts.absent + counts.unavailable, kClients * kRounds);
}

}  // namespace
}  // namespace thimble::test
