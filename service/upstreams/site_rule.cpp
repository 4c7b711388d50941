// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/site_rule.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {

Status SiteRule::CheckItem(const CollateralItem& item) const {
  return item.signers().empty() ? Status() : CheckRoot(item.name(), *item.signers().back());
}

Status SiteRule::CheckChain(std::string_view name, std::string_view issuer_chain) const {
  constexpr size_t kMaxChain = 8;
  TRY_ASSIGN(const auto ders, DecodePem(issuer_chain, "CERTIFICATE", kMaxChain, Check::kCollateralMalformed));
  if (ders.empty()) return {};
  TRY_ASSIGN(const CertificatePtr root, Certificate::Parse(ders.back(), Check::kCollateralMalformed));
  return CheckRoot(name, *root);
}

// What the sandbox signed is no one's without its root among the anchors; what production signed always is.
Status SiteRule::CheckRoot(std::string_view name, const Certificate& root) const {
  const TrustAnchor* const anchor = anchors_.Find(Vendor::kIntel, root);
  if (site_ != IntelSite::kSandbox || anchor == nullptr || anchor->extra) return {};
  return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
               StrCat(name,
                      " is of Intel's production, and this store is its sandbox's, whose root is among the "
                      "anchors: the two have items of the same names, so give each a store of its own")};
}

}  // namespace thimble
