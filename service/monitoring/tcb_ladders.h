// SPDX-License-Identifier: Apache-2.0
//
// The TCB levels of an FMSPC with the platforms that were seen, each on the level that it matches: by the sets of
// evaluation data that are held, one beside the other. Of what is held alone; nobody is asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/tcb_record.h"

namespace thimble {

struct TcbLadder {
  // A set of evaluation data. Keys that name the same set are one.
  struct Set {
    uint32_t number = 0;
    std::vector<Selector> selectors;
    uint64_t below = 0;  // sightings of platforms that match no level
  };
  // A level of any of the sets; in their order.
  struct Place {
    bool listed = false;  // by this set
    TcbStatus status{};
    std::vector<std::string> advisories;
    uint64_t sightings = 0, kinds = 0;  // of platforms that match it
  };
  struct Rung {
    Instant date{};
    intel::TcbComponents sgx{}, tdx{};
    intel::PceSvn pce_svn{};
    std::vector<Place> places;
  };

  IntelTee tee = IntelTee::kSgx;
  intel::Fmspc fmspc;
  std::vector<Set> sets;
  std::vector<Rung> rungs;  // the best first, as levels are matched
  uint64_t sightings = 0, kinds = 0;
};

// Of one FMSPC, or of all that have a TCB info held or were seen; those that were seen most often come first.
std::vector<TcbLadder> MakeTcbLadders(CollateralCache& cache, const std::vector<CacheStatus>& items,
                                      const std::vector<RememberedTcb>& seen, Instant now,
                                      const std::optional<intel::Fmspc>& only = {});

}  // namespace thimble
