// SPDX-License-Identifier: Apache-2.0
//
// A TCB status for SEV-SNP from a local table of minimums: AMD publishes no signed one (spec/amd-sev-snp.md
// d, "Minimum TCB and bulletins"). The table is an operator's; deploy/baselines/amd.toml is the one that
// comes with Thimble.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/modes.h"
#include "tcb/verdict.h"

namespace thimble::amd {

// Both ends belong to it.
struct ByteRange {
  uint8_t first = 0, last = 0;
  bool Contains(uint8_t value) const { return first <= value && value <= last; }
};

// What one bulletin asks of one range of CPUs. Keyed by stepping, because microcode counts per stepping:
// Genoa and Genoa-X are one model with different numbers.
struct FloorEntry {
  uint8_t family = 0;
  ByteRange models, steppings;
  std::string bulletin;  // "AMD-SB-3019"
  // Minimums of REPORTED_TCB; absent: none.
  std::optional<uint8_t> fmc, bootloader, tee, snp, microcode;
};

struct FloorTable {
  std::string name;  // with its version; `floor` in the result
  std::vector<FloorEntry> entries;
};

// Gives an authentic SNP verdict a status: UpToDate when REPORTED_TCB reaches every minimum of every entry
// for its CPU, else OutOfDate with the shortfalls and the bulletins that ask for them. When no entry is for
// its CPU there is no status: a soft finding (snp.floor_unknown), or, when the mode says so, a check not run.
// Other verdicts stay as they are.
void ApplyFloor(Verdict& verdict, const FloorTable& table, AmdFloorMode mode);

}  // namespace thimble::amd
