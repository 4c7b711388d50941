// SPDX-License-Identifier: Apache-2.0
//
// An item as the cache holds it: authenticated, with what is known of how it came.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "cache/attachments.h"
#include "cache/freshness.h"
#include "cache/record.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"

namespace thimble {

// Immutable and shared between threads, but for the marks of its use and for what is made of it.
struct CachedItem {
  CachedItem(ItemPtr held_item, std::string chain, const FreshnessInput& input);

  const ItemPtr item;              // with its source
  const std::string issuer_chain;  // as it came: a record needs the whole of it to be authenticated again
  const FreshnessInput freshness;

  mutable std::atomic<bool> used{false};  // since the hot tier last looked
  mutable std::atomic<int64_t> noted_use{
      INT64_MIN};  // the time of the last use that was written down, seconds

  const std::shared_ptr<const Attachments> attachments = std::make_shared<const Attachments>();

  Instant fetched() const { return freshness.fetched; }
  Instant last_check() const { return freshness.last_check; }
};
using CachedItemPtr = std::shared_ptr<const CachedItem>;

Renewal RenewalOf(ItemKind kind);
bool IsPlatformItem(ItemKind kind);  // one of each single platform: bounded in number, without history
FreshnessInput MakeFreshnessInput(const CollateralKey& key, const Record& record, uint64_t jitter_seed);
Record MakeRecord(const CachedItem& held);
// The same bytes, issued by the same certificates.
bool SameVersion(const CollateralItem& a, const CollateralItem& b);

}  // namespace thimble
