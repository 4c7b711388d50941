// SPDX-License-Identifier: Apache-2.0
//
// Intel collateral in the JSON form in common use (DESIGN section 4), written: CRLs as hex of DER, `tcb_info` and
// `qe_identity` the signed members as text, their signatures beside them. tcb/input/collateral_form.h reads it.
#pragma once

#include <string>

#include "tcb/intel/verify.h"

namespace thimble {

std::string CollateralJson(const intel::VerifiedCollateral& collateral);

}  // namespace thimble
