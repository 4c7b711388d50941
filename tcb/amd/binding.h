// SPDX-License-Identifier: Apache-2.0
//
// Whether a leaf certificate is the one that signed a report: kind, product, chip, TCB, signature
// (spec/amd-sev-snp.md d.2, d.3, d.7 to d.10). One check a function; each is Rejected as the check of its
// name.
#pragma once

#include <optional>

#include "tcb/amd/chain.h"
#include "tcb/amd/endorsement.h"
#include "tcb/amd/report.h"
#include "tcb/base/result.h"

namespace thimble::amd {

// snp.signing_key: what the report says it is signed with. VLEK for 1, else VCEK; others are refused before.
SigningKey KindOf(const SnpClaims& claims);
Status CheckSigningKey(const SnpClaims& claims, const Certificate& leaf, const Endorsement& endorsement);

// snp.product: root, leaf and, where given, the caller agree with the report; the leaf has the product's
// structure.
Status CheckProduct(Product product, const Issuers& issuers, const Endorsement& endorsement,
                    std::optional<Product> named);

// The part of it that the leaf alone shows.
Status CheckLeafProduct(Product product, const Endorsement& endorsement);

// snp.chip_id_masked: the report of a VCEK names its chip.
Status CheckChipIdShown(const SnpClaims& claims);

// snp.chip_id: CHIP_ID is zero behind the hwID's length; it is the leaf's hwID. A masked one has the shape, and is no
// leaf's.
Status CheckChipIdShape(const ChipId& chip_id, Product product);
Status CheckChipId(const ChipId& chip_id, Product product, const Endorsement& endorsement);

// snp.tcb_binding: every SPL of the leaf equals its component of REPORTED_TCB.
Status CheckTcb(const SnpClaims& claims, Product product, const Endorsement& endorsement);

// snp.tcb_order: REPORTED_TCB <= COMMITTED_TCB <= CURRENT_TCB, the only order that AMD states (spec/amd-floors.md section 7). A
// report that breaks it was made by firmware that lies, or is read by the wrong layout.
Status CheckTcbOrder(const SnpClaims& claims, Product product);

// snp.signature: the leaf's key over the received bytes.
Status CheckSignature(const Report& report, const Certificate& leaf);

}  // namespace thimble::amd
