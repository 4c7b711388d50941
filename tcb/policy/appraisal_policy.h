// SPDX-License-Identifier: Apache-2.0
//
// Intel's own appraisal policies, as its Quote Appraisal Library reads them and PCCS hands them out: a list of
// { "environment": { "class_id" }, "reference": { ... } }, one for a platform, a quoting enclave, an enclave or a TD.
// They load unchanged and keep their meaning; docs/POLICIES.md maps each key to a rule, and says where Thimble is the
// stricter.
#pragma once

#include <string_view>

#include "tcb/base/result.h"
#include "tcb/policy.h"

namespace thimble::intel {

// `text` is the payload, { "policy_array": [...] } or one entry of it; or a JWT with the payload as text in its claim
// "policy_payload"; or several of those with commas between, as PCCS answers. The signature of a JWT is NOT checked:
// whoever may name the file may say what it holds. The policy is for evidence of the classes that occur, and for no
// other.
//   kMalformed  policy.format: not of that form, an unknown class or key (by name), a value that is none, a rule that
//               Intel's library could never find satisfied
Result<Policy> ParseAppraisalPolicy(std::string_view text, std::string_view id);

}  // namespace thimble::intel
