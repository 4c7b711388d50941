// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/certificate.h"

#include "tcb/base/text.h"
#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {

constexpr size_t kMaxSize = 16 << 10;

// KeyUsage ::= BIT STRING, bit 0 first (RFC 5280 section 4.2.1.3).
std::optional<uint16_t> ReadKeyUsage(ByteView value) {
  der::Reader reader(value);
  const auto bits = reader.Next(der::kBitString);
  if (!bits || !reader.empty() || bits->content.size() < 2 || bits->content.size() > 3 ||
      bits->content[0] > 7)
    return std::nullopt;
  const uint8_t unused = static_cast<uint8_t>((1u << bits->content[0]) - 1);
  if ((bits->content.back() & unused) != 0) return std::nullopt;  // X.690 section 11.2.1
  uint16_t usage = 0;
  for (size_t bit = 0; bit < 8 * (bits->content.size() - 1); ++bit) {
    if ((bits->content[1 + bit / 8] >> (7 - bit % 8) & 1) != 0)
      usage = static_cast<uint16_t>(usage | 1u << bit);
  }
  return usage;
}

// The first fullName URI of the first distribution point (RFC 5280 section 4.2.1.13), or empty.
std::string FirstCrlUrl(ByteView value) {
  der::Reader reader(value);
  auto points = reader.Enter(der::kSequence);
  auto point = points ? points->Enter(der::kSequence) : std::nullopt;
  auto name = point ? point->Enter(der::ContextConstructed(0)) : std::nullopt;
  auto full_name = name ? name->Enter(der::ContextConstructed(0)) : std::nullopt;
  const auto uri = full_name ? full_name->Next(der::ContextPrimitive(6)) : std::nullopt;
  return uri ? std::string(AsText(uri->content)) : std::string();
}

}  // namespace

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 section 4.1).
class CertificateParser {
 public:
  CertificateParser(ByteView der, CertificateProfile profile) : profile_(profile) {
    certificate_.der_.assign(der.begin(), der.end());
  }

  // What is wrong, or nullptr.
  const char* Parse() {
    der::Reader outer(certificate_.der_);
    auto whole = outer.Enter(der::kSequence);
    if (!whole || !outer.empty()) return "not one DER SEQUENCE";
    const auto tbs = whole->Next(der::kSequence);
    const auto algorithm = whole->Next(der::kSequence);
    const auto signature = whole->BitString();
    if (!tbs || !algorithm || !signature || !whole->empty())
      return "not tbsCertificate, algorithm, signature";
    certificate_.tbs_ = tbs->whole;
    certificate_.signature_ = *signature;
    algorithm_content_ = algorithm->content;
    const auto read = x509::ReadSignatureAlgorithm(algorithm->content, profile_);
    if (!read) {
      return profile_ == CertificateProfile::kTee
                 ? "signature algorithm is none of ecdsa-with-SHA256, ecdsa-with-SHA384, RSASSA-PSS SHA-384"
                 : "signature algorithm is none of ECDSA and RSASSA-PKCS1-v1_5 with SHA-256, SHA-384, "
                   "SHA-512";
    }
    certificate_.algorithm_ = *read;
    if (const char* problem = ParseTbs(der::Reader(tbs->content))) return problem;
    certificate_.sha256_ = Sha256(certificate_.der_);
    return nullptr;
  }

  CertificatePtr Take() && { return CertificatePtr(new Certificate(std::move(certificate_))); }

 private:
  const char* ParseTbs(der::Reader tbs) {
    auto version = tbs.Enter(der::ContextConstructed(0));
    if (!version || version->Unsigned() != 2 || !version->empty()) return "not version 3";
    const auto serial = tbs.Magnitude();
    if (!serial || serial->size() > 20)
      return "serial number is not an INTEGER from 0 on, of at most 20 bytes";
    certificate_.serial_ = *serial;
    const auto algorithm = tbs.Next(der::kSequence);
    if (!algorithm || !Equal(algorithm->content, algorithm_content_))
      return "the two signature algorithms differ";
    if (!ReadName(tbs, &certificate_.issuer_, &certificate_.issuer_cn_))
      return "issuer is not a Name with at most one common name";
    auto validity = tbs.Enter(der::kSequence);
    const auto not_before = validity ? validity->Time() : std::nullopt;
    const auto not_after = not_before ? validity->Time() : std::nullopt;
    if (!not_after || !validity->empty()) return "validity is not two times";
    certificate_.validity_ = {*not_before, *not_after};
    if (!ReadName(tbs, &certificate_.subject_, &certificate_.subject_cn_))
      return "subject is not a Name with at most one common name";
    const auto spki = tbs.Next(der::kSequence);
    auto key = spki ? ReadPublicKey(spki->content, profile_) : std::nullopt;
    if (!key) {
      return profile_ == CertificateProfile::kTee
                 ? "public key is not a P-256, P-384 or RSA key"
                 : "public key is not a P-256, P-384 or P-521 key, or RSA of 2048 to 4096 bits";
    }
    certificate_.key_ = std::make_unique<const PublicKey>(std::move(*key));
    certificate_.spki_sha256_ = Sha256(spki->whole);
    if (profile_ != CertificateProfile::kTee && tbs.empty())
      return SubjectProblem();  // no CA, and of no restriction
    auto wrapper = tbs.Enter(der::ContextConstructed(3));
    auto list = wrapper ? wrapper->Enter(der::kSequence) : std::nullopt;
    if (!list || !wrapper->empty() || !tbs.empty()) return "no extensions, or something after them";
    if (const char* problem = ParseExtensions(*list)) return problem;
    return SubjectProblem();
  }

  // Whoever has no name has to say so where nobody overlooks it (RFC 5280 section 4.2.1.6).
  const char* SubjectProblem() const {
    const auto empty = [](ByteView name) { return name.size() == 2; };  // SEQUENCE, length 0
    if (profile_ == CertificateProfile::kTee) return nullptr;
    if (empty(certificate_.issuer_)) return "the issuer has no name";
    if (!empty(certificate_.subject_)) return nullptr;
    if (profile_ != CertificateProfile::kTpmMaker) return "the subject is empty";
    for (const Extension& extension : certificate_.extensions_) {
      if (x509::StandardExtensionOf(extension.oid) == x509::kSubjectAltName && extension.critical)
        return nullptr;
    }
    return "the subject is empty, and there is no critical subjectAltName";
  }

  static bool ReadName(der::Reader& tbs, ByteView* name, std::string* common_name) {
    const auto element = tbs.Next(der::kSequence);
    auto cn = element ? x509::CommonName(element->content) : std::nullopt;
    if (!cn) return false;
    *name = element->whole;
    *common_name = std::move(*cn);
    return true;
  }

  const char* ParseExtensions(der::Reader list) {
    auto extensions = x509::ReadExtensions(list);
    if (!extensions) return "extensions are not well-formed, or one is repeated";
    certificate_.extensions_ = std::move(*extensions);
    for (const Extension& extension : certificate_.extensions_) {
      const auto standard = x509::StandardExtensionOf(extension.oid);
      if (!standard || !Interpret(*standard, extension.value)) {
        if (standard && interpretation_failed_)
          return "key usage, basic constraints or a key identifier is not well-formed";
        if (extension.critical) return "unknown critical extension";
      }
    }
    return nullptr;
  }

  // True when the extension is one that we know.
  bool Interpret(uint8_t standard, ByteView value) {
    switch (standard) {
      case x509::kSubjectKeyId:
        interpretation_failed_ = !ReadSubjectKeyId(value);
        return !interpretation_failed_;
      case x509::kAuthorityKeyId: {
        const auto id = x509::ReadAuthorityKeyId(value);
        certificate_.has_authority_key_id_ = id.has_value();
        certificate_.authority_key_id_ = id.value_or(ByteView{});
        interpretation_failed_ = !id;
        return !interpretation_failed_;
      }
      case x509::kCrlDistributionPoints:
        certificate_.crl_url_ = FirstCrlUrl(value);
        return certificate_.has_crl_distribution_points_ = true;
      case x509::kKeyUsage:
        certificate_.key_usage_ = ReadKeyUsage(value);
        interpretation_failed_ = !certificate_.key_usage_.has_value();
        return !interpretation_failed_;
      case x509::kBasicConstraints:
        interpretation_failed_ = !ReadBasicConstraints(value);
        return !interpretation_failed_;
      // Of other issuers these may be critical. They restrict what the subject may be used for; who uses it asks
      // (usages.h), or has no use for it: no policy is required of a path.
      case x509::kSubjectAltName:
      case x509::kCertificatePolicies:
      case x509::kNameConstraints:  // path.cpp holds what is below against it
      case x509::kExtendedKeyUsage:
        return profile_ != CertificateProfile::kTee;
      default:
        return false;
    }
  }

  // SubjectKeyIdentifier ::= OCTET STRING (RFC 5280 section 4.2.1.2).
  bool ReadSubjectKeyId(ByteView value) {
    der::Reader reader(value);
    const auto id = reader.OctetString();
    if (!id || id->empty() || !reader.empty()) return false;
    certificate_.subject_key_id_ = *id;
    return true;
  }

  // BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
  bool ReadBasicConstraints(ByteView value) {
    der::Reader reader(value);
    auto sequence = reader.Enter(der::kSequence);
    if (!sequence || !reader.empty()) return false;
    bool ca = false;
    if (sequence->PeekTag() == der::kBoolean) {
      const auto flag = sequence->Boolean();
      if (flag != true) return false;
      ca = true;
    }
    if (!sequence->empty()) {
      certificate_.path_length_ = sequence->Unsigned();
      if (!ca || !certificate_.path_length_ || !sequence->empty()) return false;
    }
    certificate_.is_ca_ = ca;
    return true;
  }

  const CertificateProfile profile_;
  Certificate certificate_;
  ByteView algorithm_content_;
  bool interpretation_failed_ = false;
};

Result<CertificatePtr> Certificate::Parse(ByteView der, Check check) {
  return Parse(der, CertificateProfile::kTee, check);
}

Result<CertificatePtr> Certificate::Parse(ByteView der, CertificateProfile profile, Check check) {
  if (der.size() > kMaxSize) {
    return Error{ErrorKind::kMalformed, check,
                 StrCat("certificate: ", der.size(), " bytes, at most ", kMaxSize)};
  }
  CertificateParser parser(der, profile);
  if (const char* problem = parser.Parse()) {
    return Error{ErrorKind::kMalformed, check, StrCat("certificate: ", problem)};
  }
  return std::move(parser).Take();
}

bool Certificate::self_issued() const { return Equal(issuer_, subject_); }

const Extension* Certificate::FindExtension(ByteView oid) const {
  for (const Extension& extension : extensions_) {
    if (Equal(extension.oid, oid)) return &extension;
  }
  return nullptr;
}

bool Certificate::SignedBy(const Certificate& issuer) const {
  return VerifySignature(issuer.key(), algorithm_, tbs_, signature_);
}

}  // namespace thimble
