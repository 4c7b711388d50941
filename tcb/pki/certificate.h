// SPDX-License-Identifier: Apache-2.0
//
// X.509 v3 certificates (RFC 5280) as their issuers' profiles have them. Parsed once from DER by our own strict
// reader; OpenSSL's decoder costs two to four signature checks a certificate. Parsing says nothing about
// trust.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/pki/public_key.h"
#include "tcb/pki/signature.h"

namespace thimble {

enum KeyUsageBit : uint16_t {  // RFC 5280 section 4.2.1.3
  kDigitalSignature = 1u << 0,
  kKeyCertSign = 1u << 5,
  kCrlSign = 1u << 6,
};

struct Extension {
  ByteView oid;    // content bytes of the OBJECT IDENTIFIER
  ByteView value;  // content of extnValue
  bool critical = false;
};

// Immutable and shared: const methods may be called from many threads at once. The views point into der().
class Certificate {
 public:
  // Malformed (with `check`) unless the whole input is one well-formed v3 certificate with a key and a
  // signature algorithm of the profile (Intel's and AMD's, if none is named), at most one common name in a name, unique extensions and no unknown
  // critical extension. At most 16 KiB.
  static Result<std::shared_ptr<const Certificate>> Parse(ByteView der, Check check);
  static Result<std::shared_ptr<const Certificate>> Parse(ByteView der, CertificateProfile profile,
                                                          Check check);

  ByteView der() const { return der_; }
  const Digest256& sha256() const { return sha256_; }            // of der(): the identity of a certificate
  const Digest256& spki_sha256() const { return spki_sha256_; }  // of SubjectPublicKeyInfo: what anchors pin
  ByteView serial() const { return serial_; }                    // unsigned magnitude, big endian
  ByteView issuer() const { return issuer_; }                    // the Name in DER
  ByteView subject() const { return subject_; }
  const std::string& subject_cn() const { return subject_cn_; }
  const std::string& issuer_cn() const { return issuer_cn_; }
  const Validity& validity() const { return validity_; }
  const PublicKey& key() const { return *key_; }
  const EcPublicKey* ec_key() const { return std::get_if<EcPublicKey>(key_.get()); }
  const RsaPublicKey* rsa_key() const { return std::get_if<RsaPublicKey>(key_.get()); }

  bool self_issued() const;
  std::optional<bool> is_ca() const { return is_ca_; }  // nullopt: no basic constraints
  std::optional<uint64_t> path_length() const { return path_length_; }
  std::optional<uint16_t> key_usage() const { return key_usage_; }  // KeyUsageBit; nullopt: no such extension
  bool HasUsage(KeyUsageBit bit) const { return (key_usage_.value_or(0) & bit) != 0; }
  // A CA may stand between this one and what a path ends in (RFC 5280 section 4.2.1.9).
  bool AllowsIntermediate() const { return path_length_.value_or(1) > 0; }
  ByteView subject_key_id() const { return subject_key_id_; }  // empty: no such extension
  // keyIdentifier; empty: no such extension, or none in it
  ByteView authority_key_id() const { return authority_key_id_; }
  bool has_key_identifiers() const { return !subject_key_id_.empty() && has_authority_key_id_; }
  bool has_crl_distribution_points() const { return has_crl_distribution_points_; }
  const std::string& crl_url() const {
    return crl_url_;
  }  // the first URI of the distribution points, or empty
  const Extension* FindExtension(ByteView oid) const;
  const std::vector<Extension>& extensions() const { return extensions_; }

  // The signature holds under the issuer's key. Names, dates, CA bits are the caller's to check (chain.h).
  bool SignedBy(const Certificate& issuer) const;

 private:
  friend class CertificateParser;
  Certificate() = default;

  Bytes der_;
  Digest256 sha256_, spki_sha256_;
  ByteView tbs_, serial_, issuer_, subject_, signature_, subject_key_id_, authority_key_id_;
  std::string subject_cn_, issuer_cn_, crl_url_;
  Validity validity_;
  std::unique_ptr<const PublicKey> key_;
  SignatureAlgorithm algorithm_{};
  std::vector<Extension> extensions_;
  std::optional<bool> is_ca_;
  std::optional<uint64_t> path_length_;
  std::optional<uint16_t> key_usage_;
  bool has_authority_key_id_ = false, has_crl_distribution_points_ = false;
};

using CertificatePtr = std::shared_ptr<const Certificate>;

}  // namespace thimble
