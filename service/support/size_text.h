// SPDX-License-Identifier: Apache-2.0
//
// Sizes as people write them.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace thimble {

// "512KiB", "64MiB", "1GiB" in bytes; nullopt: anything else, one that does not fit included.
std::optional<size_t> ParseSize(std::string_view text);

}  // namespace thimble
