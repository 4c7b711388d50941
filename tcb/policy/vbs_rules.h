// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of a VBS enclave's report: [policy.NAME.vbs] (spec/vbs-and-tpm.md section 1.3). Each key is a field
// here, and the rule "vbs.<key>" in the outcome. What is empty or absent is not asked.
#pragma once

#include <optional>
#include <vector>

#include "tcb/vbs/claims.h"

namespace thimble {

struct VbsRules {
  std::vector<vbs::Id32> owner_id, author_id, unique_id;
  std::vector<vbs::Id16> family_id, image_id;
  std::optional<uint32_t> min_enclave_svn, min_secure_kernel_svn, min_platform_svn;
};

}  // namespace thimble
