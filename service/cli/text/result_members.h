// SPDX-License-Identifier: Apache-2.0
//
// The members of a result, as text. A server of another version may leave some out: those are empty.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/json.h"

namespace thimble {

// In one line; empty when it is not there, or null.
std::string MemberText(const json::Value& object, std::string_view name);
std::vector<json::Value> MemberList(const json::Value& object, std::string_view name);
bool IsTrue(const json::Value& object, std::string_view name);

}  // namespace thimble
