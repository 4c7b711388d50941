// SPDX-License-Identifier: Apache-2.0
//
// While an upstream is down, and when it is back: what is missing may be asked for once a second, and what failed meanwhile
// waits for no back-off of its own.
#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

// An upstream that is down until a test lifts it, and a count of how often one has come back.
class OutageTest : public testing::Test {
 protected:
  OutageTest() {
    world_.upstream = [this](const CollateralKey& key) -> Result<FetchedBytes> {
      asked_at_.push_back(elapsed_);
      if (down_) return *down_;
      return world_.Good(key);
    };
  }
  static CacheOptions Options(const std::shared_ptr<std::atomic<uint64_t>>& recoveries) {
    CacheOptions options;
    options.recoveries = [recoveries](Vendor) { return recoveries->load(); };
    return options;
  }
  bool Has(const CollateralKey& key) { return world_.cache->Get(key, world_.now).ok(); }
  void Tick(milliseconds step) {
    elapsed_ += step;
    world_.Tick(step);
  }

  std::shared_ptr<std::atomic<uint64_t>> recoveries_ = std::make_shared<std::atomic<uint64_t>>(0);
  CacheWorld world_{Options(recoveries_)};
  std::optional<Error> down_ = Unreachable();
  milliseconds elapsed_{0};
  std::vector<milliseconds> asked_at_;
};

const std::vector<CollateralKey> kKeys = {kTcbKey, kTdxTcbKey, kPckCrlKey, kRootCrlKey, kIdentityKey};

TEST_F(OutageTest, WhatIsMissingIsAskedForOnceASecondWhateverItIs) {
  for (const CollateralKey& key : kKeys) EXPECT_FALSE(Has(key));
  EXPECT_EQ(asked_at_.size(), kKeys.size()) << "each of them once";
  asked_at_.clear();
  for (int i = 0; i < 50; ++i) {  // 5 s
    Tick(milliseconds(100));
    for (const CollateralKey& key : kKeys) EXPECT_FALSE(Has(key));
  }
  EXPECT_EQ(asked_at_,
            (std::vector<milliseconds>{seconds(1), seconds(2), seconds(3), seconds(4), seconds(5)}));
}

TEST_F(OutageTest, WhenItIsBackNothingWaitsForItsBackoff) {
  for (int i = 0; i < 5; ++i) {  // back-offs of a minute by now
    for (const CollateralKey& key : kKeys) (void)world_.cache->Refresh(key, world_.now);
  }
  down_.reset();
  EXPECT_FALSE(Has(kTcbKey)) << "nobody knows it yet";
  Tick(seconds(1));
  EXPECT_TRUE(Has(kTcbKey)) << "the probe";
  EXPECT_FALSE(Has(kIdentityKey));
  ++*recoveries_;
  for (const CollateralKey& key : kKeys) EXPECT_TRUE(Has(key)) << KeyName(key);
}

TEST_F(OutageTest, AnAnswerThatIsNoOutageKeepsItsBackoff) {
  Error web_page = Unreachable();
  web_page.check = Check::kUpstreamAnswer;
  for (const Error& error : {NotFound(), web_page}) {
    CacheWorld world(Options(recoveries_));
    world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> { return error; };
    EXPECT_FALSE(world.cache->Get(kTcbKey, world.now).ok());
    ++*recoveries_;
    world.Tick(seconds(5));
    EXPECT_FALSE(world.cache->Get(kTcbKey, world.now).ok());
    EXPECT_EQ(world.fetches, 1) << error.message;
  }
}

TEST_F(OutageTest, AmdsKeepsItsPace) {
  const CollateralKey chain = AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek};
  EXPECT_FALSE(Has(chain));
  Tick(seconds(5));
  EXPECT_FALSE(Has(chain));
  EXPECT_EQ(world_.fetches, 1);
  Tick(seconds(5));
  EXPECT_FALSE(Has(chain));
  EXPECT_EQ(world_.fetches, 2);
}

// What can be served waits for its back-off; what is past its grace cannot be served.
TEST_F(OutageTest, WhatIsStaleIsServedAndProbesNothing) {
  down_.reset();
  ASSERT_TRUE(Has(kTcbKey));
  const Instant end = world_.cache->Get(kTcbKey, world_.now)->item->next_update();
  down_ = Unreachable();
  world_.now = end + hours(1);
  EXPECT_TRUE(Has(kTcbKey));
  const int asked = world_.fetches;
  Tick(seconds(2));
  EXPECT_TRUE(Has(kTcbKey));
  EXPECT_EQ(world_.fetches, asked);
  world_.now = end + hours(24 * 8);
  EXPECT_FALSE(Has(kTcbKey));
  EXPECT_EQ(world_.fetches, asked + 1);
  ++*recoveries_;
  world_.now = end + hours(1);
  EXPECT_TRUE(Has(kTcbKey));
  EXPECT_EQ(world_.fetches, asked + 2) << "the upstream is back";
}

}  // namespace
}  // namespace thimble
