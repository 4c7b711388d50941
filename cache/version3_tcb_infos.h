// SPDX-License-Identifier: Apache-2.0
//
// TCB infos in the form of PCS v3: signed in another form than those of v4, and no longer published. They come by
// uploads alone, are kept beside the collateral, and serve clients that know no other (spec/intel-pccs-api.md
// section 0). Nobody judges by them here.
//
//   v3tcb/<FMSPC>/<standard|early>   when it came, in RFC 3339, and a line feed; the issuer chain in PEM; the JSON
#pragma once

#include <memory>
#include <optional>

#include "cache/store.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Thread-safe. The anchors outlive it.
class Version3TcbInfos {
 public:
  Version3TcbInfos(std::shared_ptr<Store> store, const TrustAnchors& anchors)
      : store_(std::move(store)), anchors_(anchors) {}

  // Authenticated like a fetch; what has to be written to hold it. Errors: the failed check; collateral.rollback when
  // a newer one is held.
  Result<Store::Write> Admit(const TcbInfoKey& key, const CollateralBytes& bytes, Instant now);
  struct Held {
    ItemPtr item;
    Instant came{};
  };
  // nullopt: not stored. The store is not trusted: the item is authenticated again. Errors also: store.corrupt.
  Result<std::optional<Held>> Find(const TcbInfoKey& key);

 private:
  Result<ItemPtr> Authenticate(const TcbInfoKey& key, const CollateralBytes& bytes) const;

  const std::shared_ptr<Store> store_;
  const TrustAnchors& anchors_;
};

}  // namespace thimble
