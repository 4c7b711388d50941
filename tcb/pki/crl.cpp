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

  void Incomplete(std::string_view why) {
    if (crl_.incomplete_.empty()) crl_.incomplete_ = why;
  }

  // A reason code or a date does not change that a serial is revoked; another issuer's entry does (section 5.3.3).
  void JudgeEntryExtension(const Extension& extension) {
    const auto standard = x509::StandardExtensionOf(extension.oid);
    if (standard == x509::kCertificateIssuer) return Incomplete("is indirect: an entry names another issuer");
    const bool known = standard == x509::kReasonCode || standard == x509::kInvalidityDate;
    if (extension.critical && !known) Incomplete("has an entry with an unknown critical extension");
  }

  bool ParseEntries(der::Reader entries) {
    while (!entries.empty()) {
      auto entry = entries.Enter(der::kSequence);
      const auto serial = entry ? entry->Magnitude() : std::nullopt;
      if (!serial || !entry->Time()) return false;
      if (!entry->empty()) {
        const auto list = entry->Enter(der::kSequence);
        const auto extensions = list && entry->empty() ? x509::ReadExtensions(*list) : std::nullopt;
        if (!extensions) return false;
        for (const Extension& extension : *extensions) JudgeEntryExtension(extension);
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
        const auto id = x509::ReadAuthorityKeyId(extension.value);
        if (!id) return "authority key identifier is not well-formed";
        crl_.authority_key_id_ = *id;
        crl_.has_authority_key_id_ = true;
      } else {
        JudgeExtension(standard, extension.critical);
      }
    }
    return nullptr;
  }

  // However they are marked: a reader that skips them takes a part for the whole (sections 5.2.4, 5.2.5).
  void JudgeExtension(std::optional<uint8_t> standard, bool critical) {
    if (standard == x509::kDeltaCrlIndicator) return Incomplete("is a delta CRL");
    if (standard == x509::kIssuingDistributionPoint) return Incomplete("is indirect or of limited scope");
    if (critical) Incomplete("has an unknown critical extension");
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

std::optional<std::string> CrlIssuerProblem(const Crl& crl, const Certificate& issuer) {
  if (!Equal(crl.issuer(), issuer.subject())) {
    return StrCat("CRL was issued by \"", crl.issuer_cn(), "\", not by \"", issuer.subject_cn(), "\"");
  }
  if (!crl.incomplete().empty()) return StrCat("CRL of \"", crl.issuer_cn(), "\" ", crl.incomplete());
  if (issuer.key_usage() && !issuer.HasUsage(kCrlSign)) {
    return StrCat("key usage of \"", issuer.subject_cn(), "\" does not allow it to sign CRLs");
  }
  const ByteView named = crl.authority_key_id(), own = issuer.subject_key_id();
  if (!named.empty() && !own.empty() && !Equal(named, own)) {
    return StrCat("CRL names key ", HexLower(named), " of \"", issuer.subject_cn(), "\", whose key is ",
                  HexLower(own));
  }
  return std::nullopt;
}

}  // namespace thimble
