// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_API_COMPAT 10101
#include "tests/bench/floor.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/signed_json.h"
#include "tcb/pki/pem.h"
#include "tests/bench/openssl_handles.h"

namespace thimble::bench {
namespace {

using Key = std::unique_ptr<EC_KEY, Deleter<EC_KEY_free>>;

struct Entry {
  Key key;
  Digest256 digest;
  Sig signature;
};

Key KeyFromPoint(ByteView xy) {
  Bytes point{0x04};
  point.insert(point.end(), xy.begin(), xy.end());
  Key key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  if (EC_KEY_oct2key(key.get(), point.data(), point.size(), nullptr) != 1) Fail("point");
  return key;
}

Key KeyOf(const X509* certificate) {
  const auto* bits = X509_get0_pubkey_bitstr(certificate);
  return KeyFromPoint({ASN1_STRING_get0_data(bits) + 1, 64});
}

Sig FromDer(const ASN1_BIT_STRING* bits) {
  const uint8_t* cursor = ASN1_STRING_get0_data(bits);
  return Sig(d2i_ECDSA_SIG(nullptr, &cursor, ASN1_STRING_length(bits)));
}

Entry FromRaw(Key key, ByteView message, ByteView r_s) {
  Sig signature(ECDSA_SIG_new());
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(r_s.data(), 32, nullptr),
                 BN_bin2bn(r_s.data() + 32, 32, nullptr));
  return {std::move(key), Sha256(message), std::move(signature)};
}

Entry FromCertificate(X509* subject, const X509* issuer) {
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, subject);
  uint8_t* tbs = nullptr;
  const int length = i2d_re_X509_tbs(subject, &tbs);
  Entry entry{KeyOf(issuer), Sha256(ByteView(tbs, static_cast<size_t>(length))), FromDer(signature)};
  OPENSSL_free(tbs);
  return entry;
}

Entry FromCrl(ByteView der, const X509* issuer) {
  const uint8_t* cursor = der.data();
  const List crl(d2i_X509_CRL(nullptr, &cursor, static_cast<long>(der.size())));
  const ASN1_BIT_STRING* signature = nullptr;
  X509_CRL_get0_signature(crl.get(), &signature, nullptr);
  uint8_t* tbs = nullptr;
  const int length = i2d_re_X509_CRL_tbs(crl.get(), &tbs);
  Entry entry{KeyOf(issuer), Sha256(ByteView(tbs, static_cast<size_t>(length))), FromDer(signature)};
  OPENSSL_free(tbs);
  return entry;
}

std::vector<Cert> Chain(std::string_view pem) {
  std::vector<Cert> out;
  const auto blocks = DecodePem(pem, "CERTIFICATE", 8, Check::kCollateralMalformed);
  for (const Bytes& der : *blocks) {
    const uint8_t* cursor = der.data();
    out.emplace_back(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
  }
  return out;
}

}  // namespace

struct SignatureFloor::Impl {
  std::vector<Entry> entries;
};

SignatureFloor::SignatureFloor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SignatureFloor::SignatureFloor(SignatureFloor&&) noexcept = default;
SignatureFloor::~SignatureFloor() = default;

SignatureFloor SignatureFloor::OfQuote(ByteView quote_bytes, const intel::CollateralSet& set) {
  auto impl = std::make_unique<Impl>();
  auto& entries = impl->entries;
  const auto quote = intel::ParseQuote(quote_bytes);
  const auto pck = Chain(AsText(quote->certification_data));  // leaf, intermediate, root
  const auto signing = Chain(set.tcb_info_issuer_chain);      // signer, root
  entries.push_back(FromRaw(KeyFromPoint(quote->attestation_key), quote->signed_bytes, quote->signature));
  entries.push_back(FromRaw(KeyOf(pck[0].get()), quote->qe_report_bytes, quote->qe_report_signature));
  entries.push_back(FromCertificate(pck[0].get(), pck[1].get()));
  entries.push_back(FromCertificate(pck[1].get(), pck[2].get()));
  entries.push_back(FromCertificate(signing[0].get(), signing[1].get()));
  entries.push_back(FromCrl(set.root_ca_crl, pck[2].get()));
  entries.push_back(FromCrl(set.pck_crl, pck[1].get()));
  const auto info = intel::SplitSignedJson(set.tcb_info, "tcbInfo");
  const auto identity = intel::SplitSignedJson(set.qe_identity, "enclaveIdentity");
  entries.push_back(FromRaw(KeyOf(signing[0].get()), info->signed_bytes, info->signature));
  entries.push_back(FromRaw(KeyOf(signing[0].get()), identity->signed_bytes, identity->signature));
  SignatureFloor floor(std::move(impl));
  floor.Verify(floor.size());
  return floor;
}

void SignatureFloor::Verify(size_t count) const {
  for (size_t i = 0; i < count; ++i) {
    const Entry& entry = impl_->entries.at(i);
    if (ECDSA_do_verify(entry.digest.view().data(), 32, entry.signature.get(), entry.key.get()) != 1)
      Fail("signature");
  }
}

size_t SignatureFloor::size() const { return impl_->entries.size(); }

}  // namespace thimble::bench
