// SPDX-License-Identifier: Apache-2.0
//
// A policy from the text that CanonicalPolicy() makes of it: what an audit trail holds of policies that no configuration
// has any more.
#pragma once

#include <string_view>

#include "tcb/base/result.h"
#include "tcb/policy.h"

namespace thimble {

// With this name, and the digest of the text. Errors (kMalformed, policy.format): the text is not what CanonicalPolicy() of
// this version makes of the policy in it, to the byte, so that no rule of it is lost in reading.
Result<Policy> ReadCanonicalPolicy(std::string_view text, std::string_view id);

}  // namespace thimble
