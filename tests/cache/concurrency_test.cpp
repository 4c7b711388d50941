// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

// `count` threads that begin together.
void Together(int count, const std::function<void(int)>& work) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      ++ready;
      while (ready < count) std::this_thread::yield();
      work(t);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// An upstream that answers when the test says so.
struct CachedItem {
  explicit CachedItem(CacheWorld* w) : world(w) {
    world->upstream = [this](const CollateralKey& key) -> Result<FetchedBytes> {
      while (!release) std::this_thread::sleep_for(milliseconds(1));
      return world->Good(key);
    };
  }
  ~CachedItem() { release = true; }
  CacheWorld* world;
  std::atomic<bool> release{false};
};

TEST(Concurrency, FiftyMissesAreOneFetch) {
  CacheWorld world;
  CachedItem upstream(&world);
  std::thread opener([&] {
    EXPECT_TRUE(Eventually([&] { return world.Count(Kind::kMiss) == 50; }));
    upstream.release = true;
  });
  std::atomic<int> good{0};
  Together(50, [&](int) { good += world.cache->Get(kTcbKey, world.now).ok() ? 1 : 0; });
  opener.join();
  EXPECT_EQ(good, 50);
  EXPECT_EQ(world.fetches, 1);
}

TEST(Concurrency, FiftyMissesOfWhatCannotBeHadAreOneFetch) {
  CacheWorld world;
  world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> {
    while (world.Count(Kind::kMiss) < 50) std::this_thread::sleep_for(milliseconds(1));
    return Unreachable();
  };
  std::atomic<int> failed{0};
  Together(50, [&](int) {
    failed += CheckOf(world.cache->Get(kTcbKey, world.now)) == Check::kUpstreamUnreachable ? 1 : 0;
  });
  EXPECT_EQ(failed, 50);
  EXPECT_EQ(world.fetches, 1);
}

TEST(Concurrency, ReadsDoNotWaitForARenewal) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  world.Reopen();  // nothing in memory
  {
    CachedItem upstream(&world);
    std::thread refresher([&] { (void)world.cache->Refresh(kTcbKey, world.now); });
    EXPECT_TRUE(Eventually([&] { return world.fetches == 3; }));
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(world.cache->Get(kTcbKey, world.now)->hit);
    EXPECT_TRUE(world.cache->Get(kPckCrlKey, world.now)->hit);
    EXPECT_TRUE(world.cache->Get(kTcbKey, world.now + hours(24))->hit) << "due, and being renewed";
    upstream.release = true;
    refresher.join();
  }
}

TEST(Concurrency, AClientJoinsARenewalThatIsOnItsWay) {
  CacheWorld world;
  CachedItem upstream(&world);
  std::thread refresher([&] { EXPECT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok()); });
  ASSERT_TRUE(Eventually([&] { return world.fetches == 1; }));
  std::thread client([&] { EXPECT_TRUE(world.cache->Get(kTcbKey, world.now).ok()); });
  ASSERT_TRUE(Eventually([&] { return world.Count(Kind::kMiss) == 1; }));
  upstream.release = true;
  refresher.join();
  client.join();
  EXPECT_EQ(world.fetches, 1);
}

TEST(Concurrency, PatienceEndsWhenAFetchOverrunsItsDeadline) {
  CacheOptions options;
  options.miss_wait = milliseconds(50);
  CacheWorld world(options);
  CachedItem upstream(&world);
  std::thread refresher([&] { (void)world.cache->Refresh(kTcbKey, world.now); });
  ASSERT_TRUE(Eventually([&] { return world.fetches == 1; }));
  EXPECT_EQ(CheckOf(world.cache->Get(kTcbKey, world.now)), Check::kUpstreamUnreachable);
  upstream.release = true;
  refresher.join();
}

// Writes take a while, each another.
class SlowStore final : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override { return inner_.Get(name); }
  Status Apply(const std::vector<Write>& batch) override {
    std::this_thread::sleep_for(milliseconds(writes_++ * 7 % 5));
    return inner_.Apply(batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    return inner_.Scan(prefix, visit);
  }

 private:
  MemoryStore inner_;
  std::atomic<int> writes_{0};
};

TEST(Concurrency, ImportsAndRenewalsNeverCross) {
  CacheWorld world(CacheOptions(), std::make_shared<SlowStore>());
  const TcbInfoKey key = std::get<TcbInfoKey>(kTcbKey);
  const auto issue = [&](int minutes) {
    return CacheWorld::Tcb(world.intel, key, sim::kStandardNumber, [minutes](sim::TcbInfoSpec& spec) {
      spec.issued += std::chrono::minutes(minutes);
    });
  };
  std::vector<FetchedBytes> versions;
  for (int i = 0; i < 16; ++i) versions.push_back(issue(i));
  world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> { return versions.at(7); };
  std::atomic<bool> backwards{false};
  Together(18, [&](int t) {
    if (t < 16) {
      (void)world.cache->Put(kTcbKey, versions.at(static_cast<size_t>(t)), world.now, false);
    } else if (t == 16) {
      for (int i = 0; i < 20; ++i) (void)world.cache->Refresh(kTcbKey, world.now);
    } else {
      Instant last = Instant::min();
      for (int i = 0; i < 20'000; ++i) {
        const auto held = world.cache->Peek(kTcbKey, world.now);
        if (!held) continue;
        if (held->item->issued() < last) backwards = true;
        last = held->item->issued();
      }
    }
  });
  EXPECT_FALSE(backwards);
  const Instant newest = AuthenticateItem(kTcbKey, versions.back().bytes, world.anchors).value()->issued();
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->item->issued(), newest);
  world.Reopen();
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->item->issued(), newest);
}

TEST(Concurrency, TheEndWaitsForTheRenewalThatRuns) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  const Instant later = world.now + hours(24);
  world.intel = world.intel.At(later);
  world.upstream = [&](const CollateralKey& key) {
    std::this_thread::sleep_for(milliseconds(50));
    return world.Good(key);
  };
  (void)world.cache->Get(kTcbKey, later);
  ASSERT_TRUE(Eventually([&] { return world.fetches == 2; }));
  world.Reopen();
  EXPECT_EQ(world.cache->Peek(kTcbKey, later)->fetched, later);
}

}  // namespace
}  // namespace thimble
