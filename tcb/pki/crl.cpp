// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/crl.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {
constexpr size_t kMaxSize = 4 << 20;
}

// CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue } (RFC 5280 section 5.1).
class CrlParser {
 public:
  explicit CrlParser(ByteView der) { crl_.der_.assign(der.begin(), der.end()); }

  // What is wrong, or nullptr.
  const char* Parse() {
    der::Reader outer(crl_.der_);
    auto whole = outer.Enter(der::kSequence);
    if (!whole || !outer.empty()) return "not one DER SEQUENCE";
    const auto tbs = whole->Next(der::kSequence);
    const auto algorithm = whole->Next(der::kSequence);
    const auto signature = whole->BitString();
    if (!tbs || !algorithm || !signature || !whole->empty()) return "not tbsCertList, algorithm, signature";
    const auto read = x509::ReadSignatureAlgorithm(algorithm->content);
    if (!read)
      return "signature algorithm is none of ecdsa-with-SHA256, ecdsa-with-SHA384, RSASSA-PSS SHA-384";
    crl_.algorithm_ = *read;
    crl_.tbs_ = tbs->whole;
    crl_.signature_ = *signature;
    if (const char* problem = ParseTbs(der::Reader(tbs->content), algorithm->content)) return problem;
    std::sort(crl_.revoked_.begin(), crl_.revoked_.end());
    crl_.sha256_ = Sha256(crl_.der_);
    return nullptr;
  }

  CrlPtr Take() && { return CrlPtr(new Crl(std::move(crl_))); }

 private:
  const char* ParseTbs(der::Reader tbs, ByteView outer_algorithm) {
    if (tbs.Unsigned() != 1) return "not version 2";
    const auto algorithm = tbs.Next(der::kSequence);
    if (!algorithm || !Equal(algorithm->content, outer_algorithm))
      return "the two signature algorithms differ";
    const auto issuer = tbs.Next(der::kSequence);
    auto cn = issuer ? x509::CommonName(issuer->content) : std::nullopt;
    if (!cn) return "issuer is not a Name";
    crl_.issuer_ = issuer->whole;
    crl_.issuer_cn_ = std::move(*cn);
    const auto this_update = tbs.Time(), next_update = this_update ? tbs.Time() : std::nullopt;
    if (!next_update) return "thisUpdate and nextUpdate are not two times";
    crl_.window_ = {*this_update, *next_update};
    if (tbs.PeekTag() == der::kSequence) {
      auto entries = tbs.Enter(der::kSequence);
      if (!entries || entries->empty() || !ParseEntries(*entries))
        return "a revoked entry is not well-formed";
    }
    auto wrapper = tbs.Enter(der::ContextConstructed(0));
    auto list = wrapper ? wrapper->Enter(der::kSequence) : std::nullopt;
    if (!list || !wrapper->empty() || !tbs.empty()) return "no extensions, or something after them";
    return ParseExtensions(*list);
  }

  // Entry extensions are read for their form only: a reason code does not change that a serial is revoked.
  bool ParseEntries(der::Reader entries) {
    while (!entries.empty()) {
      auto entry = entries.Enter(der::kSequence);
      const auto serial = entry ? entry->Magnitude() : std::nullopt;
      if (!serial || !entry->Time()) return false;
      if (!entry->empty()) {
        const auto extensions = entry->Enter(der::kSequence);
        if (!extensions || !entry->empty() || !x509::ReadExtensions(*extensions)) return false;
      }
      crl_.revoked_.push_back(AsText(*serial));
    }
    return true;
  }

  const char* ParseExtensions(der::Reader list) {
    const auto extensions = x509::ReadExtensions(list);
    if (!extensions) return "extensions are not well-formed, or one is repeated";
    for (const Extension& extension : *extensions) {
      const auto standard = x509::StandardExtensionOf(extension.oid);
      if (standard == x509::kCrlNumber) {
        der::Reader reader(extension.value);
        const auto number = reader.Magnitude();
        if (!number || !reader.empty() || number->size() > 20) return "CRL number is not a number";
        crl_.number_ = *number;
        crl_.has_number_ = true;
      } else if (standard == x509::kAuthorityKeyId) {
        crl_.has_authority_key_id_ = true;
      } else if (extension.critical) {
        return "unknown critical extension (a delta or indirect CRL?)";
      }
    }
    return nullptr;
  }

  Crl crl_;
};

Result<CrlPtr> Crl::Parse(ByteView der, Check check) {
  if (der.size() > kMaxSize) {
    return Error{ErrorKind::kMalformed, check, StrCat("CRL: ", der.size(), " bytes, at most ", kMaxSize)};
  }
  CrlParser parser(der);
  if (const char* problem = parser.Parse())
    return Error{ErrorKind::kMalformed, check, StrCat("CRL: ", problem)};
  return std::move(parser).Take();
}

bool Crl::Revokes(const Certificate& certificate) const {
  return std::binary_search(revoked_.begin(), revoked_.end(), AsText(certificate.serial()));
}

bool Crl::SignedBy(const Certificate& issuer) const {
  return VerifySignature(issuer.key(), algorithm_, tbs_, signature_);
}

}  // namespace thimble
