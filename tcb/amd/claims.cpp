// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/claims.h"

#include <algorithm>

#include "tcb/amd/product.h"
#include "tcb/base/text.h"

namespace thimble::amd {

std::string_view ProductName(Product product) { return TraitsOf(product).name; }

std::optional<Product> ProductFromName(std::string_view name) {
  for (const ProductTraits& traits : AllProducts()) {
    if (traits.name == name || std::ranges::find(traits.aliases, name) != traits.aliases.end()) {
      return traits.product;
    }
  }
  return std::nullopt;
}

std::string_view SigningKeyName(SigningKey kind) { return kind == SigningKey::kVcek ? "vcek" : "vlek"; }

TcbVersion TcbVersion::Decode(Product product, const std::array<uint8_t, 8>& raw) {
  const TcbLayout& layout = TraitsOf(product).layout;
  TcbVersion tcb;
  tcb.product = product;
  tcb.bootloader = raw.at(layout.bootloader);
  tcb.tee = raw.at(layout.tee);
  tcb.snp = raw.at(layout.snp);
  tcb.microcode = raw.at(layout.microcode);
  if (layout.fmc) tcb.fmc = raw.at(*layout.fmc);
  return tcb;
}

std::array<uint8_t, 8> TcbVersion::Encode() const {
  const TcbLayout& layout = TraitsOf(product).layout;
  std::array<uint8_t, 8> raw{};
  raw.at(layout.bootloader) = bootloader;
  raw.at(layout.tee) = tee;
  raw.at(layout.snp) = snp;
  raw.at(layout.microcode) = microcode;
  if (layout.fmc) raw.at(*layout.fmc) = fmc.value_or(0);
  return raw;
}

bool Covers(const TcbVersion& platform, const TcbVersion& required) {
  return platform.product == required.product && platform.bootloader >= required.bootloader &&
         platform.tee >= required.tee && platform.snp >= required.snp &&
         platform.microcode >= required.microcode && platform.fmc.value_or(0) >= required.fmc.value_or(0);
}

const PcrBank* FindPcrBank(std::string_view name) {
  const auto bank = std::ranges::find(kPcrBanks, name, &PcrBank::name);
  return bank == kPcrBanks.end() ? nullptr : &*bank;
}

std::string PcrBankName(uint16_t id) {
  const auto bank = std::ranges::find(kPcrBanks, id, &PcrBank::id);
  if (bank != kPcrBanks.end()) return std::string(bank->name);
  return StrCat("0x", HexLower(std::array{static_cast<uint8_t>(id >> 8), static_cast<uint8_t>(id)}));
}

std::optional<ChipId> ChipOf(const SnpClaims& claims, const PlatformFacts& facts) {
  if (!claims.chip_id.zero()) return claims.chip_id;
  if (facts.hwid.empty() || facts.hwid.size() > ChipId::kSize) return std::nullopt;
  std::array<uint8_t, ChipId::kSize> bytes{};
  std::copy(facts.hwid.begin(), facts.hwid.end(), bytes.begin());
  return ChipId(bytes);
}

}  // namespace thimble::amd
