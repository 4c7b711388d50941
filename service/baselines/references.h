// SPDX-License-Identifier: Apache-2.0
//
// What platforms are judged by under a baseline, gathered from wherever it is to be had.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cache/collateral_cache.h"
#include "tcb/impact.h"

namespace thimble {

// What one side was judged by.
struct UsedReference {
  std::string item;  // KeyName
  uint32_t evaluation = 0;
};

struct References {
  struct Found {
    CollateralKey key;  // that was asked for
    ItemPtr item;
  };
  ReferenceSet set;
  std::vector<Found> items;  // keeps alive what the set points to
  std::vector<UsedReference> used;
  bool floors_read = false;  // whether `set.floors` was looked up: null may also mean that there is none
};

// Null when it is not to be had: a platform that lacks it is not judged.
using LookUp = std::function<ItemPtr(const CollateralKey& key)>;

// The TCB infos that these platforms are judged by.
using IntelKinds = std::set<std::pair<IntelTee, intel::Fmspc>>;
IntelKinds KindsOf(const std::vector<RememberedTcb>& platforms);

EnclaveId QuotingEnclaveOf(IntelTee tee);
// TCB infos, and the identities of the quoting enclaves, of the sets that are selected.
void GatherIntel(const IntelKinds& kinds, const std::map<IntelTee, Selector>& selectors,
                 const LookUp& look_up, References& out);
// The issue dates of the CRLs that are held.
void GatherCrls(const std::vector<RememberedTcb>& platforms, CollateralCache& cache, Instant now,
                ReferenceSet& out);

Tee TeeOf(const TcbRecord& tcb);

}  // namespace thimble
