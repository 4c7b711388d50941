// SPDX-License-Identifier: Apache-2.0
//
// Collateral from directories in the layout of `--collateral DIR`, to be served again byte for byte. What an
// item is (TEE, FMSPC, enclave, CA) is read from the item itself.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"

namespace thimble::sim {

class RecordedCollateral {
 public:
  // Adds a directory; what it has replaces the same items of earlier ones. Throws std::runtime_error.
  void Add(const std::filesystem::path& directory);

  bool empty() const { return items_.empty(); }
  // The item, whatever selector the key asks by, unless it asks for a number that is not the item's.
  std::optional<CollateralBytes> Find(const CollateralKey& key) const;

 private:
  struct Item {
    CollateralBytes bytes;
    uint32_t number = 0;  // tcbEvaluationDataNumber
  };
  void AddTcbInfo(const std::filesystem::path& directory);
  void AddIdentity(const std::filesystem::path& directory);
  void AddPckCrl(const std::filesystem::path& directory);

  std::map<std::string, Item> items_;
};

}  // namespace thimble::sim
