// SPDX-License-Identifier: Apache-2.0
//
// Digests and ECDSA at their edges. The RSA keys are tested with AMD's certificates and vTPM quotes.
#include "tcb/base/crypto.h"

#include <gtest/gtest.h>

#include "tests/support/der_writer.h"
#include "tests/support/sim_key.h"

namespace thimble {
namespace {

namespace der = sim::der;

// FIPS 186-4, D.1.2: the orders and primes of the two curves.
constexpr const char* kOrder256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
constexpr const char* kPrime256 = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
constexpr const char* kOrder384 =
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

Bytes Hex(std::string_view hex) { return FromHex(hex).value(); }

TEST(Digest, MatchesFips180) {
  EXPECT_EQ(Sha256(AsBytes("abc")).hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256(AsBytes("a"), AsBytes("bc")), Sha256(AsBytes("abc")));
  EXPECT_EQ(Sha256({}, {}), Sha256(AsBytes("")));
  EXPECT_EQ(Sha384(AsBytes("abc")).hex(),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
            "8086072ba1e7cc2358baeca134c825a7");
}

struct CurveCase {
  Curve curve;
  size_t half;
  std::string order;
};
const CurveCase kCurves[] = {{Curve::kP256, 32, kOrder256}, {Curve::kP384, 48, kOrder384}};

EcPublicKey PublicKey(const sim::SimKey& key, Curve curve) {
  return EcPublicKey::FromPoint(curve, key.point()).value();
}

TEST(EcPublicKey, TakesAGoodSignatureInBothForms) {
  for (const auto& [curve, half, order] : kCurves) {
    const sim::SimKey key("signer", curve);
    const EcPublicKey pub = PublicKey(key, curve);
    const Bytes message = {1, 2, 3}, other = {1, 2, 4};
    EXPECT_EQ(pub.curve(), curve);
    EXPECT_TRUE(Equal(pub.point(), key.point()));
    EXPECT_TRUE(pub.VerifyRaw(message, key.SignRaw(message)));
    EXPECT_TRUE(pub.VerifyDer(message, key.SignDer(message)));
    EXPECT_FALSE(pub.VerifyRaw(other, key.SignRaw(message)));
    EXPECT_FALSE(pub.VerifyDer(other, key.SignDer(message)));
    EXPECT_FALSE(PublicKey(sim::SimKey("other", curve), curve).VerifyRaw(message, key.SignRaw(message)));
  }
}

TEST(EcPublicKey, EveryBitOfASignatureCounts) {
  const sim::SimKey key("signer");
  const EcPublicKey pub = PublicKey(key, Curve::kP256);
  const Bytes message = {1, 2, 3}, good = key.SignRaw(message);
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(pub.VerifyRaw(message, bad)) << i;
  }
}

// r and s lie in 1..n-1 (SEC 1 section 4.1.4).
TEST(EcPublicKey, RefusesNumbersOutOfRange) {
  for (const auto& [curve, half, order] : kCurves) {
    const sim::SimKey key("signer", curve);
    const EcPublicKey pub = PublicKey(key, curve);
    const Bytes message = {1, 2, 3}, good = key.SignRaw(message);
    const Bytes r(good.begin(), good.begin() + static_cast<ptrdiff_t>(half));
    const Bytes s(good.begin() + static_cast<ptrdiff_t>(half), good.end());
    const Bytes zero(half), n = Hex(order), ones(half, 0xff);
    for (const Bytes& out_of_range : {zero, n, ones}) {
      EXPECT_FALSE(pub.VerifyRaw(message, der::Concat({out_of_range, s})));
      EXPECT_FALSE(pub.VerifyRaw(message, der::Concat({r, out_of_range})));
      EXPECT_FALSE(pub.VerifyRaw(message, der::Concat({out_of_range, out_of_range})));
      EXPECT_FALSE(pub.VerifyDer(
          message, der::Sequence({der::UnsignedInteger(out_of_range), der::UnsignedInteger(s)})));
      EXPECT_FALSE(pub.VerifyDer(
          message, der::Sequence({der::UnsignedInteger(r), der::UnsignedInteger(out_of_range)})));
    }
    EXPECT_TRUE(pub.VerifyRaw(message, der::Concat({r, s})));
  }
}

TEST(EcPublicKey, RefusesARawSignatureOfAnotherLength) {
  for (const auto& [curve, half, order] : kCurves) {
    const sim::SimKey key("signer", curve);
    const EcPublicKey pub = PublicKey(key, curve);
    const Bytes message = {1, 2, 3}, good = key.SignRaw(message);
    EXPECT_FALSE(pub.VerifyRaw(message, {}));
    EXPECT_FALSE(pub.VerifyRaw(message, ByteView(good).first(good.size() - 1)));
    EXPECT_FALSE(pub.VerifyRaw(message, der::Concat({good, Bytes{0}})));
    EXPECT_FALSE(pub.VerifyRaw(message, key.SignDer(message)));
    EXPECT_FALSE(pub.VerifyRaw(
        message,
        sim::SimKey("signer", curve == Curve::kP256 ? Curve::kP384 : Curve::kP256).SignRaw(message)));
  }
}

// Nobody can re-spell a signed object: one signature has one DER form.
TEST(EcPublicKey, RefusesASignatureThatIsNotMinimalDer) {
  const sim::SimKey key("signer");
  const EcPublicKey pub = PublicKey(key, Curve::kP256);
  const Bytes message = {1, 2, 3}, good = key.SignDer(message), raw = key.SignRaw(message);
  const auto integer = [&](size_t half, const Bytes& before) {
    const ByteView number = ByteView(raw).subspan(half * 32, 32);
    return der::Element(0x02, der::Concat({before, Bytes(number.begin(), number.end())}));
  };
  ASSERT_TRUE(pub.VerifyDer(message, good));
  const std::pair<const char*, Bytes> bad[] = {
      {"empty", {}},
      {"zeros before the numbers", der::Sequence({integer(0, {0, 0}), integer(1, {0, 0})})},
      {"zeros before one number",
       der::Sequence({integer(0, {0, 0}), der::UnsignedInteger(ByteView(raw).last(32))})},
      {"a byte after it", der::Concat({good, Bytes{0}})},
      {"a third number", der::Sequence({Bytes(good.begin() + 2, good.end()), der::Integer(1)})},
      {"one number", der::Sequence({der::UnsignedInteger(ByteView(raw).first(32))})},
      {"a long length", der::Concat({Bytes{0x30, 0x81, good[1]}, Bytes(good.begin() + 2, good.end())})},
      {"an indefinite length",
       der::Concat({Bytes{0x30, 0x80}, Bytes(good.begin() + 2, good.end()), Bytes{0, 0}})},
      {"a SET", der::Element(0x31, ByteView(good).subspan(2))},
      {"cut short", Bytes(good.begin(), good.end() - 1)},
  };
  for (const auto& [what, signature] : bad) EXPECT_FALSE(pub.VerifyDer(message, signature)) << what;
}

TEST(EcPublicKey, RefusesAPointThatIsNotOnTheCurve) {
  for (const auto& [curve, half, order] : kCurves) {
    const Bytes good = sim::SimKey("signer", curve).point();
    ASSERT_TRUE(EcPublicKey::FromPoint(curve, good).has_value());
    for (const size_t i : {size_t{0}, half - 1, half, 2 * half - 1}) {
      Bytes bad = good;
      bad[i] ^= 1;
      EXPECT_FALSE(EcPublicKey::FromPoint(curve, bad).has_value()) << i;
    }
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, Bytes(2 * half)).has_value());
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, Bytes(2 * half, 0xff)).has_value());
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, {}).has_value());
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, ByteView(good).first(half)).has_value());
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, der::Concat({Bytes{0x04}, good})).has_value());
    EXPECT_FALSE(EcPublicKey::FromPoint(curve, der::Concat({good, Bytes{0}})).has_value());
  }
}

// The same point with a coordinate not reduced modulo the prime would be a second spelling of one key.
TEST(EcPublicKey, RefusesACoordinateThatIsNotReduced) {
  // (0, sqrt(b)) lies on P-256; with the prime itself for 0 it is the same point unreduced.
  const Bytes root_of_b = Hex("66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4");
  ASSERT_TRUE(EcPublicKey::FromPoint(Curve::kP256, der::Concat({Bytes(32), root_of_b})).has_value());
  EXPECT_FALSE(EcPublicKey::FromPoint(Curve::kP256, der::Concat({Hex(kPrime256), root_of_b})).has_value());
}

}  // namespace
}  // namespace thimble
