// SPDX-License-Identifier: Apache-2.0
//
// The one file that uses OpenSSL's 1.1 interface: EC_KEY is the cheapest way from a raw point to a key (3 us
// instead of 25), and ECDSA_do_verify the cheapest way from a digest and two numbers to an answer.
#define OPENSSL_API_COMPAT 10101
#include "tcb/base/crypto.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "tcb/base/openssl_ptr.h"

namespace thimble {
namespace {

using BnHandle = OpensslPtr<BIGNUM, BN_free>;
using SigHandle = OpensslPtr<ECDSA_SIG, ECDSA_SIG_free>;
using EcKeyHandle = OpensslPtr<EC_KEY, EC_KEY_free>;
using PointHandle = OpensslPtr<EC_POINT, EC_POINT_free>;
using GroupHandle = OpensslPtr<EC_GROUP, EC_GROUP_free>;
using RsaHandle = OpensslPtr<RSA, RSA_free>;

// OpenSSL leaves errors in the thread's queue; a failed verification is an answer here, not an error to keep.
bool Succeeded(int result) {
  if (result == 1) return true;
  ERR_clear_error();
  return false;
}

BnHandle ToNumber(ByteView big_endian) {
  return BnHandle(BN_bin2bn(big_endian.data(), static_cast<int>(big_endian.size()), nullptr));
}

int CurveNid(Curve curve) {
  switch (curve) {
    case Curve::kP256:
      return NID_X9_62_prime256v1;
    case Curve::kP384:
      return NID_secp384r1;
    case Curve::kP521:
      return NID_secp521r1;
  }
  return NID_undef;
}

// Setting up a curve costs ten times what a key on it costs, so the curves are made once. They are constant.
const EC_GROUP* GroupOf(Curve curve) {
  static const GroupHandle p256(EC_GROUP_new_by_curve_name(CurveNid(Curve::kP256)));
  static const GroupHandle p384(EC_GROUP_new_by_curve_name(CurveNid(Curve::kP384)));
  static const GroupHandle p521(EC_GROUP_new_by_curve_name(CurveNid(Curve::kP521)));
  return curve == Curve::kP256 ? p256.get() : curve == Curve::kP384 ? p384.get() : p521.get();
}

HashAlgorithm HashOf(Curve curve) {
  return curve == Curve::kP256   ? HashAlgorithm::kSha256
         : curve == Curve::kP384 ? HashAlgorithm::kSha384
                                 : HashAlgorithm::kSha512;
}

int HashNid(HashAlgorithm hash) {
  return hash == HashAlgorithm::kSha256   ? NID_sha256
         : hash == HashAlgorithm::kSha384 ? NID_sha384
                                          : NID_sha512;
}
const EVP_MD* MessageDigest(HashAlgorithm hash) {
  return hash == HashAlgorithm::kSha256   ? EVP_sha256()
         : hash == HashAlgorithm::kSha384 ? EVP_sha384()
                                          : EVP_sha512();
}

bool VerifyDigest(const EC_KEY* key, HashAlgorithm hash, ByteView message, const ECDSA_SIG* signature) {
  // ECDSA_do_verify takes a non-const key but only reads it; its lazily computed parts are made in FromPoint.
  auto* const mutable_key = const_cast<EC_KEY*>(key);
  const auto verify = [&](ByteView digest) {
    return Succeeded(ECDSA_do_verify(digest.data(), static_cast<int>(digest.size()), signature, mutable_key));
  };
  switch (hash) {
    case HashAlgorithm::kSha256:
      return verify(Sha256(message).view());
    case HashAlgorithm::kSha384:
      return verify(Sha384(message).view());
    case HashAlgorithm::kSha512:
      return verify(Sha512(message).view());
  }
  return false;
}

}  // namespace

Digest256 Sha256(ByteView data) {
  std::array<uint8_t, 32> out;
  SHA256(data.data(), data.size(), out.data());
  return Digest256(out);
}

Digest256 Sha256(ByteView first, ByteView second) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, first.data(), first.size());
  SHA256_Update(&context, second.data(), second.size());
  std::array<uint8_t, 32> out;
  SHA256_Final(out.data(), &context);
  return Digest256(out);
}

Digest384 Sha384(ByteView data) {
  std::array<uint8_t, 48> out;
  SHA384(data.data(), data.size(), out.data());
  return Digest384(out);
}

Digest512 Sha512(ByteView data) {
  std::array<uint8_t, 64> out;
  SHA512(data.data(), data.size(), out.data());
  return Digest512(out);
}

Bytes DigestOf(HashAlgorithm hash, ByteView data) {
  const auto bytes = [](ByteView view) { return Bytes(view.begin(), view.end()); };
  switch (hash) {
    case HashAlgorithm::kSha256:
      return bytes(Sha256(data).view());
    case HashAlgorithm::kSha384:
      return bytes(Sha384(data).view());
    case HashAlgorithm::kSha512:
      return bytes(Sha512(data).view());
  }
  return {};
}

struct EcPublicKey::Impl {
  EcKeyHandle key;
};

EcPublicKey::EcPublicKey(Curve curve, ByteView xy, std::shared_ptr<const Impl> impl)
    : curve_(curve), xy_(xy.begin(), xy.end()), impl_(std::move(impl)) {}

std::optional<EcPublicKey> EcPublicKey::FromPoint(Curve curve, ByteView xy) {
  if (xy.size() != 2 * CoordinateSize(curve)) return std::nullopt;
  std::array<uint8_t, 133> uncompressed{0x04};
  std::copy(xy.begin(), xy.end(), uncompressed.begin() + 1);

  const EC_GROUP* const group = GroupOf(curve);
  EcKeyHandle key(EC_KEY_new());
  if (!key || group == nullptr || !Succeeded(EC_KEY_set_group(key.get(), group))) return std::nullopt;
  const PointHandle point(EC_POINT_new(group));
  // oct2point refuses a point that is not on the curve; the curves have cofactor 1, so that is all there is
  // to check.
  if (!point ||
      !Succeeded(EC_POINT_oct2point(group, point.get(), uncompressed.data(), xy.size() + 1, nullptr)) ||
      !Succeeded(EC_KEY_set_public_key(key.get(), point.get()))) {
    return std::nullopt;
  }
  auto impl = std::make_shared<Impl>();
  impl->key = std::move(key);
  return EcPublicKey(curve, xy, std::move(impl));
}

bool EcPublicKey::VerifyRaw(ByteView message, ByteView r_s) const {
  return VerifyRaw(HashOf(curve_), message, r_s);
}

bool EcPublicKey::VerifyRaw(HashAlgorithm hash, ByteView message, ByteView r_s) const {
  const size_t size = CoordinateSize(curve_);
  if (r_s.size() != 2 * size) return false;
  BnHandle r = ToNumber(r_s.first(size)), s = ToNumber(r_s.last(size));
  const SigHandle signature(ECDSA_SIG_new());
  if (!r || !s || !signature || !Succeeded(ECDSA_SIG_set0(signature.get(), r.get(), s.get()))) return false;
  (void)r.release();  // owned by the signature from here on
  (void)s.release();
  return VerifyDigest(impl_->key.get(), hash, message, signature.get());
}

bool EcPublicKey::VerifyDer(ByteView message, ByteView signature) const {
  const uint8_t* cursor = signature.data();
  const SigHandle parsed(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(signature.size())));
  if (!parsed) return Succeeded(0);
  // d2i takes some BER; a signature is taken only in the one DER form, so that nobody can re-spell a signed
  // object.
  std::array<uint8_t, 160> canonical{};
  uint8_t* out = canonical.data();
  const int length = i2d_ECDSA_SIG(parsed.get(), nullptr);
  if (length <= 0 || static_cast<size_t>(length) != signature.size() || signature.size() > canonical.size() ||
      i2d_ECDSA_SIG(parsed.get(), &out) != length ||
      !Equal(signature, ByteView(canonical).first(signature.size()))) {
    return Succeeded(0);
  }
  return VerifyDigest(impl_->key.get(), HashOf(curve_), message, parsed.get());
}

struct RsaPublicKey::Impl {
  RsaHandle key;
};

std::optional<RsaPublicKey> RsaPublicKey::FromNumbers(ByteView modulus, ByteView exponent) {
  BnHandle n = ToNumber(modulus), e = ToNumber(exponent);
  if (!n || !e) return std::nullopt;
  if (BN_num_bits(n.get()) < 2048 || BN_num_bits(n.get()) > 8192 || BN_num_bits(e.get()) < 2 ||
      BN_num_bits(e.get()) > 64 || !BN_is_odd(e.get()) || !BN_is_odd(n.get())) {
    return std::nullopt;
  }
  RsaHandle key(RSA_new());
  if (!key || !Succeeded(RSA_set0_key(key.get(), n.get(), e.get(), nullptr))) return std::nullopt;
  (void)n.release();  // owned by the key from here on
  (void)e.release();
  auto impl = std::make_shared<Impl>();
  impl->key = std::move(key);
  return RsaPublicKey(std::move(impl));
}

int RsaPublicKey::bits() const { return RSA_bits(impl_->key.get()); }
bool RsaPublicKey::has_exponent_f4() const { return BN_is_word(RSA_get0_e(impl_->key.get()), RSA_F4) == 1; }

bool RsaPublicKey::SameAs(const RsaPublicKey& other) const {
  const RSA *const a = impl_->key.get(), *const b = other.impl_->key.get();
  return BN_cmp(RSA_get0_n(a), RSA_get0_n(b)) == 0 && BN_cmp(RSA_get0_e(a), RSA_get0_e(b)) == 0;
}

bool RsaPublicKey::VerifyPssSha384(ByteView message, ByteView signature) const {
  return VerifyPss(HashAlgorithm::kSha384, message, signature, 48);
}

bool RsaPublicKey::VerifyPss(HashAlgorithm hash, ByteView message, ByteView signature) const {
  return VerifyPss(hash, message, signature, RSA_PSS_SALTLEN_AUTO);
}

bool RsaPublicKey::VerifyPssSaltOfHash(HashAlgorithm hash, ByteView message, ByteView signature) const {
  return VerifyPss(hash, message, signature, RSA_PSS_SALTLEN_DIGEST);
}

bool RsaPublicKey::VerifyPss(HashAlgorithm hash, ByteView message, ByteView signature,
                             int salt_length) const {
  RSA* const key = impl_->key.get();
  const auto size = static_cast<size_t>(RSA_size(key));
  if (signature.size() != size) return false;
  Bytes encoded(size);
  const int length =
      RSA_public_decrypt(static_cast<int>(size), signature.data(), encoded.data(), key, RSA_NO_PADDING);
  if (length != static_cast<int>(size)) return Succeeded(0);
  const Bytes digest = DigestOf(hash, message);
  const EVP_MD* const md = MessageDigest(hash);
  return Succeeded(RSA_verify_PKCS1_PSS_mgf1(key, digest.data(), md, md, encoded.data(), salt_length));
}

bool RsaPublicKey::VerifyPkcs1(HashAlgorithm hash, ByteView message, ByteView signature) const {
  RSA* const key = impl_->key.get();
  if (signature.size() != static_cast<size_t>(RSA_size(key))) return false;
  const Bytes digest = DigestOf(hash, message);
  return Succeeded(RSA_verify(HashNid(hash), digest.data(), static_cast<unsigned>(digest.size()),
                              signature.data(), static_cast<unsigned>(signature.size()), key));
}

}  // namespace thimble
