// SPDX-License-Identifier: Apache-2.0
#include "cache/cached_item.h"

#include <algorithm>

namespace thimble {

CachedItem::CachedItem(ItemPtr held_item, std::string chain, const FreshnessInput& input)
    : item(std::move(held_item)), issuer_chain(std::move(chain)), freshness(input) {}

Renewal RenewalOf(ItemKind kind) {
  switch (kind) {
    case ItemKind::kVcek:
      return Renewal::kNever;
    case ItemKind::kPckCerts:
    case ItemKind::kAmdChain:
      return Renewal::kHalfLife;
    case ItemKind::kRootCaCrl:
    case ItemKind::kPckCrl:
    case ItemKind::kTcbInfo:
    case ItemKind::kEnclaveIdentity:
    case ItemKind::kEvaluationNumbers:
    case ItemKind::kAmdCrl:
      return Renewal::kDaily;
  }
  return Renewal::kDaily;
}

bool IsPlatformItem(ItemKind kind) { return kind == ItemKind::kVcek || kind == ItemKind::kPckCerts; }

FreshnessInput MakeFreshnessInput(const CollateralKey& key, const Record& record, uint64_t jitter_seed) {
  return {.window = {record.issued, record.next_update},
          .chain_end = record.chain_end,
          .fetched = record.fetched,
          .last_check = record.last_check,
          .renewal = RenewalOf(KindOf(key)),
          .jitter_seed = jitter_seed};
}

Record MakeRecord(const CachedItem& held) {
  const CollateralItem& item = *held.item;
  return {.name = item.name(),
          .bytes = {item.body(), held.issuer_chain},
          .source = item.source(),
          .fetched = held.fetched(),
          .last_check = held.last_check(),
          .issued = item.issued(),
          .next_update = item.next_update(),
          .chain_end = item.chain_window().not_after,
          .order_number = item.order_number(),
          .sha256 = item.sha256()};
}

bool SameVersion(const CollateralItem& a, const CollateralItem& b) {
  const auto same_certificate = [](const CertificatePtr& x, const CertificatePtr& y) {
    return x->sha256() == y->sha256();
  };
  return a.sha256() == b.sha256() && std::ranges::equal(a.signers(), b.signers(), same_certificate);
}

}  // namespace thimble
