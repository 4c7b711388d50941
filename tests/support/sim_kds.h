// SPDX-License-Identifier: Apache-2.0
//
// The answers of AMD's KDS v1 (spec/amd-sev-snp.md a), without the HTTP library, as sim_pcs.h is for Intel's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/sim_amd.h"
#include "tests/support/sim_pcs.h"
#include "tests/support/vendor_mode.h"

namespace thimble::sim {

// It knows the chips of SnpPlatform::Of(), each at any TCB, and what was recorded.
struct SimKds {
  std::optional<SimAmd> amd = {};
  std::map<std::string, Bytes> recorded = {};  // by KeyName; goes first
};

// nullopt: not a path of AMD's.
std::optional<VendorReply> AnswerKds(const SimKds& kds, std::string_view target, Twist twist);

}  // namespace thimble::sim
