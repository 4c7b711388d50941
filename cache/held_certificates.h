// SPDX-License-Identifier: Apache-2.0
//
// The PCK certificates that are held for a registered platform, and are its own.
#pragma once

#include <optional>

#include "cache/collateral_cache.h"
#include "cache/platform.h"

namespace thimble {

// A set of another PPID than the one that the platform is bound to counts as not held: a registration and its certificates
// are two records, and a store that was put back from a back-up, or an answer that came late, may part them.
std::optional<CacheAnswer> HeldCertificatesOf(CollateralCache& cache, const Platform& platform, Instant now);
bool IsOf(const CacheAnswer& certificates, const Platform& platform);

}  // namespace thimble
