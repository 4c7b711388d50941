// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace thimble {

enum class Vendor : uint8_t { kIntel, kAmd };

}  // namespace thimble
