// SPDX-License-Identifier: Apache-2.0
//
// oe_endorsements where a caller may bring collateral: a member of a request's `collateral`, or a file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/intel/verify.h"

namespace thimble {

// {"oe_endorsements": base64}, and no other member. Malformed: collateral.malformed; oe.endorsements of the buffer.
inline constexpr std::string_view kOeEndorsements = "oe_endorsements";
Result<intel::CollateralSet> ReadOeEndorsements(const json::Value& collateral);

// The file, or endorsements.bin in the directory; nullopt: there are none. Malformed: request.invalid where it cannot be
// read; oe.endorsements of what is in it.
Result<std::optional<intel::CollateralSet>> ReadOeEndorsementsFile(const std::string& path);

}  // namespace thimble
