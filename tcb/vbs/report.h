// SPDX-License-Identifier: Apache-2.0
//
// The report package of a VBS enclave, as EnclaveGetAttestationReport returns it (spec/vbs-and-tpm.md section 1.1).
#pragma once

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/vbs/claims.h"

namespace thimble::vbs {

inline constexpr uint32_t kRsaPssSha256 = 1;  // the only scheme that is known

// The views are valid as long as the package.
struct Report {
  uint32_t scheme = 0;
  ByteView statement;  // exactly what is signed
  ByteView signature;
  Claims claims;
};

// By the header alone: whether it holds is another question.
bool LooksLikeReport(ByteView bytes);

// Malformed (vbs.format): sizes that do not add up, another version, blocks that do not fit.
Result<Report> ParseReport(ByteView package);

}  // namespace thimble::vbs
