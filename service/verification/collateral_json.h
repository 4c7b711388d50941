// SPDX-License-Identifier: Apache-2.0
//
// Intel collateral in the JSON form in common use (DESIGN section 4), both ways: CRLs as hex of DER, `tcb_info` and
// `qe_identity` the signed members as text, their signatures beside them.
#pragma once

#include <string>
#include <string_view>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/intel/verify.h"

namespace thimble {

// A member that is absent, null or empty is missing, which is the verifier's to judge. Malformed
// (collateral.malformed): a member of another name or type, or text that is not what it should be.
// `object` belongs to a document that was parsed with collateral.malformed.
Result<intel::CollateralSet> ReadCollateralObject(const json::Value& object);
Result<intel::CollateralSet> ParseCollateralJson(std::string_view text);

std::string CollateralJson(const intel::VerifiedCollateral& collateral);

}  // namespace thimble
