// SPDX-License-Identifier: Apache-2.0
//
// The items in a store: the current version of each key, the versions before it, and what was put aside.
//
//   item/<KeyName>                                                  the current record
//   past/<KeyName>/<order, 20 digits>-<issued, 20 digits>-<digest>  every version that was taken (not of VCEKs)
//   quarantine/<name>                                               a record that failed its digest, as it was found
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/cached_item.h"
#include "cache/event.h"
#include "cache/history_rules.h"
#include "cache/platform_use.h"
#include "cache/store.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Thread-safe, as long as no two calls that write run for one name at a time. A store that fails is reported, and is
// then as good as empty for reads.
class Archive {
 public:
  // Of the items of single platforms at most so many are kept, and of what look-ups have brought.
  struct Limits {
    size_t platform_items, lookups;
  };
  Archive(std::shared_ptr<Store> store, TrustAnchors anchors, Limits limits, HistoryRules history,
          uint64_t jitter_seed, EventSink events);

  CachedItemPtr MakeHeld(const CollateralKey& key, ItemPtr item, std::string chain, Instant fetched,
                         Instant last_check) const;

  // Authenticated again. Null: not stored, or not to be used.
  CachedItemPtr Load(const CollateralKey& key, const std::string& name);
  Status SaveVersion(const CollateralKey& key, const CachedItem& held,
                     Instant now);  // current, and in the history
  // The same of several, of one key each, in one batch with `past`, which go into the history only, and `beside`.
  struct Version {
    CollateralKey key;
    CachedItemPtr held;
  };
  Status SaveVersions(const std::vector<Version>& versions, const std::vector<CachedItemPtr>& past,
                      Instant now, std::vector<Store::Write> beside);
  Status SaveCheck(const CachedItem& held);  // current; only last_check is new
  Status SavePast(const CachedItem& held);   // in the history only

  // The current versions of what many platforms share; and of single platforms' items, the first so many by name.
  std::vector<Record> SharedRecords();
  std::vector<Record> PlatformRecords(size_t most);
  size_t platform_items() const { return platform_use_.items() + lookup_use_.items(); }
  std::vector<CollateralKey> Keys();
  // Newest first, at most so many: those that are older than the one with this SHA-256, where one is given. Only these
  // are authenticated.
  std::vector<CachedItemPtr> Past(const CollateralKey& key, size_t most,
                                  const std::optional<Digest256>& before = std::nullopt);
  CachedItemPtr PastOf(const CollateralKey& key, const Digest256& sha256);  // null: it is not kept
  // The version that was held then: the last that had come. Of single platforms' items, the current one. Null: none.
  CachedItemPtr PastAt(const CollateralKey& key, Instant at);
  std::vector<Record> CurrentRecords();
  std::vector<Record> PastRecords();

  void NoteUse(const std::string& name, Instant now);
  // The platform item that has to go next.
  std::optional<std::string> Overflow();
  // True when it is removed.
  bool Remove(const std::string& name);

  uint64_t SeedOf(const std::string& name) const;

 private:
  Result<PlatformUse::Note> AppendVersion(const CollateralKey& key, const CachedItem& held, Instant now,
                                          std::vector<Store::Write>& batch);
  Status RemovePlatformItem(const std::string& name);
  std::optional<Record> Read(const std::string& entry, const std::string& name);
  std::vector<Record> ReadAll(const std::string& prefix, size_t most = SIZE_MAX);
  std::vector<Record> PastRecords(const std::string& name);
  Status PrunePast(const Record& next, Instant now, std::vector<Store::Write>& batch);
  void Quarantine(const std::string& entry, const std::string& value, const Error& error);
  CachedItemPtr Revive(const CollateralKey& key, Record record);
  void Report(CacheEvent::Kind kind, std::string_view item, const Error& error) const;
  void ReportIfFailed(const Status& status, std::string_view item) const;

  const std::shared_ptr<Store> store_;
  const TrustAnchors anchors_;
  const HistoryRules history_;
  const uint64_t jitter_seed_;
  const EventSink events_;
  PlatformUse& UseOf(std::string_view name);

  PlatformUse platform_use_, lookup_use_;
};

}  // namespace thimble
