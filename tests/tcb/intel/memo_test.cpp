// SPDX-License-Identifier: Apache-2.0
//
// What is remembered saves work and nothing else: a memo full of good results makes no bad quote good.
#include "tcb/intel/memo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "tests/tcb/intel/judge.h"

namespace thimble::test {
namespace {

using namespace std::chrono_literals;
using intel::Memo;
using sim::kNow;

TEST(GenerationMap, FindsWhatItHolds) {
  GenerationMap<int> map(4);
  EXPECT_EQ(map.Find("a"), std::nullopt);
  map.Add("a", 1);
  map.Add("", 2);
  EXPECT_EQ(map.Find("a"), 1);
  EXPECT_EQ(map.Find(""), 2);
  EXPECT_EQ(map.Find(std::string_view("a\0", 2)), std::nullopt);
  map.Clear();
  EXPECT_EQ(map.Find("a"), std::nullopt);
}

TEST(GenerationMap, HoldsNoMoreThanItsCapacity) {
  for (const size_t capacity : {2, 3, 4, 10, 100}) {
    GenerationMap<std::shared_ptr<int>> map(capacity);
    std::vector<std::weak_ptr<int>> all;
    for (int i = 0; i < 1000; ++i) {
      auto value = std::make_shared<int>(i);
      all.push_back(value);
      map.Add(std::to_string(i), std::move(value));
      if (i % 3 == 0) {
        (void)map.Find(std::to_string(i / 2));  // moves what is old to the young
      }
      const auto held =
          std::count_if(all.begin(), all.end(), [](const auto& weak) { return !weak.expired(); });
      ASSERT_LE(static_cast<size_t>(held), capacity) << "after " << i;
    }
    EXPECT_TRUE(map.Find("999").has_value());
  }
}

TEST(GenerationMap, WhatIsInUseStays) {
  GenerationMap<int> map(10);
  map.Add("used", 7);
  for (int i = 0; i < 1000; ++i) {
    map.Add(std::to_string(i), i);
    ASSERT_EQ(map.Find("used"), 7) << i;
  }
  EXPECT_EQ(map.Find("0"), std::nullopt);
}

TEST(GenerationMap, FromManyThreads) {
  GenerationMap<int> map(16);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&map, t] {
      for (int i = 0; i < 2000; ++i) {
        const std::string key = std::to_string((i * 7 + t) % 40);
        const auto found = map.Find(key);
        if (found) {
          EXPECT_EQ(*found, std::stoi(key));
        } else {
          map.Add(key, std::stoi(key));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// -- through the verifier: the memo has seen this very quote verify --

class MemoTest : public ::testing::Test {
 protected:
  // Fills the memo by the good case, then judges the bad one with it and without.
  Check HardAfter(const Case& good, const Case& bad) {
    const auto first = Judge(good, &memo_);
    EXPECT_TRUE(first.ok() && first->authentic);
    const auto with = Judge(bad, &memo_), without = Judge(bad);
    EXPECT_TRUE(with.ok() && without.ok());
    if (!with.ok() || with->hard() == nullptr) return Check::kNone;
    EXPECT_EQ(with->hard()->check, without->hard()->check);
    return with->hard()->check;
  }
  std::string SoftAfter(const Case& good, const Case& bad) {
    EXPECT_TRUE(Judge(good, &memo_).ok());
    const auto with = Judge(bad, &memo_);
    EXPECT_EQ(with->hard(), nullptr);
    EXPECT_EQ(SoftFindings(*with), SoftFindings(*Judge(bad)));
    return SoftFindings(*with);
  }
  Memo memo_;
};

TEST_F(MemoTest, AGoodQuoteStaysGood) {
  for (int i = 0; i < 3; ++i) {
    const auto verdict = Judge({}, &memo_);
    ASSERT_TRUE(verdict.ok());
    EXPECT_TRUE(verdict->authentic);
    EXPECT_EQ(verdict->tcb_status, TcbStatus::kUpToDate);
    EXPECT_EQ(std::get<intel::PlatformFacts>(verdict->platform).fmspc.HexUpper(), sim::kServerFmspc);
    EXPECT_EQ(verdict->window, Judge({})->window);
    EXPECT_EQ(verdict->trust_anchor, "Intel SGX Root CA");
  }
}

TEST_F(MemoTest, DoesNotSaveACertificateThatIsRevokedNow) {
  const auto serial = [](const Bytes& der) {
    const auto certificate = Certificate::Parse(der, Check::kCollateralMalformed).value();
    return Bytes(certificate->serial().begin(), certificate->serial().end());
  };
  const Bytes leaf = serial(World().PckCertificate());
  const Bytes ca = serial(World().CaCertificate(intel::PckCa::kPlatform));
  EXPECT_EQ(HardAfter({}, {.collateral = {.pck_crl = [&](auto& crl) { crl.revoked.push_back(leaf); }}}),
            Check::kPckRevoked);
  EXPECT_EQ(HardAfter({}, {.collateral = {.root_ca_crl = [&](auto& crl) { crl.revoked.push_back(ca); }}}),
            Check::kPckRevoked);
}

TEST_F(MemoTest, DoesNotSaveACertificateThatHasExpired) {
  Case early, late;
  early.quote.platform.certificate =
      late.quote.platform.certificate = [](auto& spec) { spec.validity.not_after = kNow; };
  late.at = kNow + 1s;
  EXPECT_EQ(SoftAfter(early, late), "pck.expired");
  EXPECT_EQ(SoftAfter({}, {.at = kNow - 24h * 365 * 3}),
            "crl.pck.expired crl.root.expired pck.not_yet_valid qe_identity.not_yet_issued "
            "signing_chain.not_yet_valid tcb_info.not_yet_issued");
}

TEST_F(MemoTest, DoesNotMakeARootAnAnchor) {
  const TrustAnchors pinned = TrustAnchors::Pinned();
  EXPECT_EQ(HardAfter({}, {.anchors = &pinned}), Check::kPckRoot);
}

TEST_F(MemoTest, DoesNotSaveAnotherQuoteOfTheSamePlatform) {
  const auto flip = [](size_t sim::QuoteOffsets::*part, size_t offset) {
    return Case{.quote_bytes = [=](Bytes& quote) { quote[sim::LocateQuote(quote).*part + offset] ^= 1; }};
  };
  EXPECT_EQ(HardAfter({}, flip(&sim::QuoteOffsets::signature, 0)), Check::kQuoteSignature);
  EXPECT_EQ(HardAfter({}, flip(&sim::QuoteOffsets::body, 100)), Check::kQuoteSignature);
  EXPECT_EQ(HardAfter({}, flip(&sim::QuoteOffsets::qe_report, 64)), Check::kQeReportSignature);
  EXPECT_EQ(HardAfter({}, flip(&sim::QuoteOffsets::qe_report_signature, 0)), Check::kQeReportSignature);
  EXPECT_EQ(HardAfter({}, flip(&sim::QuoteOffsets::qe_auth_length, 2)), Check::kQeReportData);
}

// The QE report is remembered under the PCK certificate that signed it.
TEST_F(MemoTest, DoesNotSaveAQeReportUnderAnotherCertificate) {
  EXPECT_EQ(HardAfter({}, {.set =
                               [](intel::CollateralSet& set) {
                                 set.pck_chain = World().PckChain(sim::ServerPlatform(sim::Tcb::kNewest));
                               }}),
            Check::kQeReportSignature);
}

TEST_F(MemoTest, DoesNotRememberWhatFailed) {
  const Case bad = {
      .quote_bytes = [](Bytes& quote) { quote[sim::LocateQuote(quote).qe_report_signature] ^= 1; }};
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Judge(bad, &memo_)->hard()->check, Check::kQeReportSignature);
  Case chain;
  chain.quote.platform.certificate = [](auto& spec) { spec.is_ca = true; };
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Judge(chain, &memo_)->hard()->check, Check::kPckChain);
  EXPECT_EQ(HardAfter({}, bad), Check::kQeReportSignature);
}

TEST_F(MemoTest, FromManyThreads) {
  const Bytes quote = QuoteOf({});
  const auto collateral = intel::PrepareCollateral(SetOf({}), WorldAnchors());
  ASSERT_TRUE(collateral.ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto verdict = intel::VerifyQuote(quote, *collateral, WorldAnchors(), kNow, &memo_);
        EXPECT_TRUE(verdict.ok() && verdict->authentic);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace thimble::test
