// SPDX-License-Identifier: Apache-2.0
//
// What a verification of AMD's evidence asks for beside what the evidence says: the caller's to choose.
#pragma once

#include <cstdint>

namespace thimble {

enum class AmdCrlMode : uint8_t { kRequire, kIfAvailable, kOff };
enum class AmdFloorMode : uint8_t { kRequire, kIfKnown };

}  // namespace thimble
