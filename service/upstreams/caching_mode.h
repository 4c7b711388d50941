// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace thimble {

// When requests may make Thimble ask an upstream (spec/intel-pccs-api.md section 5).
enum class CachingMode : uint8_t {
  kLazy,     // whenever an item is not cached
  kRequest,  // only registrations, refreshes and verifications
  kOffline,  // never; everything is brought by uploads and imports
};

}  // namespace thimble
