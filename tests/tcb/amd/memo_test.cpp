// SPDX-License-Identifier: Apache-2.0
//
// What is remembered saves signature checks and nothing else: a memo full of good signatures makes no bad one good.
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::SimAmd;
using sim::SnpPlatform;

class AmdMemo : public testing::Test {
 protected:
  // A memo that has seen everything good of this platform.
  AmdMemo() { ExpectGood(JudgeWith(good_)); }

  Result<Verdict> JudgeWith(const EndorsementSet& given, AmdCrlMode mode = AmdCrlMode::kRequire) {
    return VerifyReport(report_, given, std::nullopt, WorldAnchors(), World().now(), mode, &memo_);
  }
  static void FlipLastBit(Bytes& der) { der.back() ^= 1; }

  const SnpPlatform platform_ = SnpPlatform::Of(Product::kMilan);
  const Bytes report_ = World().Report(platform_);
  const EndorsementSet good_ = World().Endorsements(platform_);
  SignatureMemo memo_;
};

TEST_F(AmdMemo, TakesTheSameAgain) {
  ExpectGood(JudgeWith(good_));
  ExpectGood(JudgeWith(good_));
}

TEST_F(AmdMemo, KnowsNoOtherLeaf) {
  EndorsementSet bent = good_;
  FlipLastBit(bent.certificates[0]);
  ExpectOnly(JudgeWith(bent), Check::kSnpLeafSignature, Severity::kHard);
  ExpectOnly(JudgeWith(bent), Check::kSnpLeafSignature, Severity::kHard);
}

TEST_F(AmdMemo, KnowsNoOtherIntermediateAndNoOtherRoot) {
  for (const size_t which : {1u, 2u}) {
    EndorsementSet bent = good_;
    FlipLastBit(bent.certificates[which]);
    ExpectOnly(JudgeWith(bent), Check::kSnpChain, Severity::kHard);
  }
}

TEST_F(AmdMemo, KnowsNoOtherCrl) {
  EndorsementSet bent = good_;
  FlipLastBit(bent.crl);
  ExpectOnly(JudgeWith(bent), Check::kSnpCrl, Severity::kHard);
}

TEST_F(AmdMemo, DoesNotMakeAForgerAnAnchor) {
  const SimAmd forger = SimAmd::Make({.seed = "forger"});
  SignatureMemo memo;
  const auto judge = [&](const TrustAnchors& anchors) {
    return VerifyReport(forger.Report(platform_), forger.Endorsements(platform_), std::nullopt, anchors,
                        forger.now(), AmdCrlMode::kRequire, &memo);
  };
  ExpectGood(judge(forger.Anchors()));
  ExpectOnly(judge(WorldAnchors()), Check::kSnpChain, Severity::kHard);
}

TEST_F(AmdMemo, JudgesWindowsAndRevocationEachTime) {
  EndorsementSet revoking = good_;
  // The ASK's serial.
  revoking.crl = World().Crl(Product::kMilan, [](sim::CrlSpec& crl) { crl.revoked = {{1, 0, 1}}; });
  ExpectOnly(JudgeWith(revoking), Check::kSnpRevoked, Severity::kHard);
  ExpectOnly(VerifyReport(report_, good_, std::nullopt, WorldAnchors(), World().now() + std::chrono::days(90),
                          AmdCrlMode::kRequire, &memo_),
             Check::kSnpCrlExpired, Severity::kSoft);
}

}  // namespace
}  // namespace thimble::amd
