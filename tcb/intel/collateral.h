// SPDX-License-Identifier: Apache-2.0
//
// Authentication of Intel's collateral: each item by itself, at no particular time (DCAP 2.4, 3, 4). Internal
// to tcb/; users have AuthenticateItem() in tcb/collateral.h.
#pragma once

#include "tcb/collateral_parts.h"
#include "tcb/pki/certificate_pool.h"

namespace thimble::intel {

// Malformed: collateral.malformed. Rejected: the named checks of each.
Result<ItemParts> AuthenticateRootCaCrl(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                        CertificatePool& pool);  // crl.root.*
Result<ItemParts> AuthenticatePckCrl(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                     CertificatePool& pool);  // crl.pck.*
Result<ItemParts> AuthenticateTcbInfo(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                      CertificatePool& pool);  // signing_chain.untrusted, tcb_info.signature
Result<ItemParts> AuthenticateEnclaveIdentity(
    const CollateralBytes& bytes, const TrustAnchors& anchors,
    CertificatePool& pool);  // signing_chain.untrusted, qe_identity.signature
Result<ItemParts> AuthenticateEvaluationNumbers(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                                CertificatePool& pool);
// collateral.missing when no certificate is available; pck.chain, pck.root; collateral.mismatch when the
// certificates are not all of one platform, or one is not of its TCBm. The QE id of the key is a placeholder.
Result<ItemParts> AuthenticatePckCerts(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                       CertificatePool& pool);

// The windows that an item states, whether or not it is authentic; for findings about items that are refused.
// nullopt when it cannot be decoded.
std::optional<ItemWindows> StatedWindows(ItemKind kind, const CollateralBytes& bytes);

}  // namespace thimble::intel
