// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>

namespace thimble {

// Columns of the terminal that stdout is; nullopt: it is none, or does not say.
std::optional<size_t> StdoutWidth();

}  // namespace thimble
