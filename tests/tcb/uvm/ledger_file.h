// SPDX-License-Identifier: Apache-2.0
//
// The keys of a JWKS, by other eyes than the service's.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tcb/uvm/ledger_key.h"

namespace thimble::test {

inline std::vector<uvm::LedgerKey> LedgerKeysIn(const std::string& jwks) {
  std::vector<uvm::LedgerKey> out;
  const nlohmann::json document = nlohmann::json::parse(jwks);
  for (const auto& key : document["keys"]) {
    Bytes point = FromBase64(key["x"].get<std::string>()).value();
    const Bytes y = FromBase64(key["y"].get<std::string>()).value();
    point.insert(point.end(), y.begin(), y.end());
    out.push_back({.kid = key["kid"].get<std::string>(), .point = point});
  }
  return out;
}

}  // namespace thimble::test
