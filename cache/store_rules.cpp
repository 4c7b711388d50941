// SPDX-License-Identifier: Apache-2.0
#include "cache/store_rules.h"

#include <charconv>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

Error StoreError(std::string message) { return {ErrorKind::kInternal, Check::kStoreIo, std::move(message)}; }

Status Store::BackUp(const std::string& directory) {
  return StoreError(StrCat(directory, ": this store is in memory, and has nothing to back up"));
}

std::optional<Digest256> Store::VersionOf(const std::optional<std::string>& value) {
  return value ? std::optional(Sha256(AsBytes(*value))) : std::nullopt;
}

Result<bool> Store::ApplyIf(const std::vector<Expectation>&, const std::vector<Write>&) {
  return StoreError("this store knows no conditional writes");
}

Result<bool> Holds(Store& store, const std::vector<Store::Expectation>& expected) {
  for (const Store::Expectation& one : expected) {
    TRY_ASSIGN(const auto value, store.Get(one.name));
    if (Store::VersionOf(value) != one.version) return false;
  }
  return true;
}

Status CheckBatch(const std::vector<Store::Write>& batch) {
  for (const Store::Write& write : batch) {
    if (write.name.empty() || write.name.size() > kMaxStoreName) {
      return StoreError(StrCat("name of ", write.name.size(), " bytes, allowed are 1 to ", kMaxStoreName));
    }
    if (write.value && write.value->size() > kMaxStoreValue) {
      return StoreError(StrCat("value of ", write.value->size(), " bytes, allowed are ", kMaxStoreValue));
    }
  }
  return {};
}

Status CheckSchema(Store& store) {
  TRY_ASSIGN(const auto mark, store.Get(kStoreSchemaName));
  if (!mark) return store.Apply({{std::string(kStoreSchemaName), std::to_string(kStoreSchema)}});
  uint32_t schema = 0;
  const auto [end, error] = std::from_chars(mark->data(), mark->data() + mark->size(), schema);
  if (error != std::errc() || end != mark->data() + mark->size()) {
    return StoreError(StrCat("not a store of Thimble: its schema is \"", *mark, "\""));
  }
  if (schema > kStoreSchema) {
    return StoreError(
        StrCat("written by a newer version: schema ", schema, ", this one knows ", kStoreSchema));
  }
  return {};
}

}  // namespace thimble
