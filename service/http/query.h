// SPDX-License-Identifier: Apache-2.0
//
// Query strings. '+' is a plus sign: clients of the dialects escape nothing but %XX
// (spec/intel-qcnl-client.md, trap 6).
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
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

}  // namespace thimble::http
