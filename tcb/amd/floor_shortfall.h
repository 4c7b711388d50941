// SPDX-License-Identifier: Apache-2.0
//
// One requirement of a floor document against one report, and what cures it. Internal to tcb/amd.
#pragma once

#include <optional>

#include "tcb/amd/floor_document.h"
#include "tcb/verdict.h"

namespace thimble::amd {

enum class Standing : uint8_t {
  kMet,
  kUnproven,     // this version of the report has nothing that shows it
  kBitClear,     // of PLATFORM_INFO or of the mitigations in force
  kLaunchShort,  // nowhere else
  kShort,
};
Standing StandingOf(const FloorRequirement& requirement, const SnpClaims& claims);

// Of a requirement that is neither met nor unproven. `cell` is the one it belongs to.
Shortfall DescribeShortfall(const FloorRequirement& requirement, const SnpClaims& claims,
                            const FloorLine& line, const FloorCell& cell);

std::string BitsText(uint64_t mask);  // "bits 1, 2"

}  // namespace thimble::amd
