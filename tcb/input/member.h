// SPDX-License-Identifier: Apache-2.0
//
// Bytes in a member of JSON: text in a form of text_form.h, or a list of numbers.
#pragma once

#include <string_view>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/text_form.h"

namespace thimble::input {

// The reading that fits, or where none does the first, for its reader to say what is wrong with it. Malformed with
// `check`, and naming the member: it is no such text, or two of its readings fit.
Result<Reading> ReadMember(const json::Value& value, std::string_view name, Check check, const Fits& fits);

}  // namespace thimble::input
