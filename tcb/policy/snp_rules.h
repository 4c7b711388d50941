// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of an SEV-SNP guest and its platform: [policy.NAME.snp] (spec/amd-sev-snp.md d, 9 to 18).
// Each key is a field here, and the rule "snp.<key>" in the outcome. A list is "any of"; what is empty or absent
// is not asked.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/amd/cpu_line.h"

namespace thimble {

// Minimums of a TCB_VERSION, component by component; what is absent has none.
struct TcbMinimum {
  std::optional<uint8_t> fmc, bootloader, tee, snp, microcode;

  std::optional<uint8_t>& At(amd::TcbComponent component);
  std::optional<uint8_t> At(amd::TcbComponent component) const;
};
// By product or line, because their numbers do not compare. A line's components take the place of its product's.
// A CPU for which none is named has no minimum that could be reached: it does not pass. A report that does not name
// its CPU (version 2) has to reach every minimum that could be its own.
using TcbMinimums = std::map<amd::Cpus, TcbMinimum>;

struct AbiVersion {
  uint8_t major = 0, minor = 0;
  auto operator<=>(const AbiVersion&) const = default;
};

struct SnpRules {
  // "Milan", "Genoa", "Turin", or a line of one: "Siena". A version 2 report is of no line that is known.
  std::vector<amd::Cpus> products;
  // Reference values, in hex.
  std::vector<decltype(amd::SnpClaims::measurement)> measurement;  // 96 digits
  std::vector<decltype(amd::SnpClaims::host_data)> host_data;      // 64 digits
  std::vector<decltype(amd::SnpClaims::family_id)> family_id;      // 32 digits
  std::vector<decltype(amd::SnpClaims::image_id)> image_id;        // 32 digits
  std::optional<uint32_t> min_guest_svn;
  // Digests of the keys that signed the ID block; an author key digest counts only with AUTHOR_KEY_EN.
  std::vector<decltype(amd::SnpClaims::id_key_digest)> id_key_digest;          // 96 digits
  std::vector<decltype(amd::SnpClaims::author_key_digest)> author_key_digest;  // 96 digits
  std::vector<uint32_t> vmpl;                                                  // 0 to 3
  // Names from amd::kGuestPolicyBits and amd::kPlatformInfoBits.
  uint64_t policy_required = 0, policy_forbidden = 0;
  uint64_t platform_info_required = 0, platform_info_forbidden = 0;
  std::optional<AbiVersion> min_abi;  // "1.51": POLICY's ABI_MAJOR and ABI_MINOR
  // min_reported_tcb.Genoa = { bootloader = 9, tee = 0, snp = 23, microcode = 84 }
  TcbMinimums min_reported_tcb, min_committed_tcb, min_current_tcb, min_launch_tcb;
  std::optional<amd::FirmwareVersion> min_current_version, min_committed_version;  // "1.55.37"
  // Bit numbers of the mitigation vectors that must be set; reports before version 5 have none.
  uint64_t current_mitigations = 0, launch_mitigations = 0;
  // A VCEK's report whose CHIP_ID the host masks: which chip it is, its certificate says alone.
  bool allow_masked_chip_id = false;
  // The platforms: a VCEK's report by its CHIP_ID, or where that is masked its certificate's hwID; a VLEK's by
  // the provider its certificate names. Where only
  // one of the lists is given, reports under the other kind of key do not pass.
  std::vector<amd::ChipId> chip_id;  // 128 hex digits, or 16 (Turin)
  std::vector<std::string> csp_id;   // "CN=cc-us-east-2.amazonaws.com"
};

}  // namespace thimble
