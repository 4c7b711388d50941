// SPDX-License-Identifier: Apache-2.0
#include "service/support/json_text.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble {
namespace {

using json::Type;
using json::Value;

std::string NumberText(const Value& value) {
  const auto number = value.Unsigned(UINT64_MAX);
  return number ? std::to_string(*number) : "?";
}

// Empty when the value is not of that type: the caller has looked.
std::vector<Value> Elements(const Value& value) {
  auto array = value.Array();
  return array ? std::move(array).value() : std::vector<Value>();
}
std::vector<std::pair<std::string_view, Value>> Members(const Value& value) {
  auto members = value.Members();
  return members ? std::move(members).value() : std::vector<std::pair<std::string_view, Value>>();
}

bool IsListOfObjects(const Value& value) {
  const auto elements = Elements(value);
  return !elements.empty() && elements.front().type() == Type::kObject;
}

std::string Joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : pieces) out += StrCat(out.empty() ? "" : ", ", piece);
  return out;
}

}  // namespace

std::string InlineText(const Value& value) {
  std::vector<std::string> pieces;
  switch (value.type()) {
    case Type::kString:
      return std::string(value.String().value());
    case Type::kNumber:
      return NumberText(value);
    case Type::kBool:
      return value.Bool().value() ? "yes" : "no";
    case Type::kNull:
      return "none";
    case Type::kArray:
      for (const Value& element : Elements(value)) pieces.push_back(InlineText(element));
      return pieces.empty() ? "none" : Joined(pieces);
    case Type::kObject:
      for (const auto& [key, member] : Members(value)) pieces.push_back(StrCat(key, " ", InlineText(member)));
      break;
  }
  return Joined(pieces);
}

Lines IndentedText(const Value& value, size_t indent) {
  const std::string margin(indent, ' ');
  Lines out;
  for (const auto& [key, member] : Members(value)) {
    if (member.type() == Type::kObject) {
      out.Add(StrCat(margin, key, ":"));
      out.Add(IndentedText(member, indent + 2));
    } else if (IsListOfObjects(member)) {
      out.Add(StrCat(margin, key, ":"));
      for (const Value& element : Elements(member)) out.Add(StrCat(margin, "  - ", InlineText(element)));
    } else {
      out.Add(StrCat(margin, key, ": ", InlineText(member)));
    }
  }
  return out;
}

}  // namespace thimble
