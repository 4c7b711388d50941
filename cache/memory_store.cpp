// SPDX-License-Identifier: Apache-2.0
#include "cache/memory_store.h"

#include "cache/store_rules.h"

namespace thimble {

Result<std::optional<std::string>> MemoryStore::Get(std::string_view name) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Status MemoryStore::Apply(const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::lock_guard writing(writing_);
  Put(batch);
  return {};
}

Result<bool> MemoryStore::ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::lock_guard writing(writing_);
  TRY_ASSIGN(const bool holds, Holds(*this, expected));
  if (holds) Put(batch);
  return holds;
}

void MemoryStore::Put(const std::vector<Write>& batch) {
  const std::lock_guard lock(mutex_);
  for (const Write& write : batch) {
    if (write.value) {
      entries_.insert_or_assign(write.name, *write.value);
    } else {
      entries_.erase(write.name);
    }
  }
}

// The copy is the snapshot: `visit` may use the store.
Status MemoryStore::Scan(std::string_view prefix,
                         const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  std::vector<std::pair<std::string, std::string>> snapshot;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = entries_.lower_bound(prefix); it != entries_.end() && it->first.starts_with(prefix);
         ++it) {
      snapshot.emplace_back(*it);
    }
  }
  for (const auto& [name, value] : snapshot) {
    if (!visit(name, value)) break;
  }
  return {};
}

}  // namespace thimble
