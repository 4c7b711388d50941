// SPDX-License-Identifier: Apache-2.0
//
// The runtime data of an HCL report: JSON with the vTPM's attestation key and what the paravisor was told of the
// machine (spec/azure-thim.md section 4). Internal to tcb/amd.
#pragma once

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::amd {

// Malformed (hcl.format): not JSON, without one HCLAkPub, or with a key or "user-data" that cannot be read.
Status ReadRuntimeData(ByteView runtime_data, HclClaims& claims);

}  // namespace thimble::amd
