// SPDX-License-Identifier: Apache-2.0
//
// AMD's certificate chains: ARK, ASK or ASVK, and the leaf (spec/amd-sev-snp.md b, d.4 to d.6). Time is not
// judged here. A memo, where one is taken, may be null.
#pragma once

#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/signature_memo.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble::amd {

// Certificates by role; null: not among those given.
struct CertificateSet {
  CertificatePtr leaf, intermediate, root;
};

// A leaf by AMD's names; where a name is none of them, by the CA bit. Whether the rest fits the role is checked later.
bool IsLeaf(const Certificate& certificate);

// Sorts certificates that came in any order by what they say they are. Of several issuers the one that the
// certificate below it names is taken; `leaf`, which may be null, is looked at for that when none is among
// them. Malformed (`malformed`) when one cannot be decoded or there are two different leaves.
Result<CertificateSet> SortByRole(const std::vector<Bytes>& certificates, const CertificatePtr& leaf,
                                  Check malformed);

// The root is an anchor and self-signed. Rejected (snp.chain).
struct RootAnchor {
  const TrustAnchor* anchor = nullptr;
  Product product = Product::kMilan;
};
Result<RootAnchor> CheckRoot(const Certificate& root, const TrustAnchors& anchors, SignatureMemo* memo);

// What ARK and ASK or ASVK turn out to be.
struct Issuers : RootAnchor {
  SigningKey kind = SigningKey::kVcek;  // of the leaves below: ASK is for VCEKs, ASVK for VLEKs
};

// The root is an anchor and self-signed, the intermediate is its CA of the same product. Rejected
// (snp.chain).
Result<Issuers> CheckIssuers(const Certificate& intermediate, const Certificate& root,
                             const TrustAnchors& anchors, SignatureMemo* memo);

// The leaf names the intermediate, is no CA, and has a P-384 key, for digital signatures where it says what for. Rejected
// (snp.chain).
Status CheckLeafProfile(const Certificate& leaf, const Certificate& intermediate);
// The leaf's signature under the intermediate's key. Rejected (snp.leaf_signature).
Status CheckLeafSignature(const Certificate& leaf, const Certificate& intermediate, SignatureMemo* memo);
// The CRL speaks for the ARK, and the ARK signed it. Rejected (snp.crl).
Status CheckCrlIssuer(const Crl& crl, const Certificate& root, SignatureMemo* memo);

}  // namespace thimble::amd
