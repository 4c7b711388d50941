// SPDX-License-Identifier: Apache-2.0
#include "cache/pck_levels.h"

#include <algorithm>

#include "cache/selectors.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {

std::vector<intel::PckTcb> HeldLevels(CollateralCache& cache, const intel::Fmspc& fmspc, Instant now) {
  std::vector<intel::PckTcb> levels;
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    for (const Selector& selector : {kStandard, kEarly}) {
      const auto held = cache.Peek(TcbInfoKey{tee, fmspc, selector}, now);
      if (!held || held->item->tcb_info() == nullptr) continue;
      for (const intel::TcbLevel& level : held->item->tcb_info()->levels)
        levels.push_back({level.sgx, level.pce_svn});
    }
  }
  std::ranges::sort(levels, {}, &intel::PckTcb::HexUpper);
  const auto repeated = std::ranges::unique(levels);
  levels.erase(repeated.begin(), repeated.end());
  return levels;
}

}  // namespace thimble
