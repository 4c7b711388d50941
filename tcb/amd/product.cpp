// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/product.h"

#include <algorithm>
#include <array>

#include "tcb/amd/cpu_line.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

// Zen 4c parts live under the Genoa root: the KDS has no product of their own (SNP a).
constexpr std::array<std::string_view, 2> kGenoaAliases = {"Bergamo", "Siena"};

constexpr TcbLayout kMilanLayout = {.fmc = std::nullopt, .bootloader = 0, .tee = 1, .snp = 6, .microcode = 7};
constexpr TcbLayout kTurinLayout = {.fmc = 0, .bootloader = 1, .tee = 2, .snp = 3, .microcode = 7};
// Read with Turin's layout a TCB of Venice would give wrong numbers and no error (SNP c, "Report version 6").
constexpr TcbLayout kVeniceLayout = {
    .fmc = 0, .bootloader = std::nullopt, .tee = 1, .snp = 2, .microcode = std::nullopt};

constexpr std::array<ProductTraits, 4> kProducts = {{
    {Product::kMilan, "Milan", {}, 0, 64, kMilanLayout},
    {Product::kGenoa, "Genoa", kGenoaAliases, 0, 64, kMilanLayout},
    {Product::kTurin, "Turin", {}, 1, 8, kTurinLayout},
    {Product::kVenice, "Venice", {}, std::nullopt, 8, kVeniceLayout},
}};

// All CPUs of a product, its known lines and those that may still come. Zen 4c is a line of its own.
struct ProductCpus {
  CpuRange cpus;
  Product product;
};
constexpr std::array<ProductCpus, 3> kCpus = {{
    {{0x19, 0x00, 0x0f, 0x0, 0xf}, Product::kMilan},
    {{0x19, 0x10, 0x1f, 0x0, 0xf}, Product::kGenoa},
    {{0x1a, 0x00, 0x1f, 0x0, 0xf}, Product::kTurin},
}};

}  // namespace

std::optional<size_t> TcbLayout::PlaceOf(TcbComponent component) const {
  switch (component) {
    case TcbComponent::kFmc:
      return fmc;
    case TcbComponent::kBootloader:
      return bootloader;
    case TcbComponent::kTee:
      return tee;
    case TcbComponent::kSnp:
      return snp;
    case TcbComponent::kMicrocode:
      break;
  }
  return microcode;
}

const ProductTraits& TraitsOf(Product product) { return kProducts.at(static_cast<size_t>(product)); }

std::span<const ProductTraits> AllProducts() { return kProducts; }

Result<Product> ProductFromCpuId(const CpuId& cpuid) {
  const auto row = std::ranges::find_if(kCpus, [&](const ProductCpus& r) { return r.cpus.Contains(cpuid); });
  if (row != kCpus.end()) return row->product;
  const CpuLine* const line = CpuLineOf(cpuid);
  if (line != nullptr && line->product) return *line->product;
  return Error{ErrorKind::kRejected, Check::kSnpProduct,
               StrCat("unsupported product: CPU family ", cpuid.family, ", model ", cpuid.model,
                      ", stepping ", cpuid.stepping, " (", line == nullptr ? "unknown" : line->name,
                      "); supported are Milan, Genoa, Turin and Venice")};
}

}  // namespace thimble::amd
