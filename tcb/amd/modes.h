// SPDX-License-Identifier: Apache-2.0
//
// What a verification of AMD's evidence asks for beside what the evidence says: the caller's to choose.
#pragma once

#include <cstdint>

namespace thimble {

enum class AmdCrlMode : uint8_t { kRequire, kIfAvailable, kOff };
// What a status by floors has to rest on: a line that they know; not even that; nothing that they do not know.
enum class AmdFloorMode : uint8_t { kRequire, kIfKnown, kComplete };

}  // namespace thimble
