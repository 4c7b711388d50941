// SPDX-License-Identifier: Apache-2.0
//
// Trust anchors are pinned by the SHA-256 of their SubjectPublicKeyInfo (spec/trust-anchors.md): Intel SGX
// Root CA and AMD ARK-Milan, ARK-Genoa, ARK-Turin. Others (tests, simulated vendors) come only from the
// operator, and every result that rests on one says so.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/vendor.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/path.h"

namespace thimble {

struct TrustAnchor {
  Vendor vendor;
  std::string name;  // "Intel SGX Root CA", "ARK-Milan", ...: the subject CN
  Digest256 spki_sha256;
  bool extra = false;  // configured by the operator, not one of the pinned four
  // SHA-256 of certificates with this key whose signature on themselves is known to hold. Other issues of the
  // certificate are the same anchor; their signature has yet to be checked.
  std::vector<Digest256> self_signed = {};

  bool HasSigned(const Certificate& root) const { return std::ranges::count(self_signed, root.sha256()) > 0; }
};

// A value; const methods may be called from many threads at once.
class TrustAnchors {
 public:
  static TrustAnchors Pinned();

  // Adds a self-signed root certificate (PEM or DER, one or several). The vendor and product follow from the
  // subject CN: "ARK-<product>" is AMD's, anything else Intel's. Malformed if it is not a self-signed CA
  // certificate. What Intel and AMD have no certificates like (PKCS#1 v1.5, ...) is a root of paths instead: of TPMs'
  // keys and of signers of VBS reports. It may be any certificate, and is trusted as it is.
  Status AddExtra(ByteView certificates);

  // The anchor this certificate is, by its key; nullptr when it is none of this vendor's.
  const TrustAnchor* Find(Vendor vendor, const Certificate& root) const;
  const std::vector<TrustAnchor>& all() const { return anchors_; }
  const std::vector<PathRoot>& path_roots() const { return path_roots_; }
  const std::vector<CertificatePtr>& path_certificates() const { return path_certificates_; }

 private:
  void AddPathRoot(CertificatePtr certificate);

  std::vector<TrustAnchor> anchors_;
  std::vector<PathRoot> path_roots_;
  std::vector<CertificatePtr> path_certificates_;
};

}  // namespace thimble
