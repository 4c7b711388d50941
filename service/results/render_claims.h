// SPDX-License-Identifier: Apache-2.0
//
// Claims and platform facts as JSON, for each TEE. Hex is lower case, SVNs are integers, and what the
// evidence does not have is absent, never zero or empty.
#pragma once

#include "tcb/base/json.h"
#include "tcb/verdict.h"

namespace thimble {

// Each writes one object, empty when nothing is known.
// SNP claims are named as the `facts` of the recorded cases; those of an HCL report around it belong to the
// same object.
void WriteClaims(json::Writer& json, const Verdict& verdict);
void WritePlatform(json::Writer& json, const Verdict& verdict);

}  // namespace thimble
