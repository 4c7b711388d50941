// SPDX-License-Identifier: Apache-2.0
//
// Our JSON against another reader of the same bytes: what ours accepts, the other accepts, with the same content.
#include <nlohmann/json.hpp>

#include "tcb/base/json.h"
#include "tcb/check.h"
#include "tcb/intel/signed_json.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using Other = nlohmann::ordered_json;

static void Compare(const json::Value& ours, const Other& other);

static void CompareMembers(const json::Value& ours, const Other& other) {
  const auto members = ours.Members();
  Holds(members.ok() && other.is_object() && members->size() == other.size(), "the same members, each once");
  auto theirs = other.begin();
  for (const auto& [key, value] : *members) {
    Holds(key == theirs.key(), "the same keys in the same order");
    Compare(value, theirs.value());
    ++theirs;
  }
}

static void CompareArray(const json::Value& ours, const Other& other) {
  const auto elements = ours.Array();
  Holds(elements.ok() && other.is_array() && elements->size() == other.size(), "arrays of one length");
  for (size_t i = 0; i < elements->size(); ++i) Compare((*elements)[i], other[i]);
}

static void Compare(const json::Value& ours, const Other& other) {
  switch (ours.type()) {
    case json::Type::kObject:
      return CompareMembers(ours, other);
    case json::Type::kArray:
      return CompareArray(ours, other);
    case json::Type::kString:
      return Holds(other.is_string() && *ours.String() == other.get_ref<const std::string&>(),
                   "the same string");
    case json::Type::kBool:
      return Holds(other.is_boolean() && *ours.Bool() == other.get<bool>(), "the same truth value");
    case json::Type::kNull:
      return Holds(other.is_null(), "null");
    case json::Type::kNumber: {
      const auto number = ours.Unsigned(UINT64_MAX);
      if (number.ok()) Holds(other.is_number() && *number == other.get<uint64_t>(), "the same number");
      return Holds(other.is_number(), "a number");
    }
  }
}

static void ReadDocument(std::string_view text) {
  const auto document =
      json::Document::Parse(text, "fuzz", ErrorKind::kMalformed, Check::kCollateralMalformed);
  if (!document.ok()) return;
  const auto other = Other::parse(text, nullptr, false);
  Holds(!other.is_discarded(), "what our reader accepts, another accepts");
  Compare((*document)->root(), other);
  std::string written;
  json::Writer(&written).String(text);
  Holds(Other::parse(written, nullptr, false) == Other(std::string(text)),
        "a string that is written comes back");
}

FUZZ_TARGET(input) {
  ReadDocument(AsText(input));
  const auto split = intel::SplitSignedJson(input, "tcbInfo");
  if (!split.ok()) return;
  Holds(fuzz::Inside(split->signed_bytes, input) && split->signature.size() == 64,
        "the signed member lies inside");
  Holds(split->signed_bytes.front() == '{' && split->signed_bytes.back() == '}',
        "the signed member is an object");
  // The scanner finds the end of the value without a grammar; where there is one, both find the same end.
  const auto whole = Other::parse(AsText(input), nullptr, false);
  if (whole.is_discarded() || !whole.contains("tcbInfo")) return;
  Holds(Other::parse(AsText(split->signed_bytes), nullptr, false) == whole["tcbInfo"],
        "the same signed member");
}
