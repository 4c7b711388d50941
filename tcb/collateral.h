// SPDX-License-Identifier: Apache-2.0
//
// Authenticating collateral: bytes in, an item out. With its key and item this is all that cache/ and fetchers/ know of the
// verifier.
#pragma once

#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Decodes and authenticates `bytes` for exactly this key.
//   kMalformed (collateral.malformed)   undecodable
//   kRejected  (tcb_info.signature, crl.pck.issuer, signing_chain.untrusted, ...)   a signature or chain
//   fails kRejected  (collateral.mismatch)    authentic, but not the item the key names (other FMSPC, SGX for
//   TDX, ...)
// For a VCEK, `bytes.issuer_chain` is the ASK and ARK. PCK certificates name their PCE, but not the QE id under
// which a platform is known: that is the word of whoever brings them.
Result<ItemPtr> AuthenticateItem(const CollateralKey& key, const CollateralBytes& bytes,
                                 const TrustAnchors& anchors);

// The key that authentic bytes answer to, found from what they say themselves (imports, caller's collateral).
// The selector of TCB infos and identities is not in the bytes and is taken to be their number. Not for
// kPckCerts, which do not say whose they are (collateral.mismatch).
Result<ItemPtr> AuthenticateAny(ItemKind kind, const CollateralBytes& bytes, const TrustAnchors& anchors);

// Issued at most 5 minutes after `now`: what is checked before an item is stored (DESIGN section 3).
Status CheckNotFromFuture(const CollateralItem& item, Instant now);
// True when `a` is newer than or the same as `b`, both of one key: (order_number, issued) does not go
// backwards.
bool NotOlder(const CollateralItem& a, const CollateralItem& b);

}  // namespace thimble
