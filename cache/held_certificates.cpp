// SPDX-License-Identifier: Apache-2.0
#include "cache/held_certificates.h"

#include "tcb/intel/pck_set.h"

namespace thimble {

bool IsOf(const CacheAnswer& certificates, const Platform& platform) {
  const intel::PckSet* const set = certificates.item->pck_set();
  return set != nullptr && platform.bound && set->ppid == *platform.bound;
}

std::optional<CacheAnswer> HeldCertificatesOf(CollateralCache& cache, const Platform& platform, Instant now) {
  if (!platform.bound) return std::nullopt;
  auto held = cache.Peek(PckCertsKey{platform.id}, now);
  if (held && !IsOf(*held, platform)) return std::nullopt;
  return held;
}

}  // namespace thimble
