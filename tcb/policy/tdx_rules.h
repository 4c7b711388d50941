// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of a TD: [policy.NAME.tdx]. Each key is a field here, and the rule "tdx.<key>" in the
// outcome. A list is "any of"; what is empty or absent is not asked. Measurements have 96 hex digits.
#pragma once

#include <optional>
#include <vector>

#include "tcb/base/named_bits.h"
#include "tcb/intel/ids.h"
#include "tcb/policy/rule_types.h"

namespace thimble {

// TD attributes by name; the others are reserved.
inline constexpr std::array<NamedBit, 6> kTdAttributeBits = {
    {{"DEBUG", 0}, {"SEPT_VE_DISABLE", 28}, {"MIGRATABLE", 29}, {"PKS", 30}, {"KL", 31}, {"PERFMON", 63}}};

struct TdxRules {
  std::vector<intel::Measurement384> mrtd, mrseam, rtmr0, rtmr1, rtmr2, rtmr3;
  std::vector<intel::Measurement384> mrconfigid, mrowner, mrownerconfig;
  // Of TD reports 1.5 and later; a TD 1.0 has none, and does not pass. 96 zeros: no service TD.
  std::vector<intel::Measurement384> mrservicetd;
  // td_attributes, td_attributes_mask: 16 hex digits as in the report; without a mask, all bits.
  std::optional<BitPattern<8>> td_attributes;
  // xfam, xfam_mask: 16 hex digits as in the report.
  std::optional<BitPattern<8>> xfam;
  // A service TD may move the TD to another platform; attribute bits 8 to 27 and 32 to 62, which have no meaning
  // yet, may be set. A bit under td_attributes' mask needs neither: the pattern says how it has to be.
  bool allow_migratable = false, allow_reserved_attributes = false;
  // The TD cannot be interrupted by EPT violations that its host causes.
  bool require_sept_ve_disable = false;
  // No bit without a meaning is set, in TUD either, which allow_debug would let pass.
  bool forbid_reserved_attributes = false;
  // No service TD is bound; a TD 1.0 does not state it, and does not pass.
  bool forbid_service_td = false;
};

}  // namespace thimble
