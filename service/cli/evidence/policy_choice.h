// SPDX-License-Identifier: Apache-2.0
//
// Which policy and baseline a verification in this process goes by.
#pragma once

#include "service/cli/cli.h"
#include "service/config/config.h"
#include "service/verification/verification.h"

namespace thimble {

// --policy is a policy of the configuration where that has one of this name, and else a file; --baseline is a baseline of
// the configuration. Errors (request.invalid) name those that there are.
Status ChoosePolicy(const VerifyOptions& options, const Config& config, VerificationRequest& request);

}  // namespace thimble
