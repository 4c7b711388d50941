// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/cpu_line.h"

#include <algorithm>
#include <array>

#include "tcb/amd/product.h"

namespace thimble::amd {
namespace {

constexpr CpuRange Exactly(uint8_t family, uint8_t model, uint8_t stepping) {
  return {family, model, model, stepping, stepping};
}
constexpr CpuRange Models(uint8_t family, uint8_t first, uint8_t last) {
  return {family, first, last, 0x0, 0xf};
}

// Bergamo and Siena share one CPUID and cannot be told apart in a report. B0 and A1 are engineering steppings.
constexpr std::array<CpuLine, 13> kLines = {{
    {"Milan-B0", "", Exactly(0x19, 0x01, 0), Product::kMilan},
    {"Milan-B1", "", Exactly(0x19, 0x01, 1), Product::kMilan},
    {"Milan-X", "", Exactly(0x19, 0x01, 2), Product::kMilan},
    {"Genoa-B1", "", Exactly(0x19, 0x11, 1), Product::kGenoa},
    {"Genoa-X", "", Exactly(0x19, 0x11, 2), Product::kGenoa},
    {"Siena", "Bergamo", Models(0x19, 0xa0, 0xaf), Product::kGenoa},
    {"Siena-A1", "Bergamo-A1", Exactly(0x19, 0xa0, 1), Product::kGenoa},
    {"Siena-A2", "Bergamo-A2", Exactly(0x19, 0xa0, 2), Product::kGenoa},
    {"Turin-C1", "", Exactly(0x1a, 0x02, 1), Product::kTurin},
    {"Turin-Dense", "", Exactly(0x1a, 0x11, 0), Product::kTurin},
    {"Venice", "", Models(0x1a, 0x50, 0x57), Product::kVenice},
    {"Venice", "", Models(0x1a, 0x90, 0xaf), Product::kVenice},
    {"Venice", "", Models(0x1a, 0xc0, 0xc7), Product::kVenice},
}};

}  // namespace

bool CpuRange::Contains(const CpuId& cpuid) const {
  return cpuid.family == family && first_model <= cpuid.model && cpuid.model <= last_model &&
         first_stepping <= cpuid.stepping && cpuid.stepping <= last_stepping;
}

std::span<const CpuLine> AllCpuLines() { return kLines; }

std::vector<const CpuLine*> CpuLinesOf(const CpuId& cpuid) {
  std::vector<const CpuLine*> out;
  for (const CpuLine& line : kLines) {
    if (line.cpus.Contains(cpuid)) out.push_back(&line);
  }
  return out;
}

const CpuLine* CpuLineOf(const CpuId& cpuid) {
  const auto lines = CpuLinesOf(cpuid);
  return lines.empty() ? nullptr : lines.back();
}

const CpuLine* CpuLineFromName(std::string_view name) {
  const auto line = std::find_if(kLines.begin(), kLines.end(), [&](const CpuLine& l) {
    return l.name == name || (!l.alias.empty() && l.alias == name);
  });
  return line == kLines.end() ? nullptr : &*line;
}

std::optional<Cpus> Cpus::FromName(std::string_view name) {
  const auto products = AllProducts();
  const auto product =
      std::find_if(products.begin(), products.end(), [&](const auto& p) { return p.name == name; });
  if (product != products.end()) return Cpus(product->product);
  const CpuLine* const line = CpuLineFromName(name);
  if (line == nullptr || !line->product) return std::nullopt;
  return Cpus(*line->product, line);
}

std::string_view Cpus::name() const { return line != nullptr ? line->name : ProductName(product); }

bool Cpus::Contains(const Cpus& other) const {
  if (product != other.product) return false;
  return line == nullptr || (other.line != nullptr && line->cpus.Contains(other.line->cpus.first()));
}

std::vector<Cpus> CpusOf(Product product, const CpuId& cpuid) {
  std::vector<Cpus> out = {product};
  for (const CpuLine* line : CpuLinesOf(cpuid)) {
    if (line->product == product) out.emplace_back(product, line);
  }
  return out;
}

std::vector<std::vector<Cpus>> PossibleCpus(Product product) {
  std::vector<std::vector<Cpus>> out = {{product}};
  for (const CpuLine& line : kLines) {
    if (line.product == product) out.push_back(CpusOf(product, line.cpus.first()));
  }
  return out;
}

}  // namespace thimble::amd
