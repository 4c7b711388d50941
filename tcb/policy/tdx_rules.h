// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of a TD: [policy.NAME.tdx]. Each key is a field here, and the rule "tdx.<key>" in the
// outcome. A list is "any of"; what is empty or absent is not asked. Measurements have 96 hex digits.
#pragma once

#include <optional>
#include <vector>

#include "tcb/intel/claims.h"
#include "tcb/policy/rule_types.h"

namespace thimble {

inline constexpr size_t kSeptVeDisableBit = 28;
// Bits 8 to 27, 29 and 32 to 62 of the TD's attributes (DCAP 5), byte 0 first.
inline constexpr std::array<uint8_t, 8> kReservedTdAttributes = {0x00, 0xff, 0xff, 0x2f,
                                                                 0xff, 0xff, 0xff, 0x7f};

struct TdxRules {
  std::vector<intel::Measurement384> mrtd, mrseam, rtmr0, rtmr1, rtmr2, rtmr3;
  std::vector<intel::Measurement384> mrconfigid, mrowner, mrownerconfig;
  // Of TD reports 1.5 and later; a TD 1.0 has none, and does not pass. 96 zeros: no service TD.
  std::vector<intel::Measurement384> mrservicetd;
  // td_attributes, td_attributes_mask: 16 hex digits as in the report; without a mask, all bits.
  std::optional<BitPattern<8>> td_attributes;
  // xfam, xfam_mask: 16 hex digits as in the report.
  std::optional<BitPattern<8>> xfam;
  // The TD cannot be interrupted by EPT violations that its host causes.
  bool require_sept_ve_disable = false;
  // No attribute bit is set that has no meaning yet.
  bool forbid_reserved_attributes = false;
};

}  // namespace thimble
