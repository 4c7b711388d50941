// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

void AddFlagRule(const HclFlag& flag, std::optional<bool> wanted, const amd::HclClaims* claims,
                 RuleList& rules) {
  if (!wanted) return;
  std::optional<bool> found;
  if (claims != nullptr) {
    const auto member = claims->vm_configuration.find(flag.name);
    if (member != claims->vm_configuration.end()) found = member->second;
  }
  rules.Add(StrCat("hcl.", flag.key), JsonBool(*wanted), found ? JsonBool(*found) : "null", found == wanted);
}

void AddTextRule(std::string_view rule, const std::vector<std::string>& wanted,
                 const std::optional<std::string>& found, RuleList& rules) {
  if (wanted.empty()) return;
  rules.Add(rule, JsonList(wanted, json::Escape), found ? json::Escape(*found) : "null",
            found && std::ranges::find(wanted, *found) != wanted.end());
}

// A PCR that no quote proves is not found, whatever a caller says of it.
void AddPcrRule(uint16_t bank, uint8_t number, const std::vector<Bytes>& wanted, const amd::HclClaims* claims,
                RuleList& rules) {
  const Bytes* found = nullptr;
  if (claims != nullptr && claims->pcrs.contains(bank) && claims->pcrs.at(bank).contains(number))
    found = &claims->pcrs.at(bank).at(number);
  rules.Add(StrCat("hcl.pcr.", tpm::PcrBankName(bank), ".", number),
            JsonList(wanted, [](const Bytes& value) { return json::Escape(HexLower(value)); }),
            found != nullptr ? json::Escape(HexLower(*found)) : "null",
            found != nullptr && std::ranges::find(wanted, *found) != wanted.end());
}

}  // namespace

void AddHclRules(const Verdict& verdict, const HclRules& hcl, RuleList& rules) {
  const amd::HclClaims* const claims = verdict.hcl.get();
  for (const HclFlag& flag : kHclFlags) AddFlagRule(flag, hcl.*flag.wanted, claims, rules);
  AddTextRule("hcl.vm_unique_id", hcl.vm_unique_id, claims != nullptr ? claims->vm_unique_id : std::nullopt,
              rules);
  std::vector<std::string> user_data;
  for (const auto& value : hcl.user_data) user_data.push_back(value.hex());
  AddTextRule("hcl.user_data", user_data, claims != nullptr ? claims->runtime_user_data : std::nullopt,
              rules);
  for (const auto& [bank, numbers] : hcl.pcr) {
    for (const auto& [number, wanted] : numbers) AddPcrRule(bank, number, wanted, claims, rules);
  }
}

}  // namespace thimble::policy
