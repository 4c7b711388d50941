// SPDX-License-Identifier: Apache-2.0
//
// What a VCEK or VLEK certificate says in AMD's extensions, arc 1.3.6.1.4.1.3704.1 (spec/amd-sev-snp.md b).
#pragma once

#include <optional>
#include <string>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"
#include "tcb/pki/certificate.h"

namespace thimble::amd {

struct Endorsement {
  uint64_t struct_version = 0;
  std::string product_name;        // "Milan-B0", "Genoa", "Turin"; the stepping after '-' is unreliable
  std::optional<Product> product;  // absent when the name is of no supported product
  // Absent: not in the certificate. Fmc is in those of Turin and Venice.
  std::optional<uint8_t> bootloader, tee, snp, microcode, fmc;
  bool reserved_zero = true;          // spl4 to spl7, where present
  HwId hwid;                          // VCEK; empty when absent
  std::optional<std::string> csp_id;  // VLEK
};

// Malformed (`malformed`) when an extension is missing that every leaf has, or one is not of its type.
Result<Endorsement> ParseEndorsement(const Certificate& leaf, Check malformed);

// True for the common names that leaves have.
bool IsLeafName(std::string_view common_name);
// The leaf is of this kind in all that tells kinds apart: common name, hwID, cspID.
bool IsOfKind(const Certificate& leaf, const Endorsement& endorsement, SigningKey kind);

// The SPLs as the TCB of a product: those of its layout, zero where the certificate has none.
TcbVersion TcbOf(const Endorsement& endorsement, Product product);

// The SPLs are those of `tcb`, each of them, and the reserved ones are zero. Names the first that differs. What a
// leaf of Venice says of components that its TCB lacks does not count: which of them it has is not known.
std::optional<std::string> TcbDifference(const Endorsement& endorsement, const TcbVersion& tcb);

}  // namespace thimble::amd
