// SPDX-License-Identifier: Apache-2.0
//
// Texts that say what checks and rules mean, each as it stands at its one place: its comments, and its tables, are what
// `thimble explain` and docs/CHECKS.md say.
#pragma once

#include <string_view>

namespace thimble {

std::string_view CheckIndexText();   // tcb/check.h
std::string_view PolicyRulesText();  // docs/POLICIES.md

}  // namespace thimble
