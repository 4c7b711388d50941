// SPDX-License-Identifier: Apache-2.0
//
// Real VCEKs in the cache: kept until notAfter, bounded in number.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using namespace test;

struct Vcek {
  CollateralKey key;
  CollateralBytes bytes;
  ItemPtr item;
};

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// The first VCEKs of different keys that the corpus has.
std::vector<Vcek> CorpusVceks(size_t count) {
  std::vector<Vcek> vceks;
  const std::filesystem::path corpus = test::CorpusDir() / "amd";
  if (!std::filesystem::exists(corpus)) return vceks;
  for (const auto& directory : std::filesystem::directory_iterator(corpus)) {
    const std::string der = ReadFile(directory.path() / "vcek.der");
    const CollateralBytes bytes{Bytes(der.begin(), der.end()), ReadFile(directory.path() / "chain.pem")};
    const auto item = AuthenticateAny(ItemKind::kVcek, bytes, TrustAnchors::Pinned());
    if (!item.ok()) continue;
    const auto key = ParseKeyName((*item)->name());
    const bool known = std::ranges::any_of(vceks, [&](const Vcek& vcek) { return vcek.key == *key; });
    if (!known) vceks.push_back({*key, bytes, *item});
    if (vceks.size() == count) break;
  }
  return vceks;
}

struct Platforms : CacheWorld {
  explicit Platforms(CacheOptions options) : CacheWorld(options) {
    for (const Vcek& vcek : vceks) now = std::max(now, vcek.item->issued());
    upstream = [this](const CollateralKey& key) -> Result<FetchedBytes> {
      for (const Vcek& vcek : vceks) {
        if (vcek.key == key) return FetchedBytes{vcek.bytes, "https://kds.example/"};
      }
      return NotFound();
    };
  }
  bool Has(size_t i) { return cache->Peek(vceks.at(i).key, now).has_value(); }

  std::vector<Vcek> vceks = CorpusVceks(4);
};

TEST(PlatformItems, AVcekIsFreshUntilNotAfter) {
  Platforms world({});
  if (world.vceks.empty()) GTEST_SKIP() << "no corpus";
  const Vcek& vcek = world.vceks.front();
  ASSERT_TRUE(world.cache->Get(vcek.key, world.now).ok());
  EXPECT_EQ(world.cache->Get(vcek.key, vcek.item->next_update() - Seconds(1))->freshness, Freshness::kFresh);
  EXPECT_TRUE(world.cache->History(vcek.key).empty()) << "no history of VCEKs";
  EXPECT_EQ(world.fetches, 1);
}

TEST(PlatformItems, TheLeastRecentlyUsedMakesRoom) {
  CacheOptions options;
  options.max_platform_items = 3;
  Platforms world(options);
  if (world.vceks.size() < 4) GTEST_SKIP() << "no corpus";
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(world.cache->Get(world.vceks.at(i).key, world.now).ok());
    world.now += hours(2);
  }
  EXPECT_EQ(world.Count(Kind::kEvicted), 0u);
  ASSERT_TRUE(world.cache->Get(world.vceks.at(0).key, world.now)->hit);
  world.cache->Settle();
  const auto use = world.store->Get("last/" + KeyName(world.vceks.at(0).key));
  ASSERT_FALSE(use->value_or("").ends_with(std::to_string((world.now - hours(6)).time_since_epoch().count())))
      << "the use is written down in the background";
  world.now += hours(2);
  ASSERT_TRUE(world.cache->Get(world.vceks.at(3).key, world.now).ok());
  EXPECT_EQ(world.Count(Kind::kEvicted), 1u);
  EXPECT_TRUE(world.Has(0));
  EXPECT_FALSE(world.Has(1));
  EXPECT_TRUE(world.Has(2));
  EXPECT_TRUE(world.Has(3));
}

TEST(PlatformItems, TheBoundHoldsAfterARestart) {
  CacheOptions options;
  options.max_platform_items = 2;
  Platforms world(options);
  if (world.vceks.size() < 4) GTEST_SKIP() << "no corpus";
  for (size_t i = 0; i < 4; ++i) {
    ASSERT_TRUE(world.cache->Get(world.vceks.at(i).key, world.now).ok());
    world.now += hours(2);
    world.Reopen();
  }
  const auto keys = world.cache->Keys();  // with the chains that came with them, which platforms share
  EXPECT_EQ(std::ranges::count(keys, ItemKind::kVcek, KindOf), 2);
  EXPECT_TRUE(world.Has(2) && world.Has(3));
}

}  // namespace
}  // namespace thimble
