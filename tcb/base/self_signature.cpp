// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/self_signature.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>

#include "tcb/base/openssl_ptr.h"

namespace thimble {
namespace {

using KeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using ContextPtr = OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free>;

struct Algorithm {
  int key_type;
  const EVP_MD* (*digest)();
  Bytes identifier;  // content of the AlgorithmIdentifier
};

// OIDs of RFC 8017 appendix C (with the NULL that goes with them) and RFC 5758 section 3.2.
const std::array<Algorithm, 6>& Algorithms() {
  const auto rsa = [](uint8_t n) {
    return Bytes{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n, 0x05, 0x00};
  };
  const auto ecdsa = [](uint8_t n) { return Bytes{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, n}; };
  static const std::array<Algorithm, 6> kAll = {{{EVP_PKEY_RSA, EVP_sha256, rsa(11)},
                                                 {EVP_PKEY_RSA, EVP_sha384, rsa(12)},
                                                 {EVP_PKEY_RSA, EVP_sha512, rsa(13)},
                                                 {EVP_PKEY_EC, EVP_sha256, ecdsa(2)},
                                                 {EVP_PKEY_EC, EVP_sha384, ecdsa(3)},
                                                 {EVP_PKEY_EC, EVP_sha512, ecdsa(4)}}};
  return kAll;
}

bool IsNamedCurve(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  size_t length = 0;
  if (EVP_PKEY_get_group_name(key, name.data(), name.size(), &length) != 1) return false;
  const int curve = OBJ_sn2nid(name.data());
  return curve == NID_X9_62_prime256v1 || curve == NID_secp384r1 || curve == NID_secp521r1;
}

KeyPtr ReadKey(ByteView public_key) {
  const unsigned char* from = public_key.data();
  KeyPtr key(d2i_PUBKEY(nullptr, &from, static_cast<long>(public_key.size())));
  if (!key || from != public_key.data() + public_key.size()) return nullptr;
  const int bits = EVP_PKEY_get_bits(key.get());
  const bool rsa = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA && bits >= 1024 && bits <= 8192;
  const bool ec = EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC && IsNamedCurve(key.get());
  return rsa || ec ? std::move(key) : nullptr;
}

}  // namespace

bool VerifySelfSignature(ByteView public_key, ByteView algorithm, ByteView message, ByteView signature) {
  const auto& all = Algorithms();
  const auto* known =
      std::ranges::find_if(all, [&](const Algorithm& one) { return Equal(one.identifier, algorithm); });
  if (known == all.end()) return false;
  const KeyPtr key = ReadKey(public_key);
  if (!key || EVP_PKEY_get_base_id(key.get()) != known->key_type) {
    ERR_clear_error();
    return false;
  }
  const ContextPtr context(EVP_MD_CTX_new());
  const bool holds =
      context && EVP_DigestVerifyInit(context.get(), nullptr, known->digest(), nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()) ==
          1;
  ERR_clear_error();  // or what comes next on this thread finds what is not its own
  return holds;
}

}  // namespace thimble
