// SPDX-License-Identifier: Apache-2.0
//
// What a file is and says, without judging it: quotes, reports, HCL reports, Open Enclave evidence, certificates, CRLs,
// Intel's signed JSON.
#pragma once

#include <string>

#include "tcb/base/bytes.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"

namespace thimble {

// Members of the object that is open: "kind" first. Malformed when it is none of these, or is one that cannot be
// decoded; nothing has been written then.
Status WriteInspection(json::Writer& json, ByteView bytes);

}  // namespace thimble
