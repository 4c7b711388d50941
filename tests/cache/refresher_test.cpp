// SPDX-License-Identifier: Apache-2.0
//
// Refresh passes under a scripted clock.
#include "cache/refresher.h"

#include <gtest/gtest.h>

#include <set>

#include "cache/pck_levels.h"
#include "tcb/intel/pck_set.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;
using Outcome = RefreshLine::Outcome;
using Urge = Refresher::Urge;

const CollateralKey kNumbersKey = EvaluationNumbersKey{IntelTee::kSgx};

CollateralKey TcbKey(std::string_view fmspc, Selector selector = {}) {
  return TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(fmspc), selector};
}
const CollateralKey kEarlyTcbKey = TcbKey(sim::kServerFmspc, {Selector::Kind::kEarly, 0});

// A world with a refresher, whose Intel knows numbers, early and standard, and PCK certificates of one platform.
struct RefreshWorld : CacheWorld {
  RefreshWorld() {
    upstream = [this](const CollateralKey& key) { return Intel(key); };
  }

  Result<FetchedBytes> Intel(const CollateralKey& key) {
    asked.insert(KeyName(key));
    if (failing.contains(KeyName(key))) return Unreachable();
    if (const auto* numbers = std::get_if<EvaluationNumbersKey>(&key)) {
      return FromIntel(intel.EvaluationNumbers(
                           numbers->tee, [this](sim::EvaluationNumbersSpec& spec) { bend_numbers(spec); }),
                       intel.TcbSigningChain());
    }
    if (const auto* tcb = std::get_if<TcbInfoKey>(&key)) {
      const bool early_set = tcb->selector.kind == Selector::Kind::kEarly;
      const uint32_t number = early_set ? early : sim::kStandardNumber;
      return Tcb(intel, *tcb, number, bend_tcb);
    }
    if (std::holds_alternative<PckCertsKey>(key)) return certified ? PckCertificates() : Unreachable();
    return Good(key);
  }

  Result<FetchedBytes> PckCertificates() const {
    const auto tcb = sim::ServerPlatform();
    auto certificate = Certificate::Parse(intel.PckCertificate(tcb), Check::kPckChain);
    const std::string list = intel::EncodePckCerts(
        {{{tcb.cpu_svn, static_cast<intel::PceSvn>(tcb.pce_svn)}, *std::move(certificate)}}, {});
    return FromIntel(Bytes(list.begin(), list.end()), intel.CaChain(intel::PckCa::kPlatform));
  }
  // A platform whose certificates have come; where `levels` are told, as they were listed then. Without `held` only its
  // registration is here.
  std::string Bind(const char* qe_id, std::optional<std::vector<intel::PckTcb>> levels, bool held = true) {
    const auto id = *intel::PlatformId::From(qe_id, {});
    const PckCertsKey key{id};
    const auto item = cache->Put(key, *PckCertificates(), now, false);
    EXPECT_TRUE(item.ok());
    if (!held) {
      EXPECT_TRUE(cache->Remove(key));
    }
    intel::PckSet set;
    set.fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
    set.ppid = (*item)->pck_set()->ppid;
    const Status bound = registry.Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Bind(id, set));
      TRY(edit.Remember({id, {}, intel::EncryptedPpid::From(Bytes(384, 0x11)), {}}));
      return levels ? edit.RecordLevels(id, *levels) : Status();
    });
    EXPECT_TRUE(bound.ok());
    return KeyName(PckCertsKey{id});
  }
  std::vector<intel::PckTcb> Levels() {
    return HeldLevels(*cache, *intel::Fmspc::FromHex(sim::kServerFmspc), now);
  }

  RefreshReport Pass(Urge urge = Urge::kNow) {
    asked.clear();
    return refresher.Pass(now, urge, stop);
  }
  // Everything Intel publishes from now on is of `now`.
  void Advance(Seconds by) {
    now += by;
    intel = intel.At(now);
    Tick(by);
  }

  std::set<std::string> asked, failing;
  uint32_t early = sim::kEarlyNumber;
  std::function<void(sim::EvaluationNumbersSpec&)> bend_numbers = [](sim::EvaluationNumbersSpec&) {};
  sim::Bend<sim::TcbInfoSpec> bend_tcb;
  std::atomic<bool> stop{false};
  bool certified = false;  // whether Intel gives PCK certificates
  PlatformRegistry registry{store};
  Refresher refresher{*cache, {.threads = 1, .has_upstream = {}, .registry = &registry}};
};

const RefreshLine* LineOf(const RefreshReport& report, const CollateralKey& key) {
  const auto line = std::ranges::find(report.lines, key, &RefreshLine::key);
  return line == report.lines.end() ? nullptr : &*line;
}

std::string FmspcNumber(int i) {
  std::string hex = std::to_string(i);
  return std::string(12 - hex.size(), '0') + hex;
}

TEST(Refresher, LeavesAloneWhatIsFresh) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.not_due, 1u);
  EXPECT_TRUE(report.lines.empty());
  EXPECT_TRUE(world.asked.empty());
}

TEST(Refresher, OneOfFiftyThatFailsLeavesFortyNineRenewed) {
  RefreshWorld world;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(world.cache->Get(TcbKey(FmspcNumber(i)), world.now).ok());
  world.Pass();  // the early sets and the list of numbers
  world.Advance(hours(25));
  const CollateralKey bad = TcbKey(FmspcNumber(17));
  world.failing = {KeyName(bad)};
  const RefreshReport report = world.Pass();
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.Count(Outcome::kFailed), 1u);
  ASSERT_NE(LineOf(report, bad), nullptr);
  EXPECT_EQ(LineOf(report, bad)->outcome, Outcome::kFailed);
  EXPECT_EQ(LineOf(report, bad)->reason, "connection refused");
  EXPECT_FALSE(LineOf(report, bad)->stale) << "it is held, and good for some weeks";
  size_t renewed = 0;
  for (int i = 0; i < 50; ++i) {
    const auto answer = world.cache->Peek(TcbKey(FmspcNumber(i)), world.now);
    renewed += answer && answer->fetched == world.now;
  }
  EXPECT_EQ(renewed, 49u);
  for (const CacheStatus& status : world.cache->Status(world.now)) {
    EXPECT_EQ(status.last_error, status.key == bad ? "connection refused" : "") << KeyName(status.key);
  }
}

TEST(Refresher, SaysThatNothingNewerIsKept) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.now += hours(25);  // Intel's clock stands still
  const RefreshReport report = world.Pass();
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_EQ(report.lines[0].outcome, Outcome::kKept);
  EXPECT_TRUE(report.complete());
}

TEST(Refresher, WhatStaysStaleIsNotComplete) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  world.now += hours(24 * 21);  // past its nextUpdate, and Intel has nothing newer
  const RefreshReport report = world.Pass();
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_TRUE(report.lines[0].stale);
  EXPECT_FALSE(report.complete());
}

TEST(Refresher, AsksForWhatWasNotCheckedSince) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.Advance(hours(1));
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  const auto pass = [&](Instant since) {
    world.asked.clear();
    const RefreshReport report = world.refresher.Pass(world.now, Urge::kNow, world.stop, since);
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.lines.size() + report.not_due, 2u);
    return world.asked;
  };
  const std::set<std::string> both{KeyName(kPckCrlKey), KeyName(kRootCrlKey)};
  EXPECT_TRUE(pass(kNever).empty());
  EXPECT_EQ(pass(world.now), std::set{KeyName(kRootCrlKey)});
  EXPECT_TRUE(pass(world.now).empty()) << "now it was";
  EXPECT_EQ(pass(Refresher::kAll), both);
  EXPECT_EQ(pass(Refresher::kAll), both) << "each time";
}

TEST(Refresher, AClockThatWasAheadOnceMakesEverythingDue) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  const Instant before = world.now;
  world.now += hours(24 * 400);
  (void)world.Pass();
  world.now = before + hours(2);
  world.Tick(hours(2));
  const RefreshReport report = world.Pass(Urge::kPatient);
  EXPECT_EQ(world.asked, (std::set{KeyName(kPckCrlKey), KeyName(kRootCrlKey)}));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(world.Pass(Urge::kPatient).not_due, 2u) << "and the clock is forgotten";
}

TEST(Refresher, AsksForThoseThatAreNamedDueOrNot) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kTdxTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(TcbKey(FmspcNumber(1)), world.now).ok());
  const auto fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
  const auto keys = world.refresher.HeldOf(fmspc, world.now);
  const std::set<std::string> both{KeyName(kTcbKey), KeyName(kTdxTcbKey)};
  std::set<std::string> named;
  for (const CollateralKey& key : keys) named.insert(KeyName(key));
  EXPECT_EQ(named, both);
  EXPECT_TRUE(world.refresher.Holds(kTcbKey, world.now));
  EXPECT_FALSE(world.refresher.Holds(kIdentityKey, world.now));

  world.asked.clear();
  RefreshReport report = world.refresher.PassOver(keys, world.now, world.stop);
  EXPECT_EQ(world.asked, both);
  EXPECT_EQ(report.Count(Outcome::kKept), 2u);
  world.Advance(hours(1));
  EXPECT_EQ(world.refresher.PassOver(keys, world.now, world.stop).Count(Outcome::kRenewed), 2u);
  world.failing = {KeyName(kTcbKey)};
  for (int i = 0; i < 2; ++i) {  // whatever its back-off
    world.asked.clear();
    report = world.refresher.PassOver({kTcbKey}, world.now, world.stop);
    EXPECT_EQ(report.Count(Outcome::kFailed), 1u);
    EXPECT_EQ(world.asked.size(), 1u);
  }
}

TEST(Refresher, PatientPassesRespectTheBackOff) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.Advance(hours(25));
  world.failing = {KeyName(kRootCrlKey)};
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kFailed), 1u);
  const RefreshReport again = world.Pass(Urge::kPatient);
  EXPECT_TRUE(world.asked.empty());
  ASSERT_NE(LineOf(again, kRootCrlKey), nullptr);
  EXPECT_EQ(LineOf(again, kRootCrlKey)->reason, "connection refused");
  EXPECT_EQ(world.Pass(Urge::kNow).Count(Outcome::kFailed), 1u);
  world.failing.clear();
  world.Tick(hours(1));
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kRenewed), 1u);
}

// Both are due and may be asked for when the pass begins; while it asks for the first, the second fails elsewhere.
TEST(Refresher, APatientPassLooksAgainWhenTheTurnOfAnItemComes) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  world.Advance(hours(25));
  int asked = 0;
  world.upstream = [&](const CollateralKey& key) -> Result<FetchedBytes> {
    const CollateralKey& other = key == kRootCrlKey ? kPckCrlKey : kRootCrlKey;
    if (++asked == 1) {
      EXPECT_FALSE(world.cache->Refresh(other, world.now).ok());
    }
    return Unreachable();
  };
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kFailed), 2u);
  EXPECT_EQ(asked, 2) << "each once";
}

TEST(Refresher, KeepsEarlyAndStandardAndTheNumbersOfWhatIsInUse) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kIdentityKey, world.now).ok());
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(report.complete());
  const CollateralKey early_identity = EnclaveIdentityKey{EnclaveId::kQe, {Selector::Kind::kEarly, 0}};
  for (const CollateralKey& key : {kNumbersKey, kEarlyTcbKey, early_identity}) {
    EXPECT_TRUE(world.cache->Peek(key, world.now)) << KeyName(key);
  }
  EXPECT_FALSE(world.cache->Peek(kTdxTcbKey, world.now)) << "TDX is not in use";
}

TEST(Refresher, ANewNumberInTheListIsAskedForAtOnce) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();
  const auto with_19 = [](sim::EvaluationNumbersSpec& spec) {
    auto next = spec.numbers.front();
    next.number = 19;
    spec.numbers.insert(spec.numbers.begin(), next);
  };
  // An hour later the list alone is due, and brings number 19.
  world.Advance(hours(1));
  world.bend_numbers = with_19;
  world.early = 19;
  ASSERT_TRUE(world.cache->Refresh(kNumbersKey, world.now).ok());
  const RefreshReport report = world.Pass(Urge::kPatient);
  ASSERT_NE(LineOf(report, kEarlyTcbKey), nullptr);
  EXPECT_EQ(LineOf(report, kEarlyTcbKey)->outcome, Outcome::kRenewed);
  EXPECT_EQ(world.cache->Peek(kEarlyTcbKey, world.now)->item->order_number(), 19u);
  EXPECT_TRUE(world.cache->Peek(kTcbKey, world.now)) << "the standard set stays beside it";
}

TEST(Refresher, RetiredNumbersAreKeptNotFailed) {
  RefreshWorld world;
  const CollateralKey key = TcbKey(sim::kServerFmspc, {Selector::Kind::kNumber, sim::kStandardNumber});
  ASSERT_TRUE(world.cache->Get(key, world.now).ok());
  world.Pass();
  world.Advance(hours(25));
  world.upstream = [&](const CollateralKey& asked) -> Result<FetchedBytes> {
    return asked == key ? NotFound() : world.Intel(asked);
  };
  const RefreshReport report = world.Pass();
  ASSERT_NE(LineOf(report, key), nullptr);
  EXPECT_EQ(LineOf(report, key)->outcome, Outcome::kKept);
  EXPECT_TRUE(report.complete());
}

TEST(Refresher, ANewTcbLevelHasThePckCertificatesFetched) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();  // the early set, too
  const std::string pck = world.Bind("00112233445566778899AABBCCDDEEFF", world.Levels());
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "the levels as they were";

  world.Advance(hours(25));
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "issued again with the same levels";

  world.Advance(hours(25));
  world.bend_tcb = [](sim::TcbInfoSpec& spec) {
    auto level = spec.levels.front();
    level.pce_svn += 1;
    spec.levels.insert(spec.levels.begin(), level);
  };
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(world.asked.contains(pck));
  EXPECT_FALSE(report.complete()) << "they could not be fetched";

  world.Pass();
  EXPECT_TRUE(world.asked.contains(pck)) << "and are asked for until they come";
  world.certified = true;
  world.Pass();
  EXPECT_TRUE(world.asked.contains(pck));
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "they are here";
}

// A level that came while nobody looked shows in no change of a TCB info: certificates that were imported, or fetched
// before a store lay on a shelf.
TEST(Refresher, CertificatesThatMayLackALevelAreFetched) {
  RefreshWorld world;
  world.certified = true;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();
  std::vector<intel::PckTcb> before = world.Levels();
  ASSERT_GT(before.size(), 1u);
  before.pop_back();
  const std::string all = world.Bind("A1", world.Levels()), lacking = world.Bind("A2", before),
                    imported = world.Bind("A3", std::nullopt);
  world.Pass(Urge::kPatient);
  EXPECT_FALSE(world.asked.contains(all));
  EXPECT_TRUE(world.asked.contains(lacking));
  EXPECT_TRUE(world.asked.contains(imported));
  const std::string later = world.Bind("A4", std::nullopt);
  world.Pass(Urge::kPatient);
  EXPECT_EQ(world.asked.count(imported) + world.asked.count(lacking), 0u) << "once";
  EXPECT_TRUE(world.asked.contains(later)) << "imported while the TCB infos stay the same";
}

// A registration has a journal, its certificates have none: after the loss of a store the one comes back without the other.
TEST(Refresher, CertificatesThatAreNotHeldAreFetched) {
  for (const bool tcb_info_held : {false, true}) {
    RefreshWorld world;
    world.certified = true;
    if (tcb_info_held) {
      ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    }
    world.Pass();  // the early set, too
    const std::string here = world.Bind("A1", world.Levels()), gone = world.Bind("A2", world.Levels(), false);
    const RefreshReport report = world.Pass(Urge::kPatient);
    EXPECT_TRUE(report.complete());
    EXPECT_FALSE(world.asked.contains(here));
    EXPECT_TRUE(world.asked.contains(gone));
    EXPECT_TRUE(world.cache->Peek(PckCertsKey{*intel::PlatformId::From("A2", {})}, world.now));
    world.Pass();
    EXPECT_FALSE(world.asked.contains(gone)) << "once";
  }
}

TEST(Refresher, CertificatesOfAnotherPpidAreNotHeld) {
  RefreshWorld world;
  world.certified = true;
  const std::string name = world.Bind("A1", world.Levels());
  world.Pass();
  EXPECT_FALSE(world.asked.contains(name));
  const auto id = *intel::PlatformId::From("A1", {});
  ASSERT_TRUE(world.registry
                  .Edit([&](RegistryEdit& edit) -> Status {
                    TRY(edit.Forget(id));
                    intel::PckSet other;
                    other.fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
                    TRY(edit.Bind(id, other));
                    return edit.Remember({id, {}, intel::EncryptedPpid::From(Bytes(384, 0x12)), {}});
                  })
                  .ok());
  world.Pass();
  EXPECT_TRUE(world.asked.contains(name));
}

TEST(Refresher, WithoutUpstreamsNothingFailsAndStaleShows) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  Refresher offline{*world.cache, {.threads = 1, .has_upstream = [](Vendor) { return false; }}};
  world.fetches = 0;
  world.now += hours(25);
  const RefreshReport due = offline.Pass(world.now, Urge::kNow, world.stop);
  EXPECT_TRUE(due.complete());
  EXPECT_EQ(due.Count(Outcome::kKept), 1u);
  world.now += hours(24 * 30);
  EXPECT_FALSE(offline.Pass(world.now, Urge::kNow, world.stop).complete());
  EXPECT_EQ(world.fetches, 0);
}

// An upload tells no levels.
TEST(Refresher, WithoutUpstreamsNoCertificatesAreAskedFor) {
  for (const Vendor reachable : {Vendor::kAmd, Vendor::kIntel}) {
    RefreshWorld world;
    ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    const std::string uploaded = world.Bind("A1", std::nullopt), gone = world.Bind("A2", std::nullopt, false);
    Refresher refresher{*world.cache,
                        {.threads = 1,
                         .has_upstream = [=](Vendor vendor) { return vendor == reachable; },
                         .registry = &world.registry}};
    world.asked.clear();
    const RefreshReport report = refresher.Pass(world.now, Urge::kPatient, world.stop);
    EXPECT_EQ(report.complete(), reachable == Vendor::kAmd) << "of Intel's they could not be fetched";
    for (const std::string& name : {uploaded, gone})
      EXPECT_EQ(world.asked.contains(name), reachable == Vendor::kIntel) << name;
  }
}

TEST(Refresher, StopsWhenTold) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.stop = true;
  world.Pass();
  EXPECT_TRUE(world.asked.empty());
}

TEST(Refresher, TwoInstancesRenewAtDifferentTimes) {
  std::set<Instant> due;
  for (const uint64_t seed : {1u, 2u}) {
    CacheOptions options;
    options.jitter_seed = seed;
    CacheWorld world(options);
    due.insert(world.cache->Get(kTcbKey, world.now)->next_refresh);
  }
  EXPECT_EQ(due.size(), 2u);
}

}  // namespace
}  // namespace thimble
