// SPDX-License-Identifier: Apache-2.0
//
// The simulated KDS, its items judged by the core: every twist does what it says, and without one everything is good.
#include "tests/support/sim_kds.h"

#include <gtest/gtest.h>

#include "fetchers/amd_urls.h"
#include "tcb/check.h"
#include "tcb/collateral.h"

namespace thimble::sim {
namespace {

using amd::Product;
using amd::SigningKey;

const SnpPlatform kMilan = SnpPlatform::Of(Product::kMilan);
const CollateralKey kVcek = VcekKey{Product::kMilan, kMilan.hwid(), kMilan.tcb};
const CollateralKey kChain = AmdChainKey{Product::kMilan, SigningKey::kVcek};
const CollateralKey kCrl = AmdCrlKey{Product::kMilan, SigningKey::kVcek};

const SimKds& Kds() {
  static const SimKds kds{.amd = SimAmd::Make()};
  return kds;
}
const TrustAnchors& Anchors() {
  static const TrustAnchors anchors = Kds().amd->Anchors();
  return anchors;
}

Result<ItemPtr> Obtain(const CollateralKey& key, Twist twist) {
  const auto reply = AnswerKds(Kds(), KdsUrl("", key), twist);
  EXPECT_TRUE(reply && reply->status == 200) << KeyName(key);
  if (KindOf(key) == ItemKind::kAmdChain) return AuthenticateItem(key, {reply->body, ""}, Anchors());
  const auto kind = KindOf(key) == ItemKind::kAmdCrl ? std::get<AmdCrlKey>(key).kind : SigningKey::kVcek;
  const Product product =
      KindOf(key) == ItemKind::kAmdCrl ? std::get<AmdCrlKey>(key).product : std::get<VcekKey>(key).product;
  return AuthenticateItem(key, {reply->body, Kds().amd->ChainPem(product, kind)}, Anchors());
}

void ExpectCheck(const CollateralKey& key, Twist twist, Check check) {
  const auto item = Obtain(key, twist);
  ASSERT_FALSE(item) << KeyName(key);
  EXPECT_EQ(item.error().check, check) << item.error().message;
}

TEST(SimKds, EveryItemIsGood) {
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    const SnpPlatform platform = SnpPlatform::Of(product);
    SnpPlatform other = platform;
    other.tcb.snp = 1;
    EXPECT_TRUE(Obtain(VcekKey{product, platform.hwid(), platform.tcb}, Twist::kNone));
    EXPECT_TRUE(Obtain(VcekKey{product, platform.hwid(), other.tcb}, Twist::kNone));
    for (const SigningKey kind : {SigningKey::kVcek, SigningKey::kVlek}) {
      EXPECT_TRUE(Obtain(AmdChainKey{product, kind}, Twist::kNone));
      EXPECT_TRUE(Obtain(AmdCrlKey{product, kind}, Twist::kNone));
    }
  }
}

TEST(SimKds, EachTwistIsWrongInItsWay) {
  ExpectCheck(kVcek, Twist::kWrongChip, Check::kCollateralMismatch);
  ExpectCheck(kVcek, Twist::kWrongTcb, Check::kCollateralMismatch);
  ExpectCheck(kVcek, Twist::kForged, Check::kSnpLeafSignature);
  ExpectCheck(kVcek, Twist::kBadSignature, Check::kSnpLeafSignature);
  ExpectCheck(kChain, Twist::kForged, Check::kSnpChain);
  ExpectCheck(kChain, Twist::kBadSignature, Check::kSnpChain);
  ExpectCheck(kCrl, Twist::kForged, Check::kSnpCrl);
  ExpectCheck(kCrl, Twist::kBadSignature, Check::kSnpCrl);
  ExpectCheck(kCrl, Twist::kAskCrl, Check::kSnpCrl);
}

TEST(SimKds, SomeTwistsAreAuthentic) {
  const ItemPtr crl = Obtain(kCrl, Twist::kNone).value();
  EXPECT_LT(Obtain(kVcek, Twist::kExpired).value()->next_update(), Kds().amd->now());
  EXPECT_LT(Obtain(kCrl, Twist::kExpired).value()->next_update(), Kds().amd->now());
  EXPECT_FALSE(NotOlder(*Obtain(kCrl, Twist::kRollback).value(), *crl));
  EXPECT_FALSE(NotOlder(*Obtain(kCrl, Twist::kLowerNumber).value(), *crl));
  EXPECT_TRUE(Obtain(kChain, Twist::kReversed));
  const ItemPtr chain = Obtain(kChain, Twist::kNone).value();
  EXPECT_TRUE(Obtain(kCrl, Twist::kRevoked).value()->crl()->Revokes(*chain->signers().front()));
  EXPECT_FALSE(crl->crl()->Revokes(*chain->signers().front()));
}

TEST(SimKds, KnowsItsChipsAndWhatWasRecorded) {
  EXPECT_FALSE(AnswerKds(Kds(), "/sgx/certification/v4/tcb", Twist::kNone));
  EXPECT_EQ(AnswerKds(Kds(), "/vcek/v1/Rome/cert_chain", Twist::kNone)->status, 404);
  const CollateralKey stranger = VcekKey{Product::kMilan, amd::HwId(64, 9), kMilan.tcb};
  EXPECT_EQ(AnswerKds(Kds(), KdsUrl("", stranger), Twist::kNone)->status, 404);
  SimKds kds;
  EXPECT_EQ(AnswerKds(kds, KdsUrl("", kVcek), Twist::kNone)->status, 404);
  kds.recorded[KeyName(stranger)] = {1, 2, 3};
  EXPECT_EQ(AnswerKds(kds, KdsUrl("", stranger), Twist::kForged)->body, (Bytes{1, 2, 3}));
}

}  // namespace
}  // namespace thimble::sim
