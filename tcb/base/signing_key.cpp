// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_API_COMPAT 10101
#include "tcb/base/signing_key.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>

#include "tcb/base/crypto.h"
#include "tcb/base/openssl_ptr.h"

namespace thimble {
namespace {

using BnHandle = OpensslPtr<BIGNUM, BN_clear_free>;
using EcKeyHandle = OpensslPtr<EC_KEY, EC_KEY_free>;
using PointHandle = OpensslPtr<EC_POINT, EC_POINT_free>;
using PkeyHandle = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using SigHandle = OpensslPtr<ECDSA_SIG, ECDSA_SIG_free>;

constexpr size_t kScalar = 32, kPoint = 65;  // 04 X Y

// The public point; empty when the key is not one of P-256.
Bytes PointOf(const EC_KEY* key) {
  const EC_GROUP* group = EC_KEY_get0_group(key);
  const EC_POINT* point = EC_KEY_get0_public_key(key);
  std::array<uint8_t, kPoint> out{};
  const bool good =
      group != nullptr && point != nullptr && EC_GROUP_get_curve_name(group) == NID_X9_62_prime256v1 &&
      EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(), nullptr) ==
          kPoint;
  return good ? Bytes(out.begin() + 1, out.end()) : Bytes();
}

}  // namespace

struct EcSigningKey::Impl {
  EcKeyHandle key;
  Bytes point;
};

std::optional<EcSigningKey> EcSigningKey::FromScalar(ByteView scalar) {
  if (scalar.size() != kScalar) return std::nullopt;
  EcKeyHandle key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const BnHandle number(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr));
  if (!key || !number) return std::nullopt;
  const EC_GROUP* group = EC_KEY_get0_group(key.get());
  const bool in_range = !BN_is_zero(number.get()) && BN_cmp(number.get(), EC_GROUP_get0_order(group)) < 0;
  const PointHandle point(EC_POINT_new(group));
  const bool made = in_range && point &&
                    EC_POINT_mul(group, point.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
                    EC_KEY_set_private_key(key.get(), number.get()) == 1 &&
                    EC_KEY_set_public_key(key.get(), point.get()) == 1;
  if (!made) {
    ERR_clear_error();
    return std::nullopt;
  }
  Bytes xy = PointOf(key.get());
  return EcSigningKey(std::make_shared<const Impl>(Impl{std::move(key), std::move(xy)}));
}

std::optional<EcSigningKey> EcSigningKey::FromDer(ByteView der) {
  const unsigned char* at = der.data();
  const PkeyHandle any(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
  EcKeyHandle key(any ? EVP_PKEY_get1_EC_KEY(any.get()) : nullptr);
  Bytes xy = key ? PointOf(key.get()) : Bytes();
  ERR_clear_error();
  if (xy.empty() || at != der.data() + der.size() || EC_KEY_check_key(key.get()) != 1) return std::nullopt;
  return EcSigningKey(std::make_shared<const Impl>(Impl{std::move(key), std::move(xy)}));
}

Bytes EcSigningKey::ToDer() const {
  const int size = i2d_ECPrivateKey(impl_->key.get(), nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<size_t>(size));
  unsigned char* out = der.data();
  i2d_ECPrivateKey(impl_->key.get(), &out);
  return der;
}

const Bytes& EcSigningKey::point() const { return impl_->point; }

Bytes EcSigningKey::Sign(ByteView message) const {
  const Digest256 digest = Sha256(message);
  // ECDSA_do_sign takes a non-const key and only reads it.
  auto* const key = const_cast<EC_KEY*>(impl_->key.get());
  const SigHandle signature(ECDSA_do_sign(digest.view().data(), static_cast<int>(digest.view().size()), key));
  Bytes out(2 * kScalar);
  const int half = static_cast<int>(kScalar);
  if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + kScalar, half) != half) {
    ERR_clear_error();
    return {};
  }
  return out;
}

Digest256 HmacSha256(ByteView key, ByteView message) {
  std::array<uint8_t, 32> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out.data(),
       &size);
  return Digest256(out);
}

}  // namespace thimble
