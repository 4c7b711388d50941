// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/product.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

// Zen 4c parts live under the Genoa root: the KDS has no product of their own (SNP a).
constexpr std::array<std::string_view, 2> kGenoaAliases = {"Bergamo", "Siena"};

constexpr TcbLayout kMilanLayout = {.fmc = std::nullopt, .bootloader = 0, .tee = 1, .snp = 6, .microcode = 7};
constexpr TcbLayout kTurinLayout = {.fmc = 0, .bootloader = 1, .tee = 2, .snp = 3, .microcode = 7};

constexpr std::array<ProductTraits, 3> kProducts = {{
    {Product::kMilan, "Milan", {}, 0, 64, kMilanLayout},
    {Product::kGenoa, "Genoa", kGenoaAliases, 0, 64, kMilanLayout},
    {Product::kTurin, "Turin", {}, 1, 8, kTurinLayout},
}};

// Models first..last of a family. Without a product: known, and not supported.
struct CpuRange {
  uint8_t family, first_model, last_model;
  std::string_view name;
  std::optional<Product> product;
};

constexpr std::array<CpuRange, 7> kCpus = {{
    {0x19, 0x00, 0x0f, "Milan", Product::kMilan},
    {0x19, 0x10, 0x1f, "Genoa", Product::kGenoa},
    {0x19, 0xa0, 0xaf, "Bergamo or Siena", Product::kGenoa},
    {0x1a, 0x00, 0x1f, "Turin", Product::kTurin},
    {0x1a, 0x50, 0x57, "Venice", std::nullopt},
    {0x1a, 0x90, 0xaf, "Venice", std::nullopt},
    {0x1a, 0xc0, 0xc7, "Venice", std::nullopt},
}};

}  // namespace

const ProductTraits& TraitsOf(Product product) { return kProducts.at(static_cast<size_t>(product)); }

std::span<const ProductTraits> AllProducts() { return kProducts; }

Result<Product> ProductFromCpuId(const CpuId& cpuid) {
  const auto range = std::ranges::find_if(kCpus, [&](const CpuRange& r) {
    return r.family == cpuid.family && r.first_model <= cpuid.model && cpuid.model <= r.last_model;
  });
  if (range != kCpus.end() && range->product) return *range->product;
  const std::string_view name = range == kCpus.end() ? "unknown" : range->name;
  return Error{ErrorKind::kRejected, Check::kSnpProduct,
               StrCat("unsupported product: CPU family ", cpuid.family, ", model ", cpuid.model,
                      ", stepping ", cpuid.stepping, " (", name, "); supported are Milan, Genoa and Turin")};
}

}  // namespace thimble::amd
