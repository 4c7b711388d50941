// SPDX-License-Identifier: Apache-2.0
//
// What this binary was made of.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace thimble {

std::string_view BuiltCommit();  // empty: not known
// Name and version of each library, as found when it was built.
std::vector<std::pair<std::string_view, std::string_view>> BuiltWith();

}  // namespace thimble
