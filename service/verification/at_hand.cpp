// SPDX-License-Identifier: Apache-2.0
#include "service/verification/at_hand.h"

#include "tcb/base/text.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

bool HasEvaluationNumber(const CollateralItem& item) {
  return item.tcb_info() != nullptr || item.identity() != nullptr;
}

std::string VersionText(const CollateralItem& item) {
  return StrCat("number ", item.order_number(), " of ", FormatRfc3339(item.issued()));
}

// Why it is no version of what is held; empty when it is one.
std::string Foreign(const CollateralItem& brought, const CollateralItem& held) {
  if (brought.anchor_spki() != held.anchor_spki())
    return StrCat("rests on ", brought.anchor_name(), ", what the server holds on ", held.anchor_name());
  if (HasEvaluationNumber(held) && brought.order_number() != held.order_number())
    return StrCat("evaluation number ", brought.order_number(), ", the baseline's is ", held.order_number());
  return {};
}

}  // namespace

NewestAtHand ChooseNewest(const ItemPtr& held, const std::vector<AtHand>& brought) {
  NewestAtHand newest{{held, BroughtBy::kServer}, {}, false};
  for (const AtHand& candidate : brought) {
    const auto drop = [&](std::string_view why) {
      newest.dropped.push_back(
          StrCat(candidate.item->name(), " of the ", BroughtByName(candidate.by), ": ", why));
    };
    if (held) {
      if (const std::string why = Foreign(*candidate.item, *held); !why.empty()) {
        drop(why);
        continue;
      }
    }
    const ItemPtr& best = newest.chosen.item;
    if (!best || !NotOlder(*best, *candidate.item)) {
      newest.chosen = candidate;
    } else if (!NotOlder(*candidate.item, *best)) {
      drop(StrCat(VersionText(*candidate.item), ", there is ", VersionText(*best)));
    }
  }
  newest.server_is_behind = newest.chosen.item != held;
  return newest;
}

}  // namespace thimble
