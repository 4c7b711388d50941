// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/floor_signer.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>

#include "service/baselines/builtin_floors.h"
#include "tcb/pki/pem.h"

namespace thimble::test {

FloorSigner::FloorSigner(uint8_t seed) {
  const Bytes secret(32, seed);
  key_ = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size());
}

FloorSigner::~FloorSigner() { EVP_PKEY_free(key_); }

std::string FloorSigner::Pem() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_, &der);
  std::string pem = EncodePem(ByteView(der, static_cast<size_t>(size)), "PUBLIC KEY");
  OPENSSL_free(der);
  return pem;
}

Bytes FloorSigner::Sign(const std::string& text) const {
  Bytes signature(64);
  size_t size = signature.size();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestSignInit(context, nullptr, nullptr, nullptr, key_);
  EVP_DigestSign(context, signature.data(), &size, AsBytes(text).data(), text.size());
  EVP_MD_CTX_free(context);
  return signature;
}

std::string FloorsText(uint32_t number, const std::string& remark) {
  auto document = nlohmann::ordered_json::parse(kBuiltinFloors);
  document["name"] = "ours";
  document["number"] = number;
  document["uncertain"] = {remark};
  if (number > 1) document["previous"] = "sha256:" + std::string(64, '0');
  return document.dump();
}

}  // namespace thimble::test
