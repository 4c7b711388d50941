// SPDX-License-Identifier: Apache-2.0
//
// What replicas have in common, as processes: who asks the vendor, who takes a nonce, what a killed one leaves behind.
#include "tests/scale/fleet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include "tcb/base/text.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

using Steady = std::chrono::steady_clock;

constexpr const char* kIdentity = "/sgx/certification/v4/qe/identity";

double SecondsSince(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

// The TCB info of one of many kinds of platforms.
std::string TcbOfKind(int kind) {
  const uint8_t byte[] = {static_cast<uint8_t>(kind)};
  return StrCat("/sgx/certification/v4/tcb?fmspc=", sim::kManyFmspcs, HexLower(byte));
}

class FleetOfThree : public testing::TestWithParam<Fleet::Way> {
 protected:
  void SetUp() override {
    if (!fleet_.why_not().empty()) GTEST_SKIP() << fleet_.why_not();
  }
  // Calls it for each replica at once.
  template <class Work>
  void AtOnce(const Work& work) {
    std::vector<std::thread> threads;
    for (size_t i = 0; i < fleet_.size(); ++i) threads.emplace_back([&work, i] { work(i); });
    for (std::thread& thread : threads) thread.join();
  }
  // Nobody has asked the vendor for anything lately.
  void PassTenSeconds() {
    EXPECT_TRUE(Eventually([&] { return fleet_.Sql("SELECT count(*) FROM thimble_leases") == "0"; }));
    fleet_.Sql("UPDATE thimble_items SET checked = now() - interval '1 hour'");
  }

  Fleet fleet_{3, GetParam()};
};

TEST_P(FleetOfThree, AMissOfAllIsOneQuestion) {
  const int rounds = FullFigures() ? 200 : 20;
  for (int round = 0; round < rounds; ++round) {
    const std::string target = TcbOfKind(round);
    fleet_.vendor.ResetCounts();
    AtOnce([&](size_t i) { EXPECT_EQ(fleet_.Ask(i, target).status, 200) << target; });
    EXPECT_EQ(fleet_.vendor.Count("/tcb"), 1u) << target;
  }
  std::printf("misses asked of 3 replicas at once: %d, each one question\n", rounds);
}

TEST_P(FleetOfThree, WhatOneRenewsAllServe) {
  AtOnce([&](size_t i) { ASSERT_EQ(fleet_.Ask(i, kIdentity).status, 200); });
  std::vector<double> took;
  const int rounds = FullFigures() ? 50 : 5;
  for (int round = 1; round <= rounds; ++round) {
    const auto one = static_cast<size_t>(round) % fleet_.size();
    PassTenSeconds();
    fleet_.vendor.SetNow(sim::kNow + Seconds(round));
    const std::string before = fleet_.Ask(one, kIdentity).body;
    ASSERT_EQ(fleet_.Send(one, "POST", "/v1/refresh?item=intel/identity/qe/standard").status, 200);
    const auto renewed = Steady::now();
    const std::string after = fleet_.Ask(one, kIdentity).body;
    ASSERT_NE(after, before);
    ASSERT_TRUE(Eventually([&] {
      return fleet_.Ask(0, kIdentity).body == after && fleet_.Ask(1, kIdentity).body == after &&
             fleet_.Ask(2, kIdentity).body == after;
    }));
    took.push_back(SecondsSince(renewed));
  }
  std::sort(took.begin(), took.end());
  std::printf("renewed by one, served by all: median %.2f s, at most %.2f s, of %d\n", took[took.size() / 2],
              took.back(), rounds);
}

// One that is killed while it asks the vendor.
TEST_P(FleetOfThree, AKilledAskerIsFollowedByAnother) {
  const std::string target = TcbOfKind(1);
  fleet_.vendor.SetMode("hang", "/tcb");
  std::thread client([&] { EXPECT_EQ(fleet_.Ask(0, target).status, 0) << "nobody answers"; });
  ASSERT_TRUE(Eventually([&] { return fleet_.Sql("SELECT count(*) FROM thimble_leases") == "1"; }));
  ASSERT_TRUE(Eventually([&] { return fleet_.vendor.Count("/tcb") == 1; }));
  const std::string left = fleet_.Sql("SELECT extract(epoch FROM expires - now()) FROM thimble_leases");
  fleet_.Kill(0);
  const auto killed = Steady::now();
  client.join();
  fleet_.vendor.SetMode("ok");
  EXPECT_TRUE(Eventually([&] { return fleet_.Ask(1, target).status == 200; }));
  std::printf("killed while it asks, with %s s left of its turn: another has it after %.2f s\n", left.c_str(),
              SecondsSince(killed));
  EXPECT_EQ(fleet_.vendor.Count("/tcb"), 2u) << "the killed one's, and one more";
  fleet_.Start(0);
  EXPECT_EQ(fleet_.Ask(0, target).status, 200);
}

TEST_P(FleetOfThree, TakeANonceOnce) {
  const int rounds = FullFigures() ? 1000 : 50;
  for (int round = 0; round < rounds; ++round) {
    const std::string nonce = fleet_.Challenge(static_cast<size_t>(round) % fleet_.size());
    ASSERT_FALSE(nonce.empty());
    const std::string request = fleet_.RequestWith(nonce);
    std::atomic<int> accepted = 0, refused = 0;
    AtOnce([&](size_t i) {
      const std::string decision = fleet_.Verify(i, request);
      accepted += decision == "accept" ? 1 : 0;
      refused += decision == "reject" ? 1 : 0;
    });
    EXPECT_EQ(accepted, 1) << round;
    EXPECT_EQ(refused, 2) << round;
  }
  std::printf("nonces shown to 3 replicas at once: %d, each accepted once\n", rounds);
}

INSTANTIATE_TEST_SUITE_P(All, FleetOfThree, testing::Values(Fleet::Way::kDirect, Fleet::Way::kPooled),
                         [](const auto& info) {
                           return info.param == Fleet::Way::kDirect ? "Direct" : "PgBouncer";
                         });

}  // namespace
}  // namespace thimble::test
