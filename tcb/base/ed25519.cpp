// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/ed25519.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tcb/base/openssl_ptr.h"

namespace thimble {
struct Ed25519PublicKey::Impl {
  OpensslPtr<EVP_PKEY, EVP_PKEY_free> key;
};

std::optional<Ed25519PublicKey> Ed25519PublicKey::FromSpki(ByteView der) {
  const unsigned char* at = der.data();
  auto impl = std::make_shared<Impl>();
  impl->key.reset(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!impl->key || at != der.data() + der.size() || EVP_PKEY_get_id(impl->key.get()) != EVP_PKEY_ED25519)
    return std::nullopt;
  return Ed25519PublicKey(std::move(impl));
}

bool Ed25519PublicKey::Verify(ByteView message, ByteView signature) const {
  const OpensslPtr<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return context && signature.size() == kSignatureSize &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, impl_->key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace thimble
