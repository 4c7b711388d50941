// SPDX-License-Identifier: Apache-2.0
//
// Certificate revocation lists (RFC 5280 section 5) as Intel and AMD issue them.
#pragma once

#include <memory>
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
  // algorithm that certificates may have. Delta CRLs and unknown critical extensions are refused. At most 4
  // MiB. Whether CRL number and authority key identifier must be there is the vendor's profile: see the
  // accessors.
  static Result<std::shared_ptr<const Crl>> Parse(ByteView der, Check check);

  ByteView der() const { return der_; }
  const Digest256& sha256() const { return sha256_; }
  ByteView issuer() const { return issuer_; }  // the Name in DER
  const std::string& issuer_cn() const { return issuer_cn_; }
  const Validity& window() const { return window_; }  // thisUpdate .. nextUpdate
  bool has_number() const { return has_number_; }
  ByteView number() const { return number_; }  // CRL number, unsigned magnitude, big endian; at most 20 bytes
  bool has_authority_key_id() const { return has_authority_key_id_; }
  size_t revoked_count() const { return revoked_.size(); }
  const std::vector<std::string_view>& revoked() const { return revoked_; }  // serials: magnitudes, sorted

  bool Revokes(const Certificate& certificate) const;  // by serial; the caller has matched the issuer
  bool SignedBy(const Certificate& issuer) const;

 private:
  friend class CrlParser;
  Crl() = default;
  Bytes der_;
  Digest256 sha256_;
  ByteView tbs_, issuer_, signature_, number_;
  std::string issuer_cn_;
  Validity window_;
  SignatureAlgorithm algorithm_{};
  std::vector<std::string_view> revoked_;
  bool has_number_ = false, has_authority_key_id_ = false;
};

using CrlPtr = std::shared_ptr<const Crl>;

}  // namespace thimble
