// SPDX-License-Identifier: Apache-2.0
//
// The public keys that the replicas sign results with: any of them shows all. Private keys stay where they are.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "service/shared/database.h"

namespace thimble {

// Thread-safe.
class SharedKeys {
 public:
  SharedKeys(Database& database, std::string replica) : database_(database), replica_(std::move(replica)) {}

  // Points of keys on P-256 whose tokens may live; told again once a minute.
  Status Tell(const std::vector<Bytes>& own);
  Status Pull();
  std::vector<Bytes> Others() const;  // as they were pulled last

 private:
  Database& database_;
  const std::string replica_;
  std::vector<Bytes> told_;
  std::optional<std::chrono::steady_clock::time_point> told_at_;
  mutable std::mutex mutex_;
  std::vector<Bytes> others_;
};

}  // namespace thimble
