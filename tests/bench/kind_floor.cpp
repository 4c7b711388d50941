// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_API_COMPAT 10101
#include "tests/bench/kind_floor.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <vector>

#include "tcb/base/crypto.h"
#include "tests/bench/openssl_handles.h"

namespace thimble::bench {
namespace {

using Ec = std::unique_ptr<EC_KEY, Deleter<EC_KEY_free>>;
using Rsa = std::unique_ptr<RSA, Deleter<RSA_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

const Bytes kMessage = {'m', 'e', 's', 's', 'a', 'g', 'e'};
constexpr unsigned kSha256Size = 32;

struct RsaEntry {
  Rsa key;
  Bytes signature;
  bool pss = false;
};
struct EcEntry {
  Ec key;
  Sig signature;
};

Key KeyOf(const Bytes& spki) {
  const uint8_t* cursor = spki.data();
  return Key(d2i_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())));
}

bool Holds(const RsaEntry& entry, const Digest256& digest) {
  const uint8_t* const bytes = digest.view().data();
  const auto size = static_cast<unsigned>(entry.signature.size());
  if (!entry.pss) {
    return RSA_verify(NID_sha256, bytes, kSha256Size, entry.signature.data(), size, entry.key.get()) == 1;
  }
  std::array<uint8_t, 1024> encoded{};
  const int length = RSA_public_decrypt(static_cast<int>(size), entry.signature.data(), encoded.data(),
                                        entry.key.get(), RSA_NO_PADDING);
  return length > 0 && RSA_verify_PKCS1_PSS_mgf1(entry.key.get(), bytes, EVP_sha256(), EVP_sha256(),
                                                 encoded.data(), kSha256Size) == 1;
}

}  // namespace

struct KindFloor::Impl {
  Digest256 sha256 = Sha256(kMessage);
  Digest384 sha384 = Sha384(kMessage);
  std::vector<RsaEntry> rsa;
  std::vector<EcEntry> ec;

  void Add(const sim::SimRsaKey& key, Bytes signature, bool pss) {
    const Key parsed = KeyOf(key.SubjectPublicKeyInfo());
    rsa.push_back({Rsa(EVP_PKEY_get1_RSA(parsed.get())), std::move(signature), pss});
  }
};

KindFloor::KindFloor() : impl_(std::make_unique<Impl>()) {}
KindFloor::~KindFloor() = default;

KindFloor& KindFloor::AddPkcs1(const sim::SimRsaKey& key) {
  impl_->Add(key, key.SignPkcs1(kMessage, HashAlgorithm::kSha256), false);
  return *this;
}

KindFloor& KindFloor::AddPss(const sim::SimRsaKey& key) {
  impl_->Add(key, key.SignPss(kMessage, HashAlgorithm::kSha256), true);
  return *this;
}

KindFloor& KindFloor::AddEcdsa(const sim::SimKey& key) {
  const Bytes raw = key.SignRaw(kMessage);
  const Key parsed = KeyOf(key.SubjectPublicKeyInfo());
  EcEntry entry{Ec(EVP_PKEY_get1_EC_KEY(parsed.get())), Sig(ECDSA_SIG_new())};
  const int half = static_cast<int>(raw.size() / 2);
  ECDSA_SIG_set0(entry.signature.get(), BN_bin2bn(raw.data(), half, nullptr),
                 BN_bin2bn(raw.data() + half, half, nullptr));
  impl_->ec.push_back(std::move(entry));
  return *this;
}

void KindFloor::Verify() const {
  for (const RsaEntry& entry : impl_->rsa) {
    if (!Holds(entry, impl_->sha256)) Fail("RSA signature");
  }
  for (const EcEntry& entry : impl_->ec) {
    if (ECDSA_do_verify(impl_->sha384.view().data(), 48, entry.signature.get(), entry.key.get()) != 1)
      Fail("ECDSA signature");
  }
}

}  // namespace thimble::bench
