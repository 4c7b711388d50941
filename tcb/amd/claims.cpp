// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/claims.h"

#include <algorithm>

#include "tcb/amd/product.h"

namespace thimble::amd {
namespace {

struct ComponentRow {
  std::string_view name;
  TcbVersion::Spl TcbVersion::*field;
};
// In the order of TcbComponent.
constexpr std::array<ComponentRow, kTcbComponents.size()> kRows = {{{"fmc", &TcbVersion::fmc},
                                                                    {"bootloader", &TcbVersion::bootloader},
                                                                    {"tee", &TcbVersion::tee},
                                                                    {"snp", &TcbVersion::snp},
                                                                    {"microcode", &TcbVersion::microcode}}};
const ComponentRow& RowOf(TcbComponent component) { return kRows.at(static_cast<size_t>(component)); }

constexpr std::array<std::string_view, kEtcbComponents> kEtcbNames = {
    "ip_key_manager", "mp1",       "art_fmc",    "art_runtime",   "had",        "boot_driver", "preesid",
    "tmpm",           "microcode", "soc_driver", "asp_os_driver", "fhp_driver", "dpe_driver",  "arg"};

}  // namespace

std::string_view EtcbComponentName(size_t component) { return kEtcbNames.at(component); }

std::string_view ComponentName(TcbComponent component) { return RowOf(component).name; }

TcbVersion::Spl& TcbVersion::At(TcbComponent component) { return this->*RowOf(component).field; }
TcbVersion::Spl TcbVersion::At(TcbComponent component) const { return this->*RowOf(component).field; }

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
  for (const TcbComponent component : kTcbComponents) {
    const auto place = layout.PlaceOf(component);
    tcb.At(component) = place ? Spl(raw.at(*place)) : std::nullopt;
  }
  return tcb;
}

std::array<uint8_t, 8> TcbVersion::Encode() const {
  const TcbLayout& layout = TraitsOf(product).layout;
  std::array<uint8_t, 8> raw{};
  for (const TcbComponent component : kTcbComponents) {
    if (const auto place = layout.PlaceOf(component)) raw.at(*place) = At(component).value_or(0);
  }
  return raw;
}

bool Covers(const TcbVersion& platform, const TcbVersion& required) {
  return platform.product == required.product &&
         std::ranges::all_of(kTcbComponents, [&](TcbComponent component) {
           return platform.At(component).value_or(0) >= required.At(component).value_or(0);
         });
}

std::optional<ChipId> ChipOf(const SnpClaims& claims, const PlatformFacts& facts) {
  if (!claims.chip_id.zero()) return claims.chip_id;
  if (facts.hwid.empty() || facts.hwid.size() > ChipId::kSize) return std::nullopt;
  std::array<uint8_t, ChipId::kSize> bytes{};
  std::copy(facts.hwid.begin(), facts.hwid.end(), bytes.begin());
  return ChipId(bytes);
}

}  // namespace thimble::amd
