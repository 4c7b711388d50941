// SPDX-License-Identifier: Apache-2.0
//
// CPU lines as data (spec/amd-floors.md 1): the parts of a product whose firmware or microcode counts apart.
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

}  // namespace thimble::amd
