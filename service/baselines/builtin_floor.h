// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace thimble {

// The text of deploy/baselines/amd.toml, built in.
extern const std::string_view kBuiltinFloor;

}  // namespace thimble
