// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/signing_key.h"

#include <gtest/gtest.h>

#include "tcb/base/crypto.h"

namespace thimble {
namespace {

// RFC 6979 appendix A.2.5.
constexpr std::string_view kScalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
constexpr std::string_view kPoint =
    "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
// SEC 2 section 2.4.2.
constexpr std::string_view kOrder = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

ByteView Message(std::string_view text) { return AsBytes(text); }

TEST(EcSigningKey, HasThePointOfItsScalar) {
  const auto key = EcSigningKey::FromScalar(*FromHex(kScalar));
  ASSERT_TRUE(key);
  EXPECT_EQ(HexLower(key->point()), kPoint);
}

TEST(EcSigningKey, TakesScalarsFromOneToTheOrder) {
  Bytes scalar(32);
  EXPECT_FALSE(EcSigningKey::FromScalar(scalar)) << "zero";
  scalar.back() = 1;
  EXPECT_TRUE(EcSigningKey::FromScalar(scalar));
  scalar = *FromHex(kOrder);
  EXPECT_FALSE(EcSigningKey::FromScalar(scalar)) << "the order";
  --scalar.back();
  EXPECT_TRUE(EcSigningKey::FromScalar(scalar));
  EXPECT_FALSE(EcSigningKey::FromScalar(Bytes(31, 1)));
  EXPECT_FALSE(EcSigningKey::FromScalar(Bytes(33, 1)));
}

TEST(EcSigningKey, SignsWhatItsPublicKeyVerifies) {
  const auto key = EcSigningKey::FromScalar(*FromHex(kScalar));
  const auto verifier = EcPublicKey::FromPoint(Curve::kP256, key->point());
  ASSERT_TRUE(verifier);
  const Bytes signature = key->Sign(Message("sample"));
  EXPECT_EQ(signature.size(), 64u);
  EXPECT_TRUE(verifier->VerifyRaw(Message("sample"), signature));
  EXPECT_FALSE(verifier->VerifyRaw(Message("another"), signature));
}

TEST(EcSigningKey, ComesBackFromItsDer) {
  const auto key = EcSigningKey::FromScalar(*FromHex(kScalar));
  const Bytes der = key->ToDer();
  const auto again = EcSigningKey::FromDer(der);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->point(), key->point());
  Bytes longer = der;
  longer.push_back(0);
  EXPECT_FALSE(EcSigningKey::FromDer(longer)) << "something after it";
  for (size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(EcSigningKey::FromDer(ByteView(der).first(size))) << size;
  }
  // The scalar, of 32 bytes from byte 7 on, is then not that of the point.
  Bytes other = der;
  other.at(20) ^= 1;
  EXPECT_FALSE(EcSigningKey::FromDer(other));
}

TEST(HmacSha256, MatchesRfc4231) {
  EXPECT_EQ(HmacSha256(Message("Jefe"), Message("what do ya want for nothing?")).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

}  // namespace
}  // namespace thimble
