// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace thimble {

inline constexpr std::string_view kVersion = THIMBLE_VERSION;  // from CMake's project()

}  // namespace thimble
