// SPDX-License-Identifier: Apache-2.0
//
// Authentication of AMD's collateral: each item by itself, at no particular time (spec/amd-sev-snp.md a, b).
// Internal to tcb/; users have AuthenticateItem() in tcb/collateral.h.
#pragma once

#include "tcb/collateral_parts.h"

namespace thimble::amd {

// Malformed: collateral.malformed. Rejected: the named checks of each. All under snp.chain, too.

// The body is ASK or ASVK, and ARK, in any order; the item's is in KDS's.
Result<ItemParts> AuthenticateChain(const CollateralBytes& bytes, const TrustAnchors& anchors);
// The issuer chain holds the ARK; an ASK or ASVK beside it tells the kind, which the CRL itself does not say.
// Without one it is taken to be of VCEKs.
Result<ItemParts> AuthenticateCrl(const CollateralBytes& bytes, const TrustAnchors& anchors);  // snp.crl
// The issuer chain holds ASK and ARK.
Result<ItemParts> AuthenticateVcek(const CollateralBytes& bytes,
                                   const TrustAnchors& anchors);  // snp.signing_key, snp.leaf_signature,
                                                                  // snp.product, snp.chip_id, snp.tcb_binding

}  // namespace thimble::amd
