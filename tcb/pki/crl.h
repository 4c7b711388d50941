// SPDX-License-Identifier: Apache-2.0
//
// Certificate revocation lists (RFC 5280 section 5) as Intel and AMD issue them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/pki/certificate.h"

namespace thimble {

// Immutable and shared: const methods may be called from many threads at once.
class Crl {
 public:
  // Malformed (with `check`) unless the whole input is one well-formed v2 CRL with nextUpdate and a signature
  // algorithm that certificates may have. At most 4 MiB. What a CRL that decodes may be used for is asked by
  // CrlIssuerProblem; whether CRL number and authority key identifier must be there is the vendor's profile: see
  // the accessors.
  static Result<std::shared_ptr<const Crl>> Parse(ByteView der, Check check);

  ByteView der() const { return der_; }
  const Digest256& sha256() const { return sha256_; }
  ByteView issuer() const { return issuer_; }  // the Name in DER
  const std::string& issuer_cn() const { return issuer_cn_; }
  const Validity& window() const { return window_; }  // thisUpdate .. nextUpdate
  bool has_number() const { return has_number_; }
  ByteView number() const { return number_; }  // CRL number, unsigned magnitude, big endian; at most 20 bytes
  bool has_authority_key_id() const { return has_authority_key_id_; }
  ByteView authority_key_id() const { return authority_key_id_; }  // its keyIdentifier; empty: not there
  // Why it does not say by itself which certificates of its issuer are revoked: a delta or indirect CRL, one of limited
  // scope, or a critical extension that nobody here can process (RFC 5280 sections 5.2, 5.3). Empty: it does.
  std::string_view incomplete() const { return incomplete_; }
  const std::vector<std::string_view>& revoked() const { return revoked_; }  // serials: magnitudes, sorted

  bool Revokes(const Certificate& certificate) const;  // by serial; the caller has matched the issuer
  bool SignedBy(const Certificate& issuer) const;

 private:
  friend class CrlParser;
  Crl() = default;
  Bytes der_;
  Digest256 sha256_;
  ByteView tbs_, issuer_, signature_, number_, authority_key_id_;
  std::string issuer_cn_;
  std::string_view incomplete_;
  Validity window_;
  SignatureAlgorithm algorithm_{};
  std::vector<std::string_view> revoked_;
  bool has_number_ = false, has_authority_key_id_ = false;
};

using CrlPtr = std::shared_ptr<const Crl>;

// Why this CRL does not speak for the certificates of this issuer, whoever signed it: it is incomplete(), names another
// issuer or another key, or the issuer may not sign CRLs (RFC 5280 section 6.3.3). nullopt: it does.
std::optional<std::string> CrlIssuerProblem(const Crl& crl, const Certificate& issuer);

}  // namespace thimble
