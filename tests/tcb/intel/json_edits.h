// SPDX-License-Identifier: Apache-2.0
//
// Every single change of one kind to a JSON document, for rules that hold of every member.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace thimble::test {

using Json = nlohmann::ordered_json;

// The paths of all members and elements at any depth.
inline std::vector<Json::json_pointer> Paths(const Json& json,
                                             const Json::json_pointer& at = Json::json_pointer()) {
  std::vector<Json::json_pointer> out;
  const auto add = [&](const Json::json_pointer& path, const Json& value) {
    out.push_back(path);
    const auto inner = Paths(value, path);
    out.insert(out.end(), inner.begin(), inner.end());
  };
  if (json.is_object()) {
    for (const auto& [key, value] : json.items()) add(at / key, value);
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.size(); ++i) add(at / i, json[i]);
  }
  return out;
}

inline Json Without(Json json, const Json::json_pointer& path) {
  Json& parent = json.at(path.parent_pointer());
  if (parent.is_object()) {
    parent.erase(path.back());
  } else {
    parent.erase(std::stoul(path.back()));
  }
  return json;
}

inline Json With(Json json, const Json::json_pointer& path, Json value) {
  json.at(path) = std::move(value);
  return json;
}

// A value of each type that `value` is not of.
inline std::vector<Json> OtherTypes(const Json& value) {
  std::vector<Json> out;
  for (Json other :
       {Json(nullptr), Json(true), Json("x"), Json(-1), Json(1.5), Json::array(), Json::object()}) {
    if (other.type() != value.type() || value.is_string()) out.push_back(std::move(other));
  }
  return out;
}

}  // namespace thimble::test
