// SPDX-License-Identifier: Apache-2.0
//
// What happened in the cache, for logs and metrics: the cache itself does not log.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "tcb/base/result.h"

namespace thimble {

struct CacheEvent {
  enum class Kind : uint8_t {
    kHit,
    kMiss,         // not cached: an upstream has to be asked
    kStaleServed,  // past nextUpdate, and nothing newer could be had
    kRenewed,      // a newer version, or the first one, was taken
    kUnchanged,    // an upstream was asked and had nothing newer
    kRefused,      // an answer or a record that does not authenticate
    kFetchFailed,
    kRollback,        // an answer older than the cached item
    kSerialsDropped,  // a newer CRL no longer lists some serials; taken
    kIssuerChanged,   // issued under another key of the same anchor; taken
    kQuarantined,     // a record that fails its digest was put aside
    kEvicted,
    kOverBudget,   // no upstream was asked: the budget of whoever it is for is spent
    kQueueFull,    // background work was not taken: too much waits already
    kStoreFailed,  // the store could not be read or written; memory and upstreams serve on
  };
  Kind kind;
  std::string_view item;  // KeyName
  const Error* error;     // or null
  std::string_view detail;
};

// Called from any thread; must not block.
using EventSink = std::function<void(const CacheEvent&)>;

}  // namespace thimble
