// SPDX-License-Identifier: Apache-2.0
//
// What a request asks for: the parameters of its query, and the segments of its path that the route names. In queries
// '+' is a plus sign: clients of the dialects escape nothing but %XX (spec/intel-qcnl-client.md, trap 6).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble::http {

class Query {
 public:
  // Decodes names and values; nullopt for a bad escape or a name that is there twice.
  static std::optional<Query> Parse(std::string_view raw);

  std::optional<std::string_view> Get(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }  // parameters

  // What stands in the path where the route has "{name}"; empty when the route has no such name.
  std::string_view Segment(std::string_view name) const;
  void AddSegment(std::string name, std::string value);  // for the router

 private:
  std::vector<std::pair<std::string, std::string>> all_, segments_;
};

}  // namespace thimble::http
