// SPDX-License-Identifier: Apache-2.0
//
// Members of our own answers as text, where a page shows whatever is there.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/support/json_text.h"
#include "tcb/base/json.h"

namespace thimble::page {

// In one line; empty when it is not there, or null.
inline std::string TextOf(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  return member && !member->IsNull() ? InlineText(*member) : std::string();
}

inline std::vector<json::Value> ListOf(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member) return {};
  auto list = member->Array();
  return list ? std::move(list).value() : std::vector<json::Value>();
}

}  // namespace thimble::page
