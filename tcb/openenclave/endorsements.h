// SPDX-License-Identifier: Apache-2.0
//
// oe_endorsements: a quote's collateral in one buffer (spec/open-enclave.md section 2). Its items are hints as those of any
// caller: each is authenticated, and judged at the verifier's time. The time of their creation that is in the buffer is
// signed by nobody, and not read.
#pragma once

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/intel/verify.h"

namespace thimble::openenclave {

bool LooksLikeEndorsements(ByteView bytes);

// With or without the 32 bytes of a header for SGX ECDSA evidence. Malformed: oe.endorsements.
Result<intel::CollateralSet> ParseEndorsements(ByteView bytes);

}  // namespace thimble::openenclave
