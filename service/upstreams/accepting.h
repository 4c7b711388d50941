// SPDX-License-Identifier: Apache-2.0
//
// How the cache judges what upstreams answer: its words in those of the fetchers, which know nothing of each other.
#pragma once

#include "cache/collateral_cache.h"
#include "fetchers/upstreams.h"

namespace thimble {

// Refers to `accept`.
inline Upstreams::Accept Accepting(const AcceptFunction& accept) {
  return [&accept](const Fetched& fetched) -> Result<Upstreams::Then> {
    TRY_ASSIGN(const AfterAnswer after, accept({fetched.bytes, fetched.source, fetched.upstream}));
    return after == AfterAnswer::kAskNext ? Upstreams::Then::kAskNext : Upstreams::Then::kStop;
  };
}

}  // namespace thimble
