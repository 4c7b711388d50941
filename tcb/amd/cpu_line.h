// SPDX-License-Identifier: Apache-2.0
//
// CPU lines as data (spec/amd-floors.md section 1): the parts of a product whose firmware or microcode counts apart.
// A line shares the root and the TCB layout of its product, and not its numbers: microcode 0x4f is fixed on
// Genoa-X and vulnerable on Genoa.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tcb/amd/claims.h"

namespace thimble::amd {

// CPUIDs of one family; both ends belong to it.
struct CpuRange {
  uint8_t family = 0, first_model = 0, last_model = 0, first_stepping = 0, last_stepping = 0;

  bool Contains(const CpuId& cpuid) const;
  CpuId first() const { return {family, first_model, first_stepping}; }
  // Of one model and one stepping, so that microcode numbers compare within it.
  bool exact() const { return first_model == last_model && first_stepping == last_stepping; }
};

struct CpuLine {
  std::string_view name;   // "Genoa-X": in policies and results
  std::string_view alias;  // another name for the same CPUs, or empty
  CpuRange cpus;
  std::optional<Product> product;  // whose root and TCB layout it has; absent: known, and not supported
};

// A line that lies in another comes after it.
std::span<const CpuLine> AllCpuLines();

// The lines that a CPU belongs to, widest first. Empty: a CPU of no known line, though its product may be known.
std::vector<const CpuLine*> CpuLinesOf(const CpuId& cpuid);
// The narrowest of them; null: none.
const CpuLine* CpuLineOf(const CpuId& cpuid);
// By name or alias; null: no such line. A product is not a line.
const CpuLine* CpuLineFromName(std::string_view name);

// What a name in a policy means: all CPUs of a product, or those of one line.
struct Cpus {
  Product product = Product::kMilan;
  const CpuLine* line = nullptr;  // of AllCpuLines(); null: the whole product

  Cpus(Product p, const CpuLine* l = nullptr) : product(p), line(l) {}  // NOLINT: a product is one
  static std::optional<Cpus> FromName(std::string_view name);           // of what is supported

  std::string_view name() const;
  bool Contains(const Cpus& other) const;  // lines nest: they contain each other or have nothing in common
  auto operator<=>(const Cpus&) const = default;  // for containers only
};
// What a CPU of this product goes by: the product, then its lines, the narrowest last.
std::vector<Cpus> CpusOf(Product product, const CpuId& cpuid);
// Each set of names that a CPU of the product may go by, for one that is not known: the product's alone, and
// those of each of its lines.
std::vector<std::vector<Cpus>> PossibleCpus(Product product);

}  // namespace thimble::amd
