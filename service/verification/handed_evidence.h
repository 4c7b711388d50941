// SPDX-License-Identifier: Apache-2.0
//
// Evidence as it was handed over, put into a request.
#pragma once

#include "service/verification/verification.h"
#include "tcb/input/evidence.h"

namespace thimble {

// request.invalid: what its container holds beside it, the request has already.
Status TakeEvidence(input::Evidence evidence, VerificationRequest& request);

}  // namespace thimble
