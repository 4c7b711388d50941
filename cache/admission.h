// SPDX-License-Identifier: Apache-2.0
//
// Verified before cached, never backwards (DESIGN section 3): the judgement of what arrives, by itself and against
// the cached item.
#pragma once

#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Authenticates `bytes` for exactly this key, at the item's own issue date, which may not lie in the future of `now`.
Result<ItemPtr> Admit(const CollateralKey& key, const CollateralBytes& bytes, const TrustAnchors& anchors,
                      Instant now);

// The part of it for an item that has been authenticated.
Status CheckAdmissible(const CollateralKey& key, const CollateralItem& item, Instant now);

enum class Succession : uint8_t { kNewer, kSame, kOlder };
Succession SuccessionOf(const CollateralItem& next, const CollateralItem& held);
Error RollbackError(const CollateralItem& next, const CollateralItem& held);

// How many serials `held` revokes and `next` does not; 0 for items that are not CRLs.
size_t DroppedSerials(const CollateralItem& next, const CollateralItem& held);
// Both are issued under one and the same key.
bool SameIssuerKey(const CollateralItem& a, const CollateralItem& b);

}  // namespace thimble
