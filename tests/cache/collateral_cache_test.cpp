// SPDX-License-Identifier: Apache-2.0
#include "cache/collateral_cache.h"

#include <gtest/gtest.h>

#include <future>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using sim::CrlSpec;
using sim::SimIntel;
using sim::TcbInfoSpec;
using namespace test;

const TcbInfoKey& Tcb() { return std::get<TcbInfoKey>(kTcbKey); }

// -- Hits and misses --------------------------------------------------------------------------------------------------

TEST(CollateralCache, AMissIsFetchedOnceAndHitFromThenOn) {
  CacheWorld world;
  const auto missed = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(missed.ok()) << missed.error().message;
  EXPECT_FALSE(missed->hit);
  EXPECT_EQ(missed->freshness, Freshness::kFresh);
  EXPECT_EQ(missed->fetched, world.now);
  EXPECT_EQ(missed->item->source(), "https://pcs.example/");
  EXPECT_EQ(missed->item->body(), world.intel.TcbInfo(IntelTee::kSgx)) << "byte for byte";
  for (int i = 0; i < 3; ++i) {
    const auto hit = world.cache->Get(kTcbKey, world.now);
    ASSERT_TRUE(hit.ok());
    EXPECT_TRUE(hit->hit);
    EXPECT_EQ(hit->item, missed->item) << "shared, not copied";
  }
  EXPECT_EQ(world.fetches, 1);
  EXPECT_EQ(world.Count(Kind::kMiss), 1u);
  EXPECT_EQ(world.Count(Kind::kRenewed), 1u);
  EXPECT_EQ(world.Count(Kind::kHit), 3u);
}

TEST(CollateralCache, EachKindOfItemIsKept) {
  CacheWorld world;
  for (const CollateralKey& key : {kTcbKey, kTdxTcbKey, kPckCrlKey, kRootCrlKey, kIdentityKey}) {
    EXPECT_TRUE(world.cache->Get(key, world.now).ok()) << KeyName(key);
    EXPECT_TRUE(world.cache->Get(key, world.now)->hit) << KeyName(key);
  }
  EXPECT_EQ(world.fetches, 5);
  EXPECT_EQ(world.cache->Keys().size(), 5u);
}

TEST(CollateralCache, AFetchGetsTheBudgetAsItsDeadline) {
  CacheOptions options;
  options.miss_wait = milliseconds(1234);
  CacheWorld world(options);
  const SteadyTime start(milliseconds(3'600'000));
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.last_deadline, start + milliseconds(1234));
}

TEST(CollateralCache, ARestartWithoutAnyUpstreamServesWhatWasKept) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  world.Reopen();
  const auto answer = world.cache->Get(kTcbKey, world.now + hours(1));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->hit);
  EXPECT_EQ(answer->fetched, world.now);
  EXPECT_EQ(answer->item->source(), "https://pcs.example/");
  EXPECT_EQ(world.fetches, 1);
}

TEST(CollateralCache, PeekAsksNoUpstream) {
  CacheWorld world;
  EXPECT_FALSE(world.cache->Peek(kTcbKey, world.now));
  EXPECT_EQ(world.fetches, 0);
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_TRUE(world.cache->Peek(kTcbKey, world.now));
  world.Reopen();
  EXPECT_TRUE(world.cache->Peek(kTcbKey, world.now));
  EXPECT_EQ(world.fetches, 1);
}

// -- Verified before cached -------------------------------------------------------------------------------------------

TEST(CollateralCache, ARefusedAnswerIsNotKept) {
  CacheWorld world;
  const SimIntel forger = SimIntel::Make({.seed = "forger"});
  world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> {
    return CacheWorld::Tcb(forger, Tcb());
  };
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable) << "no verdict about anybody's evidence";
  EXPECT_EQ(answer.error().check, Check::kSigningChainUntrusted);
  EXPECT_EQ(world.Count(Kind::kRefused), 1u);
  EXPECT_TRUE(world.cache->Keys().empty());
}

TEST(CollateralCache, ARefusedAnswerLeavesWhatWasThere) {
  CacheWorld world;
  const ItemPtr good = world.cache->Get(kTcbKey, world.now)->item;
  const auto refuse = [&](Check check, CacheWorld::Upstream upstream) {
    world.upstream = std::move(upstream);
    const auto refreshed = world.cache->Refresh(kTcbKey, world.now);
    EXPECT_EQ(CheckOf(refreshed), check);
    const auto held = world.cache->Get(kTcbKey, world.now);
    ASSERT_TRUE(held.ok());
    EXPECT_EQ(held->item, good);
  };
  const SimIntel forger = SimIntel::Make({.seed = "forger"});
  refuse(Check::kSigningChainUntrusted,
         [&](const CollateralKey&) -> Result<FetchedBytes> { return CacheWorld::Tcb(forger, Tcb()); });
  refuse(Check::kCollateralMismatch, [&](const CollateralKey&) { return world.Good(kTdxTcbKey); });
  refuse(Check::kCollateralMalformed, [&](const CollateralKey&) -> Result<FetchedBytes> {
    return FromIntel({'{', '}'}, world.intel.TcbSigningChain());
  });
  refuse(Check::kCollateralFromFuture, [&](const CollateralKey&) -> Result<FetchedBytes> {
    return CacheWorld::Tcb(world.intel, Tcb(), sim::kStandardNumber,
                           [](TcbInfoSpec& spec) { spec.issued = sim::kNow + Seconds(301); });
  });
  refuse(Check::kUpstreamUnreachable,
         [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); });
  refuse(Check::kUpstreamNotFound, [](const CollateralKey&) -> Result<FetchedBytes> { return NotFound(); });
}

// -- Never backwards --------------------------------------------------------------------------------------------------

TEST(CollateralCache, NewerReplacesOlderDoesNot) {
  CacheWorld world;
  const ItemPtr first = world.cache->Get(kTcbKey, world.now)->item;
  const auto issue = [&](uint32_t number, int64_t days) {
    world.upstream = [&, number, days](const CollateralKey&) -> Result<FetchedBytes> {
      return CacheWorld::Tcb(world.intel, Tcb(), number,
                             [days](TcbInfoSpec& spec) { spec.issued += std::chrono::days(days); });
    };
    return CheckOf(world.cache->Refresh(kTcbKey, world.now));
  };
  EXPECT_EQ(issue(sim::kStandardNumber, -1), Check::kCollateralRollback) << "issued earlier";
  EXPECT_EQ(issue(sim::kOldestNumber, 1), Check::kCollateralRollback) << "a lower number";
  EXPECT_EQ(world.Count(Kind::kRollback), 2u);
  EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->item, first);
  EXPECT_EQ(issue(sim::kStandardNumber, 1), Check::kNone);
  EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->item->issued(), first->issued() + std::chrono::days(1));
  EXPECT_EQ(issue(sim::kEarlyNumber, -1), Check::kNone) << "a higher number, though issued earlier";
  EXPECT_EQ(issue(sim::kStandardNumber, 2), Check::kCollateralRollback);
}

TEST(CollateralCache, NeverBackwardsAlsoAfterARestart) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Reopen();
  world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> {
    return CacheWorld::Tcb(world.intel, Tcb(), sim::kOldestNumber);
  };
  EXPECT_EQ(CheckOf(world.cache->Refresh(kTcbKey, world.now)), Check::kCollateralRollback);
}

TEST(CollateralCache, ACrlGoesByItsNumber) {
  CacheWorld world;
  const auto issue = [&](uint64_t number, std::vector<Bytes> revoked) {
    world.upstream = [&, number, revoked](const CollateralKey&) -> Result<FetchedBytes> {
      return FromIntel(world.intel.PckCrl(intel::PckCa::kPlatform,
                                          [&](CrlSpec& spec) {
                                            spec.number = number;
                                            spec.revoked = revoked;
                                          }),
                       world.intel.CaChain(intel::PckCa::kPlatform));
    };
    return CheckOf(world.cache->Refresh(kPckCrlKey, world.now));
  };
  EXPECT_EQ(issue(5, {{1}, {2}}), Check::kNone);
  EXPECT_EQ(issue(4, {{1}, {2}}), Check::kCollateralRollback);
  EXPECT_EQ(issue(6, {{1}, {2}, {3}}), Check::kNone);
  EXPECT_EQ(world.Count(Kind::kSerialsDropped), 0u);
  EXPECT_EQ(issue(7, {{3}}), Check::kNone) << "it happens, and is taken";
  EXPECT_EQ(world.Count(Kind::kSerialsDropped), 1u);
}

// -- Renewal ----------------------------------------------------------------------------------------------------------

TEST(CollateralCache, RefreshDueIsServedAtOnceAndRenewedBehind) {
  CacheWorld world;
  const ItemPtr first = world.cache->Get(kTcbKey, world.now)->item;
  const Instant later = world.now + hours(24);
  world.intel = world.intel.At(later);
  const auto due = world.cache->Get(kTcbKey, later);
  ASSERT_TRUE(due.ok());
  EXPECT_TRUE(due->hit);
  EXPECT_EQ(due->item, first);
  EXPECT_EQ(due->freshness, Freshness::kRefreshDue);
  world.cache->Settle();
  EXPECT_EQ(world.cache->Peek(kTcbKey, later)->item->issued(), first->issued() + hours(24));
  EXPECT_EQ(world.cache->Get(kTcbKey, later)->freshness, Freshness::kFresh);
  EXPECT_EQ(world.fetches, 2);
}

TEST(CollateralCache, ACheckThatBringsNothingNewerCounts) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  const Instant later = world.now + hours(24);
  EXPECT_EQ(world.cache->Get(kTcbKey, later)->freshness, Freshness::kRefreshDue);
  world.cache->Settle();
  ASSERT_EQ(world.Count(Kind::kUnchanged), 1u);
  const auto checked = world.cache->Get(kTcbKey, later);
  EXPECT_EQ(checked->freshness, Freshness::kFresh);
  EXPECT_EQ(checked->fetched, world.now);
  EXPECT_EQ(checked->last_check, later);
  EXPECT_EQ(world.cache->Get(kTcbKey, later + hours(21))->freshness, Freshness::kFresh);
  world.Reopen();
  EXPECT_EQ(world.cache->Peek(kTcbKey, later)->last_check, later) << "the check is stored";
}

// A frozen clock stands at the very end of the validity: due at once, and again after each check.
TEST(CollateralCache, ACheckIsNotRepeatedWithinTenMinutesOfRealTime) {
  CacheWorld world;
  world.now = AuthenticateItem(kTcbKey, world.Good(kTcbKey)->bytes, world.anchors).value()->next_update();
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
  world.cache->Settle();
  ASSERT_EQ(world.Count(Kind::kUnchanged), 1u);
  world.Tick(seconds(599));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
  }
  world.cache->Settle();
  EXPECT_EQ(world.fetches, 2);
  world.Tick(seconds(1));
  (void)world.cache->Get(kTcbKey, world.now);
  world.cache->Settle();
  EXPECT_EQ(world.fetches, 3);
}

TEST(CollateralCache, AFailedRenewalIsRepeatedAfterBackOffOnly) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  const Instant later = world.now + hours(24);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(world.cache->Get(kTcbKey, later)->hit);
  world.cache->Settle();
  EXPECT_EQ(world.Count(Kind::kFetchFailed), 1u);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(world.cache->Get(kTcbKey, later)->hit);
  world.cache->Settle();
  EXPECT_EQ(world.fetches, 2);
  EXPECT_EQ(world.cache->Status(later).at(0).last_error, "connection refused");

  world.Tick(seconds(10));
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };
  (void)world.cache->Get(kTcbKey, later);
  world.cache->Settle();
  EXPECT_EQ(world.fetches, 3);
  EXPECT_EQ(world.cache->Status(later).at(0).last_error, "");
}

// It is queued while the item is due, and runs after another attempt has ended: there is nothing left to ask for.
TEST(CollateralCache, AQueuedRenewalLooksAgainWhenItsTurnComes) {
  for (const bool fails : {true, false}) {
    CacheOptions options;
    options.refresh_threads = 1;
    CacheWorld world(options);
    ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
    const Instant later = world.now + hours(25);
    world.intel = world.intel.At(later);
    std::promise<void> open;
    const std::shared_future<void> opened = open.get_future().share();
    std::atomic<int> asked{0};
    world.upstream = [&](const CollateralKey& key) -> Result<FetchedBytes> {
      if (key == kPckCrlKey) opened.wait();
      if (key == kTcbKey) ++asked;
      return fails ? Unreachable() : world.Good(key);
    };
    EXPECT_TRUE(world.cache->Get(kPckCrlKey, later)->hit);  // takes the only thread
    EXPECT_TRUE(world.cache->Get(kTcbKey, later)->hit);     // waits for it
    EXPECT_EQ(world.cache->Refresh(kTcbKey, later).ok(), !fails);
    open.set_value();
    world.cache->Settle();
    EXPECT_EQ(asked, 1) << fails;
  }
}

TEST(CollateralCache, RefreshAsksWhateverTheFreshnessAndTheBackOff) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  EXPECT_EQ(world.fetches, 4);
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(CheckOf(world.cache->Refresh(kTcbKey, world.now)), Check::kUpstreamUnreachable);
  EXPECT_EQ(world.fetches, 7);
}

TEST(CollateralCache, AReissuedSigningCertificateIsTakenAnotherKeyIsNoted) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  sim::IntelOptions reissued;
  reissued.bend[sim::IntelCertificate::kTcbSigning] = [](sim::CertificateSpec& spec) {
    spec.validity.not_after += hours(24);
  };
  world.intel = SimIntel::Make(reissued);
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  EXPECT_EQ(world.Count(Kind::kRenewed), 2u);
  EXPECT_EQ(world.Count(Kind::kIssuerChanged), 0u);

  // The root CA vouches for another key of the same name.
  const sim::SimKey key("another signing key");
  sim::CertificateSpec spec;
  const auto leaf =
      Certificate::Parse(world.intel.Certificate(sim::IntelCertificate::kTcbSigning), Check::kNone).value();
  spec.subject = sim::IntelName(leaf->subject_cn());
  spec.issuer = sim::IntelName(leaf->issuer_cn());
  spec.serial = {0x42};
  spec.validity = leaf->validity();
  spec.is_ca = false;
  spec.key_usage = leaf->key_usage();
  spec.authority_key_id = world.intel.Key(sim::IntelCertificate::kRoot).KeyIdentifier();
  spec.subject_key_id = key.KeyIdentifier();
  spec.crl_url = leaf->crl_url();
  const Bytes certificate = sim::MakeCertificate(spec, key, world.intel.Key(sim::IntelCertificate::kRoot));
  world.upstream = [&](const CollateralKey&) -> Result<FetchedBytes> {
    auto tcb = CacheWorld::Tcb(world.intel, Tcb(), sim::kStandardNumber,
                               [&](TcbInfoSpec& tcb_spec) { tcb_spec.signer = key; });
    tcb.bytes.issuer_chain = sim::ToPem(certificate, "CERTIFICATE") + world.intel.RootPem();
    return tcb;
  };
  const auto refreshed = world.cache->Refresh(kTcbKey, world.now);
  ASSERT_TRUE(refreshed.ok()) << refreshed.error().message;
  EXPECT_EQ(world.Count(Kind::kIssuerChanged), 1u);
}

// -- What cannot be had -----------------------------------------------------------------------------------------------

TEST(CollateralCache, NotFoundIsRememberedForAShortWhile) {
  CacheWorld world;
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return NotFound(); };
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(CheckOf(world.cache->Get(kTcbKey, world.now)), Check::kUpstreamNotFound);
  EXPECT_EQ(world.fetches, 1);
  world.Tick(milliseconds(29'999));
  EXPECT_EQ(CheckOf(world.cache->Get(kTcbKey, world.now)), Check::kUpstreamNotFound);
  EXPECT_EQ(world.fetches, 1);
  world.Tick(milliseconds(1));
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
}

TEST(CollateralCache, AnOutageCausesOneAttemptAWindowAndKey) {
  CacheWorld world;
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  for (int i = 0; i < 35; ++i) {
    const auto answer = world.cache->Get(kTcbKey, world.now);
    EXPECT_EQ(CheckOf(answer), Check::kUpstreamUnreachable);
    EXPECT_EQ(answer.error().kind, ErrorKind::kUnavailable);
  }
  EXPECT_EQ(world.fetches, 1);
  EXPECT_FALSE(world.cache->Get(kPckCrlKey, world.now).ok());
  EXPECT_EQ(world.fetches, 2) << "another key is asked for";
  world.Tick(seconds(10));
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.fetches, 3);
}

TEST(CollateralCache, TwoInstancesRenewAtDifferentTimes) {
  const auto due = [](uint64_t seed) {
    CacheOptions options;
    options.jitter_seed = seed;
    CacheWorld world(options);
    return world.cache->Get(kTcbKey, world.now)->next_refresh;
  };
  EXPECT_NE(due(1), due(2));
  EXPECT_EQ(due(1), due(1));
}

TEST(CollateralCache, StatusTellsAllOfEachItem) {
  CacheWorld world;
  (void)world.cache->Get(kTcbKey, world.now);
  (void)world.cache->Get(kRootCrlKey, world.now);
  const auto lines = world.cache->Status(world.now + hours(24 * 25));
  ASSERT_EQ(lines.size(), 2u);
  const CacheStatus& line = lines.at(1);
  const auto answer = world.cache->Peek(kTcbKey, world.now);
  EXPECT_EQ(line.key, CollateralKey(kTcbKey));
  EXPECT_EQ(line.freshness, Freshness::kStale);
  EXPECT_EQ(line.issued, answer->item->issued());
  EXPECT_EQ(line.next_update, answer->item->next_update());
  EXPECT_EQ(line.fetched, world.now);
  EXPECT_EQ(line.last_check, world.now);
  EXPECT_EQ(line.next_refresh, answer->next_refresh);
  EXPECT_EQ(line.source, "https://pcs.example/");
  EXPECT_EQ(line.sha256, answer->item->sha256().hex());
  EXPECT_EQ(line.order_number, sim::kStandardNumber);
  EXPECT_EQ(line.last_error, "");
  EXPECT_EQ(lines.at(0).freshness, Freshness::kRefreshDue);
}

}  // namespace
}  // namespace thimble
