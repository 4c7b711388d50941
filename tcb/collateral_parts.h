// SPDX-License-Identifier: Apache-2.0
//
// How the vendors' authenticators hand over what they have authenticated. Internal to tcb/: whoever calls
// MakeItem() vouches for the parts.
#pragma once

#include "tcb/collateral_item.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

struct ItemParts {
  CollateralKey key;  // as the bytes themselves say
  Bytes body;
  std::vector<CertificatePtr> signers;  // leaf first, root last; the root is `anchor`
  const TrustAnchor* anchor = nullptr;
  Validity window;
  uint64_t order_number = 0;
  // One of these:
  CrlPtr crl;
  std::shared_ptr<const intel::TcbInfo> tcb_info;
  std::shared_ptr<const intel::EnclaveIdentity> identity;
  std::shared_ptr<const intel::EvaluationNumbers> numbers;
  std::shared_ptr<const intel::PckSet> pck_set;
  CertificatePtr vcek;
};

ItemPtr MakeItem(ItemParts parts);

// A CRL number as an order number.
uint64_t SaturatedNumber(ByteView magnitude);

}  // namespace thimble
