// SPDX-License-Identifier: Apache-2.0
//
// Intel's production and its sandbox have items of the same names under roots of their own. A store holds those of one:
// of the sandbox, once a root of its is among the anchors.
#pragma once

#include "fetchers/intel_crl_addresses.h"
#include "tcb/collateral_item.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Cheap to copy. The anchors outlive it.
class SiteRule {
 public:
  SiteRule(IntelSite site, const TrustAnchors& anchors) : site_(site), anchors_(anchors) {}

  // Error (kRejected, collateral.mismatch): the item is the other site's.
  Status CheckItem(const CollateralItem& item) const;
  // The same for one of this name and issuer chain, PEM, whose signatures hold.
  Status CheckChain(std::string_view name, std::string_view issuer_chain) const;

 private:
  Status CheckRoot(std::string_view name, const Certificate& root) const;

  IntelSite site_;
  const TrustAnchors& anchors_;
};

}  // namespace thimble
