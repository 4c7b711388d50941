// SPDX-License-Identifier: Apache-2.0
//
// What a policy says, whole, as one text and as one digest: how a relying party tells the policy that it wants from
// another one.
#pragma once

#include <string>

#include "tcb/policy.h"

namespace thimble {

// Of the text below. One that means something else by the same values has another number.
inline constexpr int kPolicyFormat = 1;

// Every value in force, defaults included, as JSON without white space: {"format":1,"evidence":[],...}, a member for
// each field of Policy in its order, but for its name and its digest. A list or set is sorted and without repetitions,
// as its order means nothing; what is not asked is null. Where rules for one class of evidence differ from the others',
// they stand in "overrides".
std::string CanonicalPolicy(const Policy& policy);
// SHA-256 of that: Policy::sha256, to be set by whoever makes a policy, once all else is.
Digest256 PolicyDigest(const Policy& policy);

}  // namespace thimble
