// SPDX-License-Identifier: Apache-2.0
//
// The store is not trusted, and may fail.
#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

// A memory store that can be told to fail.
class FlakyStore final : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override {
    if (fail_reads) return Failure();
    return inner.Get(name);
  }
  Status Apply(const std::vector<Write>& batch) override {
    return fail_writes ? Status(Failure()) : inner.Apply(batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    return fail_reads ? Status(Failure()) : inner.Scan(prefix, visit);
  }

  bool fail_reads = false, fail_writes = false;
  MemoryStore inner;

 private:
  static Error Failure() { return {ErrorKind::kInternal, Check::kStoreIo, "no space left on device"}; }
};

const std::string kEntry = "item/" + KeyName(kTcbKey);

std::string Read(Store& store, const std::string& name) { return store.Get(name).value().value_or(""); }

// Flips a bit of what is stored under a name.
void Damage(Store& store, const std::string& name) {
  std::string value = Read(store, name);
  ASSERT_FALSE(value.empty());
  value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
  ASSERT_TRUE(store.Apply({{name, value}}).ok());
}

TEST(StoreDamage, ADamagedRecordIsPutAsideAndFetchedAgain) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  Damage(*world.store, kEntry);
  const std::string damaged = Read(*world.store, kEntry);
  world.Reopen();
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_FALSE(answer->hit);
  EXPECT_EQ(world.fetches, 2);
  EXPECT_EQ(world.Count(Kind::kQuarantined), 1u);
  EXPECT_EQ(Read(*world.store, "quarantine/" + kEntry), damaged);
  world.Reopen();
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now)->hit);
}

TEST(StoreDamage, ADamagedRecordDoesNotHideTheOthers) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  Damage(*world.store, kEntry);
  const auto lines = world.cache->Status(world.now);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines.at(0).key, CollateralKey(kRootCrlKey));
  EXPECT_EQ(world.Count(Kind::kQuarantined), 1u);
}

TEST(StoreDamage, ADamagedVersionOfTheHistoryIsPutAside) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  std::string entry;
  ASSERT_TRUE(world.store
                  ->Scan("past/",
                         [&](std::string_view name, std::string_view) {
                           entry = name;
                           return false;
                         })
                  .ok());
  Damage(*world.store, entry);
  EXPECT_TRUE(world.cache->History(kTcbKey).empty());
  EXPECT_EQ(world.Count(Kind::kQuarantined), 1u);
}

// Intact, but not authentic: somebody else wrote it. It is not used, and not thrown away either: with other anchors
// configured it may be good.
TEST(StoreDamage, ARecordThatDoesNotAuthenticateIsNotUsed) {
  CacheWorld world;
  const auto forger = sim::SimIntel::Make({.seed = "forger"});
  {
    CacheWorld forged(CacheOptions(), world.store);
    forged.anchors = forger.Anchors();
    forged.Reopen();
    ASSERT_TRUE(
        forged.cache->Put(kTcbKey, CacheWorld::Tcb(forger, std::get<TcbInfoKey>(kTcbKey)), world.now, false)
            .ok());
  }
  EXPECT_FALSE(world.cache->Peek(kTcbKey, world.now));
  EXPECT_EQ(world.Count(Kind::kRefused), 1u);
  EXPECT_NE(Read(*world.store, kEntry), "");
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->item->anchor_spki(),
            AuthenticateItem(kTcbKey, world.Good(kTcbKey)->bytes, world.anchors).value()->anchor_spki());
}

TEST(StoreDamage, ARecordOfAnotherKeyIsNotUsed) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  const std::string other = "item/" + KeyName(kTdxTcbKey);
  ASSERT_TRUE(world.store->Apply({{other, Read(*world.store, kEntry)}}).ok());
  EXPECT_FALSE(world.cache->Peek(kTdxTcbKey, world.now));
  EXPECT_EQ(world.Count(Kind::kQuarantined), 1u);
}

TEST(StoreFailure, WhatIsFetchedIsServedThoughItCannotBeWritten) {
  const auto store = std::make_shared<FlakyStore>();
  CacheWorld world(CacheOptions(), store);
  store->fail_writes = true;
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now)->hit) << "from memory";
  EXPECT_EQ(world.Count(Kind::kStoreFailed), 1u);
  store->fail_writes = false;
  EXPECT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  EXPECT_EQ(world.cache->Keys().size(), 1u);
}

TEST(StoreFailure, AnImportThatCannotBeWrittenFails) {
  const auto store = std::make_shared<FlakyStore>();
  CacheWorld world(CacheOptions(), store);
  store->fail_writes = true;
  EXPECT_EQ(CheckOf(world.cache->Put(kTcbKey, world.Good(kTcbKey).value(), world.now, false)),
            Check::kStoreIo);
  EXPECT_FALSE(world.cache->Peek(kTcbKey, world.now));
}

TEST(StoreFailure, AStoreThatCannotBeReadIsAsGoodAsEmpty) {
  const auto store = std::make_shared<FlakyStore>();
  CacheWorld world(CacheOptions(), store);
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  store->fail_reads = true;
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now)->hit) << "from memory";
  EXPECT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok()) << "from upstream";
  EXPECT_TRUE(world.cache->Status(world.now).empty());
  EXPECT_GE(world.Count(Kind::kStoreFailed), 2u);
}

}  // namespace
}  // namespace thimble
