// SPDX-License-Identifier: Apache-2.0
//
// Where PCK certificates come from: an upstream, asked with what is known of the platform. That is what the
// registry holds, and before it holds anything, what the request at hand has brought.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "fetchers/upstreams.h"

namespace thimble {

// Thread-safe. What it refers to outlives it.
class PckSource {
 public:
  PckSource(PlatformRegistry& registry, Upstreams& upstreams) : registry_(registry), upstreams_(upstreams) {}

  // What a request says of a platform, for as long as the object lives. What is said later goes first.
  class Hint {
   public:
    Hint(PckSource* source, Registration registration);
    ~Hint();
    Hint(const Hint&) = delete;
    Hint& operator=(const Hint&) = delete;

   private:
    PckSource* const source_;
    const Registration registration_;
    std::multimap<std::string, const Registration*>::iterator place_;
  };

  // As FetchFunction, for this kind of key.
  Status Fetch(const PckCertsKey& key, SteadyTime deadline, const AcceptFunction& accept);

 private:
  Result<PckQuery> QueryFor(const intel::PlatformId& platform);

  PlatformRegistry& registry_;
  Upstreams& upstreams_;
  std::mutex mutex_;
  std::multimap<std::string, const Registration*> hints_;  // by PlatformId::name()
};

}  // namespace thimble
