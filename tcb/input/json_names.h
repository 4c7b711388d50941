// SPDX-License-Identifier: Apache-2.0
//
// What a JSON object is, told by its members: what vendors, their caches, other verifiers and Thimble itself write.
#pragma once

#include <array>
#include <string_view>

#include "tcb/base/json.h"
#include "tcb/input/contents.h"

namespace thimble::input {

struct JsonForm {
  std::array<std::string_view, 3> members;  // all of them are there; "" is none
  std::string_view name;                    // "thim_document", for programs
  std::string_view what, advice;            // as in Contents
};
// Null: none that is known. The first form that fits counts.
const JsonForm* FindJsonForm(const json::Value& object);

Contents ContentsOfJson(const json::Value& object);
Contents ContentsOfJson(std::string_view text);  // also of text that only begins like an object

}  // namespace thimble::input
