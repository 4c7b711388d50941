// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/certificate_pool.h"

#include <algorithm>

namespace thimble {

CertificatePool::CertificatePool(const TrustAnchors& anchors) {
  for (const TrustAnchor& anchor : anchors.all()) {
    for (const Digest256& certificate : anchor.self_signed)
      links_.push_back({certificate, anchor.spki_sha256});
  }
}

Result<CertificatePtr> CertificatePool::Parse(ByteView der, Check check) {
  for (const auto& known : parsed_) {
    if (Equal(known->der(), der)) return known;
  }
  TRY_ASSIGN(auto certificate, Certificate::Parse(der, check));
  parsed_.push_back(certificate);
  return certificate;
}

bool CertificatePool::SignedBy(const Certificate& subject, const Certificate& issuer) {
  const Link link{subject.sha256(), issuer.spki_sha256()};
  if (std::find(links_.begin(), links_.end(), link) != links_.end()) return true;
  if (!subject.SignedBy(issuer)) return false;
  links_.push_back(link);
  return true;
}

void CertificatePool::AddVerified(const std::vector<CertificatePtr>& chain) {
  parsed_.insert(parsed_.end(), chain.begin(), chain.end());
  for (size_t i = 0; i < chain.size(); ++i)
    links_.push_back({chain[i]->sha256(), chain[std::min(i + 1, chain.size() - 1)]->spki_sha256()});
}

}  // namespace thimble
