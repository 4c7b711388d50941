// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of an SGX enclave: [policy.NAME.sgx]. Each key is a field here, and the rule "sgx.<key>" in
// the outcome. A list is "any of"; what is empty or absent is not asked.
#pragma once

#include <optional>
#include <vector>

#include "tcb/intel/claims.h"
#include "tcb/policy/rule_types.h"

namespace thimble {

struct SgxRules {
  std::vector<intel::Measurement256> mrenclave;  // 64 hex digits each
  std::vector<intel::Measurement256> mrsigner;   // 64 hex digits each
  std::vector<uint16_t> isvprodid;
  std::optional<uint16_t> min_isvsvn;
  // Key Separation and Sharing; zero in enclaves that do not use it.
  std::vector<decltype(intel::SgxClaims::config_id)> configid;  // 128 hex digits each
  std::optional<uint16_t> min_configsvn;
  std::vector<decltype(intel::SgxClaims::isv_ext_prod_id)> isvextprodid;  // 32 hex digits each
  std::vector<decltype(intel::SgxClaims::isv_family_id)> isvfamilyid;     // 32 hex digits each
  // attributes, attributes_mask: 32 hex digits, flags and XFRM as in the report; without a mask, all bits.
  std::optional<BitPattern<16>> attributes;
  // miscselect, miscselect_mask: 8 hex digits, as in the report.
  std::optional<BitPattern<4>> miscselect;
};

}  // namespace thimble
