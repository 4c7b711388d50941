// SPDX-License-Identifier: Apache-2.0
//
// An SNP report that was taken to pieces: the fields of its structure as members, as virtee's library writes it and trustee
// passes it on. The bytes are put together again (SNP c). Bits that the structure has no field for are zero; where they
// were not, the signature does not hold.
#pragma once

#include "tcb/base/json.h"
#include "tcb/base/result.h"

namespace thimble::input {

// evidence.format: a field is not there, or is of another length; the message names it.
Result<Bytes> ReportFromFields(const json::Value& object);

}  // namespace thimble::input
