// SPDX-License-Identifier: Apache-2.0
#include "service/cli/text/result_members.h"

#include "service/support/json_text.h"

namespace thimble {

std::string MemberText(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  return member && !member->IsNull() ? InlineText(*member) : "";
}

std::vector<json::Value> MemberList(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member) return {};
  auto list = member->Array();
  return list ? std::move(list).value() : std::vector<json::Value>();
}

bool IsTrue(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  const auto value = member ? member->Bool() : Result<bool>(false);
  return value && *value;
}

}  // namespace thimble
