// SPDX-License-Identifier: Apache-2.0
//
// The selectors of keys. Intel's evaluation data is asked for by a word or by its number (spec/intel-pccs-api.md section
// 10), and is the same item either way.
#pragma once

#include <vector>

#include "tcb/collateral_key.h"

namespace thimble {

inline constexpr Selector kStandard{Selector::Kind::kStandard, 0}, kEarly{Selector::Kind::kEarly, 0};

const Selector* SelectorOf(const CollateralKey& key);  // null: of a kind that has none
CollateralKey WithSelector(CollateralKey key, const Selector& selector);
bool IsByNumber(const CollateralKey& key);

// The keys under which the item of a key by number may be held as well. Of a key by a word there are none: nothing that
// Intel signs says which number a word means today.
std::vector<CollateralKey> OtherKeysOf(const CollateralKey& key);

}  // namespace thimble
