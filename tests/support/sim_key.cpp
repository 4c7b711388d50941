// SPDX-License-Identifier: Apache-2.0
//
// ECDSA by hand over OpenSSL's numbers and points, because OpenSSL 3.0 has no deterministic signatures. The
// nonce is a hash of key and message (the idea of RFC 6979, not its letter).
#include "tests/support/sim_key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>

#include <stdexcept>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

struct BnFree {
  void operator()(BIGNUM* n) const { BN_free(n); }
  void operator()(BN_CTX* c) const { BN_CTX_free(c); }
  void operator()(EC_GROUP* g) const { EC_GROUP_free(g); }
  void operator()(EC_POINT* p) const { EC_POINT_free(p); }
};
using Number = std::unique_ptr<BIGNUM, BnFree>;
using Context = std::unique_ptr<BN_CTX, BnFree>;
using Group = std::unique_ptr<EC_GROUP, BnFree>;
using Point = std::unique_ptr<EC_POINT, BnFree>;

void Require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL failed while signing for a simulated vendor");
}

Number FromBytes(ByteView bytes) {
  Number n(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  Require(n != nullptr);
  return n;
}

Bytes ToBytes(const BIGNUM* n, size_t size) {
  Bytes out(size);
  Require(BN_bn2binpad(n, out.data(), static_cast<int>(size)) == static_cast<int>(size));
  return out;
}

Bytes Hash256(ByteView data) {
  Bytes out(SHA256_DIGEST_LENGTH);
  SHA256(data.data(), data.size(), out.data());
  return out;
}

Bytes Hash384(ByteView data) {
  Bytes out(SHA384_DIGEST_LENGTH);
  SHA384(data.data(), data.size(), out.data());
  return out;
}

}  // namespace

struct SimKey::Impl {
  Impl(std::string_view seed, Curve which)
      : curve(which),
        group(EC_GROUP_new_by_curve_name(which == Curve::kP256 ? NID_X9_62_prime256v1 : NID_secp384r1)) {
    const Context scratch(BN_CTX_new());
    Require(group != nullptr && scratch != nullptr);
    scalar = Scalar(AsBytes(seed), *scratch);
    point = Coordinates(*TimesGenerator(*scalar, *scratch), *scratch);
  }

  size_t size() const { return curve == Curve::kP256 ? 32 : 48; }
  const BIGNUM* order() const { return EC_GROUP_get0_order(group.get()); }
  Bytes Hash(ByteView data) const { return curve == Curve::kP256 ? Hash256(data) : Hash384(data); }

  // A number in 1..n-1 that follows from the seed.
  Number Scalar(ByteView seed, BN_CTX& scratch) const {
    Number n = FromBytes(Hash(seed));
    Number limit(BN_dup(order()));
    Require(limit != nullptr && BN_sub_word(limit.get(), 1) == 1);
    Require(BN_nnmod(n.get(), n.get(), limit.get(), &scratch) == 1 && BN_add_word(n.get(), 1) == 1);
    return n;
  }

  Point TimesGenerator(const BIGNUM& k, BN_CTX& scratch) const {
    Point p(EC_POINT_new(group.get()));
    Require(p != nullptr && EC_POINT_mul(group.get(), p.get(), &k, nullptr, nullptr, &scratch) == 1);
    return p;
  }

  Bytes Coordinates(const EC_POINT& p, BN_CTX& scratch) const {
    Number x(BN_new()), y(BN_new());
    Require(EC_POINT_get_affine_coordinates(group.get(), &p, x.get(), y.get(), &scratch) == 1);
    return der::Concat({ToBytes(x.get(), size()), ToBytes(y.get(), size())});
  }

  Curve curve;
  Group group;
  Number scalar;
  Bytes point;
};

SimKey::SimKey(std::string_view seed, Curve curve) : impl_(std::make_shared<Impl>(seed, curve)) {}

const Bytes& SimKey::point() const { return impl_->point; }

Bytes SimKey::SubjectPublicKeyInfo() const {
  const Bytes algorithm =
      der::Sequence({der::Oid("1.2.840.10045.2.1"),
                     der::Oid(impl_->curve == Curve::kP256 ? "1.2.840.10045.3.1.7" : "1.3.132.0.34")});
  return der::Sequence({algorithm, der::BitString(der::Concat({Bytes{0x04}, point()}))});
}

Bytes SimKey::SignatureAlgorithm() const {
  return der::Sequence(
      {der::Oid(impl_->curve == Curve::kP256 ? "1.2.840.10045.4.3.2" : "1.2.840.10045.4.3.3")});
}

Bytes SimKey::KeyIdentifier() const {
  const Bytes uncompressed = der::Concat({Bytes{0x04}, point()});
  Bytes out(SHA_DIGEST_LENGTH);
  SHA1(uncompressed.data(), uncompressed.size(), out.data());
  return out;
}

// r = (k G).x mod n, s = (z + r d) / k mod n (SEC 1 section 4.1.3). Neither is zero but with probability
// 2^-256.
Bytes SimKey::SignRaw(ByteView message) const {
  const Impl& key = *impl_;
  const Context context(BN_CTX_new());
  const Bytes digest = key.Hash(message);
  const Number k = key.Scalar(der::Concat({ToBytes(key.scalar.get(), key.size()), digest}), *context);
  const Bytes xy = key.Coordinates(*key.TimesGenerator(*k, *context), *context);
  Number r = FromBytes(ByteView(xy).first(key.size()));
  Require(BN_nnmod(r.get(), r.get(), key.order(), context.get()) == 1);
  const Number inverse(BN_mod_inverse(nullptr, k.get(), key.order(), context.get()));
  Number s = FromBytes(digest);
  Number product(BN_new());
  Require(inverse != nullptr &&
          BN_mod_mul(product.get(), r.get(), key.scalar.get(), key.order(), context.get()) == 1 &&
          BN_mod_add(s.get(), s.get(), product.get(), key.order(), context.get()) == 1 &&
          BN_mod_mul(s.get(), s.get(), inverse.get(), key.order(), context.get()) == 1);
  return der::Concat({ToBytes(r.get(), key.size()), ToBytes(s.get(), key.size())});
}

Bytes SimKey::SignDer(ByteView message) const {
  const Bytes raw = SignRaw(message);
  const size_t half = raw.size() / 2;
  return der::Sequence(
      {der::UnsignedInteger(ByteView(raw).first(half)), der::UnsignedInteger(ByteView(raw).subspan(half))});
}

}  // namespace thimble::sim
