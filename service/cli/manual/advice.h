// SPDX-License-Identifier: Apache-2.0
//
// What to do when a check fails.
#pragma once

#include <string_view>

namespace thimble {

// By the name of the check; empty when nothing is known of it.
std::string_view AdviceOn(std::string_view check);

}  // namespace thimble
