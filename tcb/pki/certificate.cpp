// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/certificate.h"

#include "tcb/base/text.h"
#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {

constexpr size_t kMaxSize = 16 << 10;

constexpr std::initializer_list<uint8_t> kIdEcPublicKey = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::initializer_list<uint8_t> kPrime256v1 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::initializer_list<uint8_t> kSecp384r1 = {0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::initializer_list<uint8_t> kRsaEncryption = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                           0x0d, 0x01, 0x01, 0x01};

using PublicKey = std::variant<EcPublicKey, RsaPublicKey>;

// RFC 5480 section 2: named curve, uncompressed point.
std::optional<PublicKey> ReadEcKey(der::Reader algorithm, ByteView bits) {
  const auto curve_oid = algorithm.Oid();
  if (!curve_oid || !algorithm.empty() || bits.empty() || bits[0] != 0x04) return std::nullopt;
  std::optional<EcPublicKey> key;
  if (x509::OidIs(*curve_oid, kPrime256v1)) key = EcPublicKey::FromPoint(Curve::kP256, bits.subspan(1));
  if (x509::OidIs(*curve_oid, kSecp384r1)) key = EcPublicKey::FromPoint(Curve::kP384, bits.subspan(1));
  if (!key) return std::nullopt;
  return PublicKey(std::move(*key));
}

// RFC 3279 section 2.3.1: NULL parameters, RSAPublicKey ::= SEQUENCE { modulus, exponent }.
std::optional<PublicKey> ReadRsaKey(der::Reader algorithm, ByteView bits) {
  const auto null = algorithm.Next(der::kNull);
  der::Reader outer(bits);
  auto numbers = outer.Enter(der::kSequence);
  if (!null || !null->content.empty() || !algorithm.empty() || !numbers || !outer.empty())
    return std::nullopt;
  const auto modulus = numbers->Integer(), exponent = numbers->Integer();
  if (!modulus || !exponent || !numbers->empty() || (*modulus)[0] >= 0x80 || (*exponent)[0] >= 0x80)
    return std::nullopt;
  auto key = RsaPublicKey::FromNumbers(*modulus, *exponent);
  if (!key) return std::nullopt;
  return PublicKey(std::move(*key));
}

std::optional<PublicKey> ReadPublicKey(ByteView spki_content) {
  der::Reader spki(spki_content);
  auto algorithm = spki.Enter(der::kSequence);
  const auto oid = algorithm ? algorithm->Oid() : std::nullopt;
  const auto bits = oid ? spki.BitString() : std::nullopt;
  if (!bits || !spki.empty()) return std::nullopt;
  if (x509::OidIs(*oid, kIdEcPublicKey)) return ReadEcKey(*algorithm, *bits);
  if (x509::OidIs(*oid, kRsaEncryption)) return ReadRsaKey(*algorithm, *bits);
  return std::nullopt;
}

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
  explicit CertificateParser(ByteView der) { certificate_.der_.assign(der.begin(), der.end()); }

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
    const auto read = x509::ReadSignatureAlgorithm(algorithm->content);
    if (!read)
      return "signature algorithm is none of ecdsa-with-SHA256, ecdsa-with-SHA384, RSASSA-PSS SHA-384";
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
    auto key = spki ? ReadPublicKey(spki->content) : std::nullopt;
    if (!key) return "public key is not a P-256, P-384 or RSA key";
    certificate_.key_ = std::make_unique<const PublicKey>(std::move(*key));
    certificate_.spki_sha256_ = Sha256(spki->whole);
    auto wrapper = tbs.Enter(der::ContextConstructed(3));
    auto list = wrapper ? wrapper->Enter(der::kSequence) : std::nullopt;
    if (!list || !wrapper->empty() || !tbs.empty()) return "no extensions, or something after them";
    return ParseExtensions(*list);
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
      case x509::kAuthorityKeyId:
        certificate_.has_authority_key_id_ = x509::ReadAuthorityKeyId(value).has_value();
        interpretation_failed_ = !certificate_.has_authority_key_id_;
        return !interpretation_failed_;
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

  Certificate certificate_;
  ByteView algorithm_content_;
  bool interpretation_failed_ = false;
};

Result<CertificatePtr> Certificate::Parse(ByteView der, Check check) {
  if (der.size() > kMaxSize) {
    return Error{ErrorKind::kMalformed, check,
                 StrCat("certificate: ", der.size(), " bytes, at most ", kMaxSize)};
  }
  CertificateParser parser(der);
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

bool VerifySignature(const std::variant<EcPublicKey, RsaPublicKey>& key, SignatureAlgorithm algorithm,
                     ByteView message, ByteView signature) {
  if (const auto* rsa = std::get_if<RsaPublicKey>(&key)) {
    return algorithm == SignatureAlgorithm::kRsaPssSha384 && rsa->VerifyPssSha384(message, signature);
  }
  const auto& ec = std::get<EcPublicKey>(key);
  const auto expected =
      ec.curve() == Curve::kP256 ? SignatureAlgorithm::kEcdsaSha256 : SignatureAlgorithm::kEcdsaSha384;
  return algorithm == expected && ec.VerifyDer(message, signature);
}

}  // namespace thimble
