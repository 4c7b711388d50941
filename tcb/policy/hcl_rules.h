// SPDX-License-Identifier: Apache-2.0
//
// What a policy asks of an Azure guest, whose launch measurement covers the paravisor alone: [policy.NAME.hcl]
// (spec/azure-thim.md section 4, spec/vbs-and-tpm.md). Each key is a field here, and the rule "hcl.<key>" in the outcome.
// What is empty or absent is not asked.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble {

struct HclRules {
  // Of the runtime data's "vm-configuration".
  std::optional<bool> secure_boot, console_enabled, interactive_console_enabled, tpm_enabled, tpm_persisted,
      filtered_vpci_devices_allowed;
  std::vector<std::string> vm_unique_id;  // any of them
  // The 64 bytes that the guest had put into its report, any of them: 128 hex digits.
  std::vector<FixedBytes<struct HclUserDataTag, 64>> user_data;
  // Of each PCR any of these values, by bank and number: pcr.sha256.7 = ["..."]. Not of SHA-1, which proves nothing.
  std::map<uint16_t, std::map<uint8_t, std::vector<Bytes>>> pcr;
};

// The flags: key of the policy, name in the runtime data.
struct HclFlag {
  std::string_view key, name;
  std::optional<bool> HclRules::*wanted;
};
inline constexpr std::array<HclFlag, 6> kHclFlags = {
    {{"secure_boot", "secure-boot", &HclRules::secure_boot},
     {"console_enabled", "console-enabled", &HclRules::console_enabled},
     {"interactive_console_enabled", "interactive-console-enabled", &HclRules::interactive_console_enabled},
     {"tpm_enabled", "tpm-enabled", &HclRules::tpm_enabled},
     {"tpm_persisted", "tpm-persisted", &HclRules::tpm_persisted},
     {"filtered_vpci_devices_allowed", "filtered-vpci-devices-allowed",
      &HclRules::filtered_vpci_devices_allowed}}};

}  // namespace thimble
