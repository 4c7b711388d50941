// SPDX-License-Identifier: Apache-2.0
#include "cache/answers.h"

#include <algorithm>

#include "cache/admission.h"
#include "tcb/collateral.h"

namespace thimble {

bool MayBeSuperseded(const CollateralItem& item, Seconds lag, Instant now) {
  switch (KindOf(item.key())) {
    case ItemKind::kTcbInfo:
    case ItemKind::kEnclaveIdentity:
    case ItemKind::kEvaluationNumbers:
      return now - item.issued() > lag;
    case ItemKind::kRootCaCrl:
    case ItemKind::kPckCrl:
    case ItemKind::kAmdCrl:
      return now - item.issued() > item.next_update() - now;
    case ItemKind::kPckCerts:
    case ItemKind::kAmdChain:
    case ItemKind::kVcek:
      break;
  }
  return false;
}

Result<AfterAnswer> Answers::Add(ItemPtr item, std::string issuer_chain, std::string upstream,
                                 const std::optional<Instant>& checked) {
  came_ = true;
  name_ = item->name();
  issued_.push_back({std::move(upstream), item->issued()});
  if (held_ && SuccessionOf(*item, *held_) == Succession::kOlder) return RollbackError(*item, *held_);
  const bool newest = !best_ || !NotOlder(*best_->item, *item);
  const bool enough = newest && !MayBeSuperseded(*item, lag_, now_);
  if (newest) best_ = Best{std::move(item), std::move(issuer_chain), checked};
  return enough ? AfterAnswer::kStop : AfterAnswer::kAskNext;
}

std::vector<UpstreamLag> Answers::Lags() const {
  Instant newest = held_ ? held_->issued() : Instant::min();
  for (const Issued& issued : issued_) newest = std::max(newest, issued.at);
  std::vector<UpstreamLag> lags;
  for (const Issued& issued : issued_) lags.push_back({issued.upstream, name_, newest - issued.at, now_});
  return lags;
}

}  // namespace thimble
