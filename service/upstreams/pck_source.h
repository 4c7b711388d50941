// SPDX-License-Identifier: Apache-2.0
//
// Where PCK certificates come from: an upstream, asked with what is known of the platform. Of a registered platform that
// is what the registry holds; what a look-up has fetched is asked for with the proof that it brings. What comes for a
// registered platform has to be of the PPID that it is bound to.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "fetchers/upstreams.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Thread-safe. What it refers to outlives it.
class PckSource {
 public:
  PckSource(PlatformRegistry& registry, Upstreams& upstreams, const TrustAnchors& anchors)
      : registry_(registry), upstreams_(upstreams), anchors_(anchors) {}

  // What a request says of a platform, for as long as the object lives; for a registered one what the registry says
  // goes first.
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

  // As FetchFunction, for this kind of key. Errors, besides those: pck.platform_mismatch, and pck.not_registered for a
  // platform that is not bound yet.
  Status Fetch(const PckCertsKey& key, SteadyTime deadline, const AcceptFunction& accept);

 private:
  PckQuery QueryFor(const intel::PlatformId& platform, const std::optional<Platform>& known);
  Status CheckOwner(const intel::PlatformId& platform, const CollateralBytes& bytes) const;

  PlatformRegistry& registry_;
  Upstreams& upstreams_;
  const TrustAnchors& anchors_;
  std::mutex mutex_;
  std::multimap<std::string, const Registration*> hints_;  // by PlatformId::name()
};

}  // namespace thimble
