// SPDX-License-Identifier: Apache-2.0
//
// JSON for people.
#pragma once

#include <string>

#include "service/support/terminal.h"
#include "tcb/base/json.h"

namespace thimble {

// One value in one line: text without quotes, lists with commas, objects as "key value, key value".
std::string InlineText(const json::Value& value);
// "key: value" a line, objects and lists of objects indented below their key.
Lines IndentedText(const json::Value& value, size_t indent = 0);

}  // namespace thimble
