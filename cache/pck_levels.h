// SPDX-License-Identifier: Apache-2.0
//
// The TCB levels that Intel has listed for an FMSPC: when one comes up, there are PCK certificates for it (TCB recovery).
#pragma once

#include <vector>

#include "cache/collateral_cache.h"
#include "tcb/intel/pck_tcb.h"

namespace thimble {

// Those of the standard and early TCB infos that are held, in order, each once.
std::vector<intel::PckTcb> HeldLevels(CollateralCache& cache, const intel::Fmspc& fmspc, Instant now);

}  // namespace thimble
