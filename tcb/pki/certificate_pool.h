// SPDX-License-Identifier: Apache-2.0
//
// The same few certificates come up again and again: a root ends every chain, one signer signs TCB info and
// identity. A pool remembers, for one piece of work, which certificates it has parsed and which signatures it
// has verified, so that neither is done twice.
#pragma once

#include <vector>

#include "tcb/pki/certificate.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// A value; not thread-safe. Grows with what it is shown, so it lives for one call.
class CertificatePool {
 public:
  CertificatePool() = default;
  // Knows that the anchors' own certificates have signed themselves.
  explicit CertificatePool(const TrustAnchors& anchors);

  // As Certificate::Parse, once for the same bytes.
  Result<CertificatePtr> Parse(ByteView der, Check check);

  // As subject.SignedBy(issuer), once for the same subject and issuer key. Failures are not remembered.
  bool SignedBy(const Certificate& subject, const Certificate& issuer);

  // Takes over a chain whose links have been verified, and its root's signature on itself: leaf first, root last
  // (CollateralItem::signers()).
  void AddVerified(const std::vector<CertificatePtr>& chain);

 private:
  struct Link {
    Digest256 subject_sha256;
    Digest256 issuer_spki_sha256;
    bool operator==(const Link&) const = default;
  };
  std::vector<CertificatePtr> parsed_;
  std::vector<Link> links_;
};

}  // namespace thimble
