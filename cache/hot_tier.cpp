// SPDX-License-Identifier: Apache-2.0
#include "cache/hot_tier.h"

#include <algorithm>
#include <mutex>

namespace thimble {

HotTier::HotTier(size_t max_items) : max_items_a_shard_(std::max<size_t>(max_items / kShards, 1)) {}

CachedItemPtr HotTier::Find(const std::string& name) const {
  const Shard& shard = ShardOf(name);
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.items.find(name);
  if (found == shard.items.end()) return nullptr;
  // Written only when it changes: the line stays shared between the processors that read it.
  if (!found->second->used.load(std::memory_order_relaxed)) {
    found->second->used.store(true, std::memory_order_relaxed);
  }
  return found->second;
}

void HotTier::Put(const std::string& name, CachedItemPtr held) {
  Shard& shard = ShardOf(name);
  const std::unique_lock lock(shard.mutex);
  if (!shard.items.contains(name) && shard.items.size() >= max_items_a_shard_) MakeRoom(shard);
  shard.items.insert_or_assign(name, std::move(held));
}

void HotTier::Erase(const std::string& name) {
  Shard& shard = ShardOf(name);
  const std::unique_lock lock(shard.mutex);
  shard.items.erase(name);
}

// The first one that was not used since the last look goes; each that was used gets a second chance.
void HotTier::MakeRoom(Shard& shard) {
  auto victim = shard.items.begin();
  for (auto it = shard.items.begin(); it != shard.items.end(); ++it) {
    if (!it->second->used.exchange(false, std::memory_order_relaxed)) {
      victim = it;
      break;
    }
  }
  shard.items.erase(victim);
}

}  // namespace thimble
