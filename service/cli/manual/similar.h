// SPDX-License-Identifier: Apache-2.0
//
// Which words may have been meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace thimble {

// How many letters have to be changed, put in, left out or swapped with their neighbour (optimal string alignment).
size_t Distance(std::string_view a, std::string_view b);

// The nearest of `known`, up to three; none that differ by more than a third of their letters.
std::vector<std::string> Similar(std::string_view word, const std::vector<std::string>& known);

}  // namespace thimble
