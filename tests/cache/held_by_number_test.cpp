// SPDX-License-Identifier: Apache-2.0
//
// Evaluation data is found by its own number, whichever selector it was asked with.
#include <gtest/gtest.h>

#include "cache/selectors.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

CollateralKey ByNumber(const CollateralKey& key, uint32_t number) {
  return WithSelector(key, {Selector::Kind::kNumber, number});
}
const CollateralKey kTcb17 = ByNumber(kTcbKey, sim::kStandardNumber);
const CollateralKey kEarlyTcb = WithSelector(kTcbKey, kEarly);

// An upstream that publishes 17 as standard, 18 as early, and each number by itself.
struct NumberWorld : CacheWorld {
  uint32_t standard = sim::kStandardNumber;

  NumberWorld() {
    upstream = [this](const CollateralKey& key) { return Published(key); };
  }
  Result<FetchedBytes> Published(const CollateralKey& key) const {
    const auto* tcb = std::get_if<TcbInfoKey>(&key);
    if (tcb == nullptr) return Good(key);
    const bool early = tcb->selector.kind == Selector::Kind::kEarly;
    const bool number = tcb->selector.kind == Selector::Kind::kNumber;
    return Tcb(intel, *tcb, number ? tcb->selector.number : early ? sim::kEarlyNumber : standard);
  }
  // Nothing is fetched from here on.
  void Cut() {
    fetches = 0;
    upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  }
};

TEST(HeldByNumber, AnItemOfAnyKindUnderEitherWord) {
  for (const CollateralKey& word : {kTcbKey, kTdxTcbKey, kIdentityKey, kEarlyTcb}) {
    NumberWorld world;
    const auto held = world.cache->Get(word, world.now);
    ASSERT_TRUE(held.ok()) << held.error().message;
    world.Cut();
    const auto number = static_cast<uint32_t>(held->item->order_number());
    const auto answer = world.cache->Get(ByNumber(word, number), world.now);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->item->sha256(), held->item->sha256());
    EXPECT_TRUE(answer->hit);
    EXPECT_TRUE(world.cache->Peek(ByNumber(word, number), world.now));
    EXPECT_EQ(world.fetches, 0) << "nobody is asked for an item that is cached and fresh";
  }
}

TEST(HeldByNumber, AfterARestartAsWell) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Cut();
  world.Reopen();
  EXPECT_TRUE(world.cache->Get(kTcb17, world.now).ok());
}

TEST(HeldByNumber, NotByAnother) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kEarlyTcb, world.now).ok());
  world.Cut();
  for (const uint32_t number : {sim::kOldestNumber, sim::kEarlyNumber + 1}) {
    EXPECT_FALSE(world.cache->Peek(ByNumber(kTcbKey, number), world.now)) << number;
    EXPECT_FALSE(world.cache->Get(ByNumber(kTcbKey, number), world.now).ok()) << number;
  }
  EXPECT_FALSE(world.cache->Peek(ByNumber(kTdxTcbKey, sim::kStandardNumber), world.now))
      << "of the other TEE";
}

// Nothing that Intel signs says which number is the standard one today.
TEST(HeldByNumber, ANumberIsNoWord) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcb17, world.now).ok());
  world.Cut();
  EXPECT_FALSE(world.cache->Peek(kTcbKey, world.now));
  EXPECT_FALSE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_FALSE(world.cache->Peek(kEarlyTcb, world.now));
}

TEST(HeldByNumber, TheLatestOfWhatIsHeldNeverGoesBackwards) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcb17, world.now).ok());
  const Instant later = world.now + hours(20);
  world.intel = world.intel.At(later);
  const auto standard = world.cache->Get(kTcbKey, later);
  ASSERT_TRUE(standard.ok());
  EXPECT_EQ(world.cache->Get(kTcb17, later)->item->sha256(), standard->item->sha256());

  // An upstream that lags gives the older one by its number: it is kept, and not shown.
  world.intel = world.intel.At(sim::kNow);
  world.Reopen();
  (void)world.cache->Refresh(kTcb17, later);
  EXPECT_EQ(world.cache->Get(kTcb17, later)->item->sha256(), standard->item->sha256());
}

// What is due is renewed under the selector that it is held by: the word goes on to the next number, and the number is
// then asked for by itself.
TEST(HeldByNumber, IsAskedForWhenTheWordHasMovedOn) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  const Instant later = world.now + hours(25);
  world.intel = world.intel.At(later);
  world.standard = sim::kEarlyNumber;
  EXPECT_EQ(world.cache->Get(kTcb17, later)->freshness, Freshness::kRefreshDue);
  world.cache->Settle();
  EXPECT_EQ(world.cache->Peek(kTcbKey, later)->item->order_number(), sim::kEarlyNumber);
  EXPECT_FALSE(world.cache->Peek(kTcb17, later)) << "not current any more";
  const auto answer = world.cache->Get(kTcb17, later);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->item->order_number(), sim::kStandardNumber);
  EXPECT_FALSE(answer->hit);
}

TEST(HeldByNumber, StaleIsServedWithinItsGraceAndThenUnavailable) {
  NumberWorld world;
  const Instant end = world.cache->Get(kTcbKey, world.now)->item->next_update();
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return NotFound(); };
  EXPECT_EQ(world.cache->Get(kTcb17, end + hours(1))->freshness, Freshness::kStale);
  const auto late = world.cache->Get(kTcb17, end + hours(7 * 24 + 1));
  EXPECT_EQ(CheckOf(late), Check::kCollateralMissing) << "not: not found";
}

TEST(HeldByNumber, InTheHistory) {
  NumberWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  const Instant then = world.now + hours(1), later = world.now + hours(25);
  world.intel = world.intel.At(later);
  world.standard = sim::kEarlyNumber;
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, later).ok());
  const auto past = world.cache->HistoryAt(kTcb17, then);
  ASSERT_TRUE(past);
  EXPECT_EQ(past->item->order_number(), sim::kStandardNumber);
  EXPECT_FALSE(world.cache->HistoryAt(kTcb17, world.now - hours(1)));
  EXPECT_FALSE(world.cache->HistoryAt(ByNumber(kTcbKey, sim::kEarlyNumber), then)) << "it came later";
}

}  // namespace
}  // namespace thimble
