// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_API_COMPAT 10101
#include "tests/bench/snp_floor.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <vector>

#include "tcb/amd/report.h"
#include "tcb/base/crypto.h"
#include "tests/bench/openssl_handles.h"

namespace thimble::bench {
namespace {

using Ec = std::unique_ptr<EC_KEY, Deleter<EC_KEY_free>>;
using Rsa = std::unique_ptr<RSA, Deleter<RSA_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;

struct RsaEntry {
  Rsa key;
  Digest384 digest;
  Bytes signature;
};

Cert Parse(const Bytes& der) {
  const uint8_t* cursor = der.data();
  return Cert(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
}

Rsa RsaOf(X509* certificate) {
  const Key key(X509_get_pubkey(certificate));
  return Rsa(EVP_PKEY_get1_RSA(key.get()));
}

Bytes BytesOf(const ASN1_BIT_STRING* bits) {
  const uint8_t* data = ASN1_STRING_get0_data(bits);
  return Bytes(data, data + ASN1_STRING_length(bits));
}

template <class Encode>
Digest384 DigestOf(const Encode& encode) {
  uint8_t* tbs = nullptr;
  const int length = encode(&tbs);
  const Digest384 digest = Sha384(ByteView(tbs, static_cast<size_t>(length)));
  OPENSSL_free(tbs);
  return digest;
}

RsaEntry OfCertificate(X509* subject, X509* issuer) {
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, subject);
  return {RsaOf(issuer), DigestOf([&](uint8_t** out) { return i2d_re_X509_tbs(subject, out); }),
          BytesOf(signature)};
}

RsaEntry OfCrl(const Bytes& der, X509* issuer) {
  const uint8_t* cursor = der.data();
  const List crl(d2i_X509_CRL(nullptr, &cursor, static_cast<long>(der.size())));
  const ASN1_BIT_STRING* signature = nullptr;
  X509_CRL_get0_signature(crl.get(), &signature, nullptr);
  return {RsaOf(issuer), DigestOf([&](uint8_t** out) { return i2d_re_X509_CRL_tbs(crl.get(), out); }),
          BytesOf(signature)};
}

}  // namespace

struct SnpFloor::Impl {
  Ec leaf_key;
  Digest384 report_digest;
  Sig report_signature;
  std::vector<RsaEntry> chain;
};

SnpFloor::SnpFloor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SnpFloor::SnpFloor(SnpFloor&&) noexcept = default;
SnpFloor::~SnpFloor() = default;

SnpFloor SnpFloor::OfReport(ByteView bytes, const amd::EndorsementSet& given) {
  const auto report = amd::ParseReport(bytes);
  const Cert leaf = Parse(given.certificates.at(0)), ask = Parse(given.certificates.at(1)),
             ark = Parse(given.certificates.at(2));
  auto impl = std::make_unique<Impl>();
  const Key leaf_key(X509_get_pubkey(leaf.get()));
  impl->leaf_key = Ec(EVP_PKEY_get1_EC_KEY(leaf_key.get()));
  impl->report_digest = Sha384(report->signed_bytes);
  impl->report_signature = Sig(ECDSA_SIG_new());
  ECDSA_SIG_set0(impl->report_signature.get(), BN_bin2bn(report->signature.data(), 48, nullptr),
                 BN_bin2bn(report->signature.data() + 48, 48, nullptr));
  impl->chain.push_back(OfCertificate(leaf.get(), ask.get()));
  impl->chain.push_back(OfCertificate(ask.get(), ark.get()));
  impl->chain.push_back(OfCertificate(ark.get(), ark.get()));
  impl->chain.push_back(OfCrl(given.crl, ark.get()));
  SnpFloor floor(std::move(impl));
  floor.VerifyAll();
  return floor;
}

void SnpFloor::VerifyReport() const {
  if (ECDSA_do_verify(impl_->report_digest.view().data(), 48, impl_->report_signature.get(),
                      impl_->leaf_key.get()) != 1) {
    Fail("report signature");
  }
}

void SnpFloor::VerifyAll() const {
  VerifyReport();
  for (const RsaEntry& entry : impl_->chain) {
    std::array<uint8_t, 1024> encoded{};
    const int length = RSA_public_decrypt(static_cast<int>(entry.signature.size()), entry.signature.data(),
                                          encoded.data(), entry.key.get(), RSA_NO_PADDING);
    if (length <= 0 || RSA_verify_PKCS1_PSS_mgf1(entry.key.get(), entry.digest.view().data(), EVP_sha384(),
                                                 EVP_sha384(), encoded.data(), 48) != 1) {
      Fail("RSA signature");
    }
  }
}

}  // namespace thimble::bench
