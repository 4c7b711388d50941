// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/claims.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble::tpm {

const PcrBank* FindPcrBank(std::string_view name) {
  const auto bank = std::ranges::find(kPcrBanks, name, &PcrBank::name);
  return bank == kPcrBanks.end() ? nullptr : &*bank;
}

std::string PcrBankName(uint16_t id) {
  const auto bank = std::ranges::find(kPcrBanks, id, &PcrBank::id);
  if (bank != kPcrBanks.end()) return std::string(bank->name);
  return StrCat("0x", HexLower(std::array{static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)}));
}

std::string_view AzureVmName(AzureVm vm) {
  return vm == AzureVm::kConfidential ? "ConfidentialVM" : "TrustedVM";
}

}  // namespace thimble::tpm
