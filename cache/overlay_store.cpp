// SPDX-License-Identifier: Apache-2.0
#include "cache/overlay_store.h"

#include "cache/store_rules.h"

namespace thimble {

Result<std::optional<std::string>> OverlayStore::Get(std::string_view name) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = above_.find(name); found != above_.end()) return found->second;
  }
  return below_->Get(name);
}

Status OverlayStore::Apply(const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::lock_guard writing(writing_);
  Put(batch);
  return {};
}

Result<bool> OverlayStore::ApplyIf(const std::vector<Expectation>& expected,
                                   const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::lock_guard writing(writing_);
  TRY_ASSIGN(const bool holds, Holds(*this, expected));
  if (holds) Put(batch);
  return holds;
}

void OverlayStore::Put(const std::vector<Write>& batch) {
  const std::lock_guard lock(mutex_);
  for (const Write& write : batch) above_.insert_or_assign(write.name, write.value);
}

OverlayStore::Entries OverlayStore::Above(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  Entries entries;
  for (auto it = above_.lower_bound(prefix); it != above_.end() && it->first.starts_with(prefix); ++it)
    entries.insert(*it);
  return entries;
}

// Both in one order; of a name that is in both, what lies above. The copy is the snapshot: `visit` may use the store.
Status OverlayStore::Scan(std::string_view prefix,
                          const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  const Entries above = Above(prefix);
  auto next = above.begin();
  bool more = true;
  const auto visit_next = [&] {
    const auto& [name, value] = *next++;
    if (value) more = visit(name, *value);
  };
  TRY(below_->Scan(prefix, [&](std::string_view name, std::string_view value) {
    while (more && next != above.end() && next->first < name) visit_next();
    if (!more) return false;
    if (next != above.end() && next->first == name) {
      visit_next();
    } else {
      more = visit(name, value);
    }
    return more;
  }));
  while (more && next != above.end()) visit_next();
  return {};
}

}  // namespace thimble
