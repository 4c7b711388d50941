// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates that look-ups have brought: kept in a bounded number, apart from those of registered platforms.
#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_set.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

struct LookupWorld : CacheWorld {
  explicit LookupWorld(CacheOptions options) : CacheWorld(options) {
    upstream = [this](const CollateralKey&) -> Result<FetchedBytes> {
      const sim::PckSpec platform = sim::ServerPlatform();
      auto certificate = Certificate::Parse(intel.PckCertificate(platform), Check::kPckChain);
      const std::string list = intel::EncodePckCerts(
          {{{platform.cpu_svn, static_cast<intel::PceSvn>(platform.pce_svn)}, *std::move(certificate)}}, {});
      return FromIntel(Bytes(list.begin(), list.end()), intel.CaChain(intel::PckCa::kPlatform));
    };
  }
  static CollateralKey Registered(int i) {
    return PckCertsKey{*intel::PlatformId::From(StrCat("QE", i), {})};
  }
  static CollateralKey LookedUp(uint8_t i) {
    const auto ppid = *intel::EncryptedPpid::From(Bytes(384, i));
    return PckCertsKey{intel::PlatformId::From("QE", {})->AskedWith(ppid)};
  }
  bool Has(const CollateralKey& key) { return cache->Peek(key, now).has_value(); }
  void Fetch(const CollateralKey& key) {
    now += Seconds(1);
    ASSERT_TRUE(cache->Get(key, now).ok());
  }
};

CacheOptions Limits(size_t platform_items, size_t lookups) {
  CacheOptions options;
  options.max_platform_items = platform_items;
  options.max_lookups = lookups;
  return options;
}

TEST(LookupItems, AreKeptInABoundedNumberAndDriveOutNothingRegistered) {
  LookupWorld w(Limits(2, 3));
  w.Fetch(w.Registered(1));
  w.Fetch(w.Registered(2));
  for (uint8_t i = 1; i <= 10; ++i) w.Fetch(w.LookedUp(i));
  for (uint8_t i = 1; i <= 10; ++i) EXPECT_EQ(w.Has(w.LookedUp(i)), i > 7) << int{i};
  EXPECT_TRUE(w.Has(w.Registered(1)));
  EXPECT_TRUE(w.Has(w.Registered(2)));
  EXPECT_EQ(w.cache->platform_items(), 5u);
  w.Fetch(w.Registered(3));
  EXPECT_FALSE(w.Has(w.Registered(1))) << "each has its own limit";
  EXPECT_TRUE(w.Has(w.LookedUp(10)));
}

TEST(PlatformItems, AreRemoved) {
  LookupWorld w(Limits(2, 2));
  EXPECT_FALSE(w.cache->Remove(w.Registered(1))) << "it is not held";
  w.Fetch(w.Registered(1));
  w.Fetch(w.LookedUp(1));
  EXPECT_TRUE(w.cache->Remove(w.Registered(1)));
  EXPECT_TRUE(w.cache->Remove(w.LookedUp(1)));
  EXPECT_FALSE(w.Has(w.Registered(1)));
  EXPECT_EQ(w.cache->platform_items(), 0u);
  w.Fetch(w.Registered(1));
  EXPECT_TRUE(w.Has(w.Registered(1))) << "it may come again";
}

}  // namespace
}  // namespace thimble
