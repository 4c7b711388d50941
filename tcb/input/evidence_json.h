// SPDX-License-Identifier: Apache-2.0
//
// Containers of evidence in JSON, told by their members; see evidence.h. Internal to tcb/input.
#pragma once

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/evidence.h"

namespace thimble::input {

// Errors as of DecodeEvidence.
Result<Evidence> ReadEvidenceJson(const json::Value& object);

// The bytes as they are, or without the driver's header; `decoded` is their name, and says so. evidence.format.
Result<Evidence> PlainEvidence(Bytes bytes);

}  // namespace thimble::input
