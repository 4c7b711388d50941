// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace thimble {

// deploy/baselines/amd-floors.json, built in.
extern const std::string_view kBuiltinFloors;

}  // namespace thimble
