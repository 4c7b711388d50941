// SPDX-License-Identifier: Apache-2.0
//
// Intel collateral in JSON, in the forms in use: members named as in the structure of Intel's QVL. dcap-qvl's has CRLs and
// signatures in hex or as lists of bytes, and `tcb_info` and `qe_identity` the signed members alone, their signatures
// beside them; QCNL's has the whole signed JSON there, and CRLs as Intel's services give them out; others have CRLs in
// base64 or PEM.
#pragma once

#include <string_view>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/intel/verify.h"

namespace thimble::input {

// An item that is absent, null or empty is missing, which is the verifier's to judge. Malformed (collateral.malformed),
// and the error names the member: one of another name or type, text that is not what it should be, a signed member without
// its signature.
// `object` belongs to a document that was parsed with collateral.malformed.
Result<intel::CollateralSet> ReadCollateralObject(const json::Value& object);
// Also in a text form.
Result<intel::CollateralSet> ParseCollateralJson(ByteView input);

}  // namespace thimble::input
