// SPDX-License-Identifier: Apache-2.0
//
// What PcsClientTool writes for PUT /platformcollateral, made from a simulated Intel: a platform by its encrypted PPID,
// its certificates, and all collateral of the standard set.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/support/sim_intel.h"

namespace thimble::test {

// The members in the order that Intel's tool and Intel's signatures have.
using Bundle = nlohmann::ordered_json;

Bundle BundleOf(const sim::SimIntel& intel, std::string_view qe_id,
                const sim::PckSpec& platform = sim::ServerPlatform());
// The same in the form of v3: its TCB info is another one.
Bundle Version3BundleOf(const sim::SimIntel& intel, std::string_view qe_id);

}  // namespace thimble::test
