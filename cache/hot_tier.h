// SPDX-License-Identifier: Apache-2.0
//
// The items in use, ready in memory. A hit takes one shared lock of one shard and copies a pointer.
#pragma once

#include <array>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "cache/cached_item.h"

namespace thimble {

// Thread-safe. When a shard is full, one that was not used of late makes room.
class HotTier {
 public:
  explicit HotTier(size_t max_items);

  CachedItemPtr Find(const std::string& name) const;  // null: not here
  void Put(const std::string& name, CachedItemPtr held);
  void Erase(const std::string& name);

 private:
  static constexpr size_t kShards = 16;
  struct Shard {
    mutable std::shared_mutex mutex;
    std::unordered_map<std::string, CachedItemPtr> items;
  };
  const Shard& ShardOf(const std::string& name) const {
    return shards_.at(std::hash<std::string>{}(name) % kShards);
  }
  Shard& ShardOf(const std::string& name) { return shards_.at(std::hash<std::string>{}(name) % kShards); }
  static void MakeRoom(Shard& shard);

  const size_t max_items_a_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace thimble
