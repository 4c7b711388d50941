// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tcb/check.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tests/support/sim_intel.h"

namespace thimble::intel {
namespace {

using sim::Tcb;

PckTcb T(std::initializer_list<uint8_t> components, uint16_t pce_svn) {
  PckTcb tcb;
  std::ranges::copy(components, tcb.cpu_svn.begin());
  tcb.pce_svn = PceSvn{pce_svn};
  return tcb;
}

CertificatePtr AnyCertificate() {
  static const CertificatePtr certificate =
      *Certificate::Parse(sim::SimIntel::Make().PckCertificate(), Check::kCollateralMalformed);
  return certificate;
}

PckSet SetOf(const std::vector<PckTcb>& tcbs) {
  PckSet set;
  for (const PckTcb& tcb : tcbs) set.certificates.push_back({tcb, AnyCertificate()});
  return set;
}

// Levels go in matching order, as a decoded TCB info has them.
TcbInfo InfoOf(std::vector<PckTcb> levels) {
  TcbInfo info;
  std::ranges::sort(levels, [](const PckTcb& a, const PckTcb& b) { return OrderedBefore(b, a); });
  for (const PckTcb& level : levels) {
    TcbLevel decoded;
    decoded.sgx = level.cpu_svn;
    decoded.pce_svn = level.pce_svn;
    info.levels.push_back(decoded);
  }
  return info;
}

std::optional<PckTcb> Choice(const std::vector<PckTcb>& certificates, const PckTcb& raw,
                             const std::vector<PckTcb>& levels) {
  const PckSet set = SetOf(certificates);
  const auto selection = SelectPck(set, raw, InfoOf(levels));
  EXPECT_TRUE(selection.ok());
  if (!selection.ok() || selection->chosen == nullptr) return std::nullopt;
  return selection->chosen->tcb;
}

TEST(PckSelection, TakesTheHighestThatThePlatformCovers) {
  const std::vector<PckTcb> levels = {T({8, 8}, 11), T({6, 6}, 11), T({5, 5}, 5)};
  const std::vector<PckTcb> pool = {T({5, 5}, 5), T({5, 5}, 11), T({8, 8}, 11), T({6, 6}, 11)};
  EXPECT_EQ(Choice(pool, T({9, 9}, 12), levels), T({8, 8}, 11));
  EXPECT_EQ(Choice(pool, T({8, 8}, 11), levels), T({8, 8}, 11));
  EXPECT_EQ(Choice(pool, T({8, 7}, 11), levels), T({6, 6}, 11));
  EXPECT_EQ(Choice(pool, T({8, 8}, 10), levels), T({5, 5}, 5)) << "by PCESVN alone";
  EXPECT_EQ(Choice(pool, T({4, 9}, 12), levels), std::nullopt);
  EXPECT_EQ(Choice({}, T({9, 9}, 12), levels), std::nullopt);
}

TEST(PckSelection, TheLevelCountsBeforeTheCertificate) {
  // {3, 9} covers no more than {3, 0} and is lower in order, but it belongs to the higher level.
  const std::vector<PckTcb> levels = {T({3, 9}, 1), T({3, 0}, 1)};
  EXPECT_EQ(Choice({T({3, 0}, 7), T({3, 9}, 1)}, T({9, 9}, 9), levels), T({3, 9}, 1));
  EXPECT_EQ(Choice({T({3, 0}, 7), T({3, 9}, 1)}, T({9, 8}, 9), levels), T({3, 0}, 7));
}

TEST(PckSelection, BelowEveryLevelIsTheLastBucket) {
  const std::vector<PckTcb> levels = {T({5}, 5)};
  EXPECT_EQ(Choice({T({4}, 9), T({5}, 5)}, T({9}, 9), levels), T({5}, 5));
  EXPECT_EQ(Choice({T({4}, 9), T({5}, 5)}, T({4}, 9), levels), T({4}, 9));
}

TEST(PckSelection, TracesWhyACandidateDoesNotFit) {
  const std::vector<PckTcb> levels = {T({8, 8}, 11), T({6, 6}, 11)};
  const PckSet set = SetOf({T({6, 6}, 11), T({1, 1}, 1), T({8, 8}, 13), T({8, 8}, 11)});
  const auto selection = SelectPck(set, T({7, 9}, 12), InfoOf(levels));
  ASSERT_TRUE(selection.ok());
  ASSERT_EQ(selection->candidates.size(), 4u);
  const auto& tried = selection->candidates;
  EXPECT_EQ(tried[0].certificate->tcb, T({8, 8}, 13));
  EXPECT_EQ(tried[0].level, 0u);
  ASSERT_TRUE(tried[0].too_high && tried[1].too_high);
  EXPECT_EQ(tried[0].too_high->component, "sgx.00");
  EXPECT_EQ(tried[0].too_high->have, 7u);
  EXPECT_EQ(tried[0].too_high->need, 8u);
  EXPECT_EQ(tried[1].certificate->tcb, T({8, 8}, 11));
  EXPECT_EQ(tried[2].level, 1u);
  EXPECT_FALSE(tried[2].too_high);
  EXPECT_EQ(selection->chosen, tried[2].certificate);
  EXPECT_EQ(tried[3].level, std::nullopt);

  const auto pce = SelectPck(set, T({9, 9}, 12), InfoOf(levels));
  ASSERT_TRUE(pce.ok() && pce->candidates[0].too_high);
  EXPECT_EQ(pce->candidates[0].too_high->component, "pcesvn");
}

TEST(PckSelection, AmongThoseThatDoNotCoverEachOtherTheOneThatIntelSentFirst) {
  const std::vector<PckTcb> levels = {T({1, 1}, 1)};
  const PckTcb a = T({2, 1}, 1), b = T({1, 2}, 1), both = T({2, 2}, 1);
  EXPECT_EQ(Choice({a, b}, T({9, 9}, 9), levels), a);
  EXPECT_EQ(Choice({b, a}, T({9, 9}, 9), levels), b);
  for (const auto& sent : {std::vector{both, a, b}, std::vector{b, both, a}, std::vector{a, b, both}}) {
    EXPECT_EQ(Choice(sent, T({9, 9}, 9), levels), both);
  }
}

TEST(PckSelection, OfTwoCertificatesOfOneTcbTheOneThatIntelSentLast) {
  using namespace std::chrono_literals;
  sim::PckSpec renewed = sim::ServerPlatform();
  renewed.certificate = [](sim::CertificateSpec& c) { c.validity.not_before += 24h; };
  const auto other =
      *Certificate::Parse(sim::SimIntel::Make().PckCertificate(renewed), Check::kCollateralMalformed);
  const auto chosen = [](const std::vector<CertificatePtr>& sent) {
    PckSet set;
    for (const CertificatePtr& certificate : sent) set.certificates.push_back({T({5}, 5), certificate});
    const auto selection = SelectPck(set, T({5}, 5), InfoOf({T({5}, 5)}));
    return selection.ok() && selection->chosen != nullptr ? selection->chosen->certificate : nullptr;
  };
  EXPECT_EQ(chosen({AnyCertificate(), other}), other);
  EXPECT_EQ(chosen({other, AnyCertificate()}), AnyCertificate());
}

TEST(PckSelection, NeedsTheSgxTcbInfoOfThisPlatform) {
  const PckSet set = SetOf({T({5}, 5)});
  const auto check = [&](const sim::Bend<TcbInfo>& bend) {
    TcbInfo info = InfoOf({T({5}, 5)});
    sim::Apply(bend, info);
    const auto selection = SelectPck(set, T({5}, 5), info);
    return selection.ok() ? Check::kNone : selection.error().check;
  };
  EXPECT_EQ(check({}), Check::kNone);
  EXPECT_EQ(check([](TcbInfo& i) { i.tee = IntelTee::kTdx; }), Check::kTcbInfoMismatch);
  EXPECT_EQ(check([](TcbInfo& i) { i.fmspc = *Fmspc::FromHex("00906ED50000"); }), Check::kTcbInfoMismatch);
  EXPECT_EQ(check([](TcbInfo& i) { i.pce_id = *PceId::FromHex("0100"); }), Check::kTcbInfoMismatch);
}

// ---- properties ----

// Intel's library, bucket by bucket as it is described (spec/intel-pccs-api.md section 6).
std::optional<PckTcb> IntelsChoice(const std::vector<PckTcb>& certificates, const PckTcb& raw,
                                   const std::vector<TcbLevel>& levels) {
  std::vector<std::vector<PckTcb>> buckets(levels.size() + 1);
  for (const PckTcb& certificate : certificates) {
    const auto level = std::ranges::find_if(levels, [&](const TcbLevel& l) {
      return Covers(certificate, PckTcb{l.sgx, l.pce_svn});
    });
    auto& bucket = buckets.at(static_cast<size_t>(level - levels.begin()));
    const auto place = std::ranges::find_if(bucket, [&](const PckTcb& t) { return Covers(certificate, t); });
    bucket.insert(place, certificate);
  }
  for (const auto& bucket : buckets) {
    for (const PckTcb& certificate : bucket) {
      if (Covers(raw, certificate)) return certificate;
    }
  }
  return std::nullopt;
}

struct RandomCase {
  std::vector<PckTcb> pool, levels;
  PckTcb raw;
};
RandomCase MakeCase(std::mt19937& random) {
  const auto tcb = [&](unsigned most) {
    const auto svn = [&] { return static_cast<uint8_t>(random() % most); };
    return T({svn(), svn(), svn()}, static_cast<uint16_t>(random() % most));
  };
  RandomCase out;
  const auto order = [](const PckTcb& a, const PckTcb& b) { return OrderedBefore(a, b); };
  std::set<PckTcb, decltype(order)> pool(order);
  while (pool.size() < 5) pool.insert(tcb(4));
  out.pool.assign(pool.begin(), pool.end());
  for (int i = 0; i < 3; ++i) out.levels.push_back(tcb(3));
  out.raw = tcb(5);
  return out;
}

TEST(PckSelectionProperty, IntelsAnswerForEveryOrderOfTheInput) {
  std::mt19937 random(20260601);
  size_t not_comparable = 0, order_dependent = 0, found = 0;
  for (int round = 0; round < 400; ++round) {
    RandomCase c = MakeCase(random);
    const std::vector<TcbLevel> levels = InfoOf(c.levels).levels;
    std::set<std::string> intels;
    do {
      const auto intel = IntelsChoice(c.pool, c.raw, levels);
      EXPECT_EQ(Choice(c.pool, c.raw, c.levels), intel) << "round " << round;
      intels.insert(intel ? intel->HexUpper() : "none");
    } while (std::next_permutation(c.pool.begin(), c.pool.end(), OrderedBefore));
    found += intels.contains("none") ? 0 : 1;
    order_dependent += intels.size() > 1 ? 1 : 0;
    for (const PckTcb& a : c.pool) {
      not_comparable +=
          std::ranges::any_of(c.pool, [&](const PckTcb& b) { return !Covers(a, b) && !Covers(b, a); }) ? 1
                                                                                                       : 0;
    }
  }
  EXPECT_GT(found, 100u);
  EXPECT_GT(not_comparable, 1000u) << "the pools hold TCBs that do not cover each other";
  EXPECT_GT(order_dependent, 10u) << "and Intel's answer depends on their order in some";
}

TEST(PckSelectionProperty, TheChoiceIsCoveredAndNothingBetterInItsBucketIs) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const RandomCase c = MakeCase(random);
    const PckSet set = SetOf(c.pool);
    const auto selection = SelectPck(set, c.raw, InfoOf(c.levels));
    ASSERT_TRUE(selection.ok());
    if (selection->chosen == nullptr) {
      EXPECT_TRUE(std::ranges::none_of(c.pool, [&](const PckTcb& t) { return Covers(c.raw, t); }));
      continue;
    }
    EXPECT_TRUE(Covers(c.raw, selection->chosen->tcb));
    for (const PckTcb& other : c.pool) {
      if (other == selection->chosen->tcb || !Covers(c.raw, other)) continue;
      EXPECT_FALSE(Covers(other, selection->chosen->tcb)) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace thimble::intel
