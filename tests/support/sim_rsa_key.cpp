// SPDX-License-Identifier: Apache-2.0
//
// RSA by hand over OpenSSL's numbers, because its PSS takes its salt from a random generator.
#include "tests/support/sim_rsa_key.h"

#include <openssl/bn.h>
#include <openssl/sha.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

constexpr BN_ULONG kExponent = 65537;

struct BnFree {
  void operator()(BIGNUM* n) const { BN_free(n); }
  void operator()(BN_CTX* c) const { BN_CTX_free(c); }
};
using Number = std::unique_ptr<BIGNUM, BnFree>;
using Context = std::unique_ptr<BN_CTX, BnFree>;

void Require(bool ok) {
  if (!ok) throw std::runtime_error("OpenSSL failed on an RSA key of a simulated vendor");
}

Number New() {
  Number n(BN_new());
  Require(n != nullptr);
  return n;
}
Number FromBytes(ByteView bytes) {
  Number n(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  Require(n != nullptr);
  return n;
}
Bytes ToBytes(const Number& n, size_t size) {
  Bytes out(size);
  Require(BN_bn2binpad(n.get(), out.data(), static_cast<int>(size)) == static_cast<int>(size));
  return out;
}

// As many bytes as wanted that follow from the seed: MGF1 (RFC 8017 appendix B.2.1).
Bytes Expand(ByteView seed, size_t size, HashAlgorithm hash = HashAlgorithm::kSha384) {
  Bytes out;
  for (uint8_t counter = 0; out.size() < size; ++counter) {
    const Bytes block =
        DigestOf(hash, der::Concat({Bytes(seed.begin(), seed.end()), Bytes{0, 0, 0, counter}}));
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(size);
  return out;
}

// An odd number of so many bits with its two upper bits set, so that a product of two has twice as many.
Number StartingPoint(std::string_view seed, char which, int bits) {
  const std::string label = std::string(seed) + "/" + which;
  Number n = FromBytes(Expand(AsBytes(label), static_cast<size_t>(bits) / 8));
  Require(BN_set_bit(n.get(), bits - 1) == 1 && BN_set_bit(n.get(), bits - 2) == 1 &&
          BN_set_bit(n.get(), 0) == 1);
  return n;
}

bool HasSmallFactor(const BIGNUM& n) {
  for (BN_ULONG d = 3; d < 4000; d += 2) {
    if (BN_mod_word(&n, d) == 0) return true;
  }
  return false;
}

// Fermat's test to base 2: good enough for keys that are used in tests, which would fail with a composite.
bool IsPrime(const BIGNUM& n, BN_CTX& scratch) {
  if (HasSmallFactor(n) || BN_mod_word(&n, kExponent) == 1) return false;
  Number two = New(), less(BN_dup(&n)), power = New();
  Require(less != nullptr && BN_set_word(two.get(), 2) == 1 && BN_sub_word(less.get(), 1) == 1);
  Require(BN_mod_exp_mont(power.get(), two.get(), less.get(), &n, &scratch, nullptr) == 1);
  return BN_is_one(power.get()) == 1;
}

uint32_t StepsToPrime(std::string_view seed, char which, int bits) {
  const Context scratch(BN_CTX_new());
  const Number n = StartingPoint(seed, which, bits);
  for (uint32_t steps = 0;; ++steps) {
    if (IsPrime(*n, *scratch)) return steps;
    Require(BN_add_word(n.get(), 2) == 1);
  }
}

Number Prime(std::string_view seed, char which, int bits, uint32_t steps) {
  Number n = StartingPoint(seed, which, bits);
  Require(BN_add_word(n.get(), 2ul * steps) == 1);
  return n;
}

}  // namespace

struct SimRsaKey::Impl {
  Impl(std::string_view seed, int bits) : size(static_cast<size_t>(bits) / 8) {
    const auto known = FindRsaHint(seed);
    const RsaHint hint = known ? *known : SearchRsaPrimes(seed, bits);
    p = Prime(seed, 'p', bits / 2, hint.p);
    q = Prime(seed, 'q', bits / 2, hint.q);
    const Context scratch(BN_CTX_new());
    const Number n = New(), e = New();
    Require(BN_mul(n.get(), p.get(), q.get(), scratch.get()) == 1 && BN_set_word(e.get(), kExponent) == 1);
    modulus = ToBytes(n, size);
    dp = PrivateExponent(*e, *p, *scratch);
    dq = PrivateExponent(*e, *q, *scratch);
    q_inverse.reset(BN_mod_inverse(nullptr, q.get(), p.get(), scratch.get()));
    Require(q_inverse != nullptr);
  }

  static Number PrivateExponent(const BIGNUM& e, const BIGNUM& prime, BN_CTX& scratch) {
    Number less(BN_dup(&prime));
    Require(less != nullptr && BN_sub_word(less.get(), 1) == 1);
    Number d(BN_mod_inverse(nullptr, &e, less.get(), &scratch));
    Require(d != nullptr);
    return d;
  }

  // encoded^d mod n by the Chinese remainder theorem (RFC 8017 section 5.1.2).
  Bytes Sign(ByteView encoded) const {
    const Context scratch(BN_CTX_new());
    const Number m = FromBytes(encoded), s1 = New(), s2 = New(), h = New();
    Require(BN_mod(s1.get(), m.get(), p.get(), scratch.get()) == 1 &&
            BN_mod_exp_mont(s1.get(), s1.get(), dp.get(), p.get(), scratch.get(), nullptr) == 1 &&
            BN_mod(s2.get(), m.get(), q.get(), scratch.get()) == 1 &&
            BN_mod_exp_mont(s2.get(), s2.get(), dq.get(), q.get(), scratch.get(), nullptr) == 1 &&
            BN_mod_sub(h.get(), s1.get(), s2.get(), p.get(), scratch.get()) == 1 &&
            BN_mod_mul(h.get(), h.get(), q_inverse.get(), p.get(), scratch.get()) == 1 &&
            BN_mul(h.get(), h.get(), q.get(), scratch.get()) == 1 && BN_add(h.get(), h.get(), s2.get()) == 1);
    return ToBytes(h, size);
  }

  size_t size;
  Number p, q, dp, dq, q_inverse;
  Bytes modulus;
};

SimRsaKey::SimRsaKey(std::string_view seed, int bits) : impl_(std::make_shared<Impl>(seed, bits)) {}

const Bytes& SimRsaKey::modulus() const { return impl_->modulus; }

Bytes SimRsaKey::SubjectPublicKeyInfo() const {
  const Bytes key = der::Sequence({der::UnsignedInteger(modulus()), der::Integer(kExponent)});
  return der::Sequence({der::Sequence({der::Oid("1.2.840.113549.1.1.1"), der::Null()}), der::BitString(key)});
}

Bytes SimRsaKey::KeyIdentifier() const {
  const Bytes key = der::Sequence({der::UnsignedInteger(modulus()), der::Integer(kExponent)});
  Bytes out(SHA_DIGEST_LENGTH);
  SHA1(key.data(), key.size(), out.data());
  return out;
}

// EMSA-PSS (RFC 8017 section 9.1.1). The salt is a hash of key and message.
Bytes SimRsaKey::SignPss(ByteView message, HashAlgorithm hash) const {
  const Bytes digest = DigestOf(hash, message);
  const Bytes salt = DigestOf(hash, der::Concat({modulus(), digest}));
  const Bytes h = DigestOf(hash, der::Concat({Bytes(8), digest, salt}));
  Bytes db(impl_->size - h.size() - 1);
  db[db.size() - salt.size() - 1] = 0x01;
  std::copy(salt.begin(), salt.end(), db.end() - static_cast<std::ptrdiff_t>(salt.size()));
  const Bytes mask = Expand(h, db.size(), hash);
  for (size_t i = 0; i < db.size(); ++i) db[i] = static_cast<uint8_t>(db[i] ^ mask[i]);
  db[0] &= 0x7f;  // the encoding has one bit less than the modulus
  return impl_->Sign(der::Concat({db, h, Bytes{0xbc}}));
}

// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2).
Bytes SimRsaKey::SignPkcs1(ByteView message, HashAlgorithm hash) const {
  const std::string_view oid = hash == HashAlgorithm::kSha256   ? PssParameters::kSha256
                               : hash == HashAlgorithm::kSha384 ? PssParameters::kSha384
                                                                : PssParameters::kSha512;
  const Bytes info =
      der::Sequence({der::Sequence({der::Oid(oid), der::Null()}), der::OctetString(DigestOf(hash, message))});
  const Bytes padding(impl_->size - info.size() - 3, 0xff);
  return impl_->Sign(der::Concat({Bytes{0x00, 0x01}, padding, Bytes{0x00}, info}));
}

Signer SimRsaKey::PssSigner() const {
  return {PssAlgorithm(), [key = *this](ByteView message) { return key.SignPss(message); }};
}

Signer SimRsaKey::Pkcs1Signer(HashAlgorithm hash) const {
  const std::string_view oid = hash == HashAlgorithm::kSha256   ? "1.2.840.113549.1.1.11"
                               : hash == HashAlgorithm::kSha384 ? "1.2.840.113549.1.1.12"
                                                                : "1.2.840.113549.1.1.13";
  return {der::Sequence({der::Oid(oid), der::Null()}),
          [key = *this, hash](ByteView message) { return key.SignPkcs1(message, hash); }};
}

Bytes PssAlgorithm(const PssParameters& parameters) {
  const auto hash = [](std::string_view oid) { return der::Sequence({der::Oid(oid), der::Null()}); };
  const Bytes mask = der::Sequence({der::Oid("1.2.840.113549.1.1.8"), hash(parameters.mask_hash)});
  std::vector<Bytes> fields = {der::Explicit(0, {hash(parameters.hash)}), der::Explicit(1, {mask}),
                               der::Explicit(2, {der::Integer(parameters.salt_length)})};
  if (parameters.trailer) fields.push_back(der::Explicit(3, {der::Integer(*parameters.trailer)}));
  return der::Sequence({der::Oid("1.2.840.113549.1.1.10"), der::Sequence(fields)});
}

RsaHint SearchRsaPrimes(std::string_view seed, int bits) {
  return {seed, StepsToPrime(seed, 'p', bits / 2), StepsToPrime(seed, 'q', bits / 2)};
}

}  // namespace thimble::sim
