// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/tpm_rules.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

constexpr uint16_t kMaxPcr = tpm::kPcrCount;

// A PCR that no quote proves is not found, whatever a caller says of it.
const Bytes* Proven(const Verdict& verdict, uint16_t bank, uint16_t number) {
  if (verdict.tpm == nullptr) return nullptr;
  const auto values = verdict.tpm->pcrs.find(bank);
  if (values == verdict.tpm->pcrs.end()) return nullptr;
  const auto value =
      number < kMaxPcr ? values->second.find(static_cast<uint8_t>(number)) : values->second.end();
  return value == values->second.end() ? nullptr : &value->second;
}

void AddRequired(const Verdict& verdict, uint16_t bank, const std::set<uint16_t>& numbers, RuleList& rules) {
  std::vector<uint16_t> found;
  for (const uint16_t number : numbers) {
    if (Proven(verdict, bank, number) != nullptr) found.push_back(number);
  }
  const auto text = [](uint16_t number) { return std::to_string(number); };
  rules.Add(StrCat("tpm.required_pcrs.", tpm::PcrBankName(bank)), JsonList(numbers, text),
            JsonList(found, text), found.size() == numbers.size());
}

void AddValue(const Verdict& verdict, uint16_t bank, uint8_t number, const std::vector<Bytes>& wanted,
              RuleList& rules) {
  const Bytes* const found = Proven(verdict, bank, number);
  rules.Add(StrCat("tpm.pcr.", tpm::PcrBankName(bank), ".", number),
            JsonList(wanted, [](const Bytes& value) { return json::Escape(HexLower(value)); }),
            found != nullptr ? json::Escape(HexLower(*found)) : "null",
            found != nullptr && std::ranges::find(wanted, *found) != wanted.end());
}

}  // namespace

void AddTpmRules(const Verdict& verdict, const TpmRules& asked, RuleList& rules) {
  const bool certified = verdict.tpm != nullptr && verdict.tpm->certificate.has_value();
  rules.Permission("tpm.allow_uncertified_ak", asked.allow_uncertified_ak, !certified);
  for (const auto& [bank, numbers] : asked.required_pcrs) AddRequired(verdict, bank, numbers, rules);
  for (const auto& [bank, numbers] : asked.pcr) {
    for (const auto& [number, wanted] : numbers) AddValue(verdict, bank, number, wanted, rules);
  }
}

}  // namespace thimble::policy
