// SPDX-License-Identifier: Apache-2.0
//
// What changed between two versions of an item, in words: "level ... added", "advisories added: ...", "serial ...
// added".
#pragma once

#include <string>
#include <vector>

#include "tcb/collateral_item.h"

namespace thimble {

// Both are of one key. A version that only extends the validity has no changes.
std::vector<std::string> DescribeChanges(const CollateralItem& before, const CollateralItem& after);

}  // namespace thimble
