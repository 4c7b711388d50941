// SPDX-License-Identifier: Apache-2.0
//
// Policies in TOML: [policy.NAME], with a key for each field of Policy (tcb/policy.h) and of the structs in it; the
// whole is docs/POLICIES.md.
#pragma once

#include <string_view>

#include "service/support/toml_reader.h"
#include "tcb/base/result.h"
#include "tcb/policy.h"

namespace thimble {

// [policy.NAME]: its keys, the sections sgx, tdx, snp and restricted, and in the first three again the keys that
// hold for one TEE alone; or nothing but appraisal_policy, the path of one of Intel's files. Errors as the reader makes
// them; what contradicts is refused at its key.
Result<Policy> ReadPolicy(const toml::table& table, std::string_view name, const TomlReader& reader);

// Whether a policy file is one of Intel's, JSON or JWT, and not TOML.
bool IsAppraisalPolicy(std::string_view text);

}  // namespace thimble
