// SPDX-License-Identifier: Apache-2.0
//
// The newest version of what platforms share (TCB infos, identities, CRLs, lists of numbers, AMD's chains), as one more
// place to learn from; and who of the replicas asks a vendor for it. An item is nobody's word: it is verified again by
// whoever takes it. What is of a single platform stays with each replica.
#pragma once

#include <functional>
#include <string>

#include "cache/collateral_cache.h"
#include "service/shared/database.h"
#include "service/support/clock.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Thread-safe but for Pull(). What is given outlives it. Without the database each replica asks for itself.
class SharedItems {
 public:
  SharedItems(Database& database, const Clock& clock);

  // Whether this replica has something of the key.
  using Holds = std::function<bool(const CollateralKey& key)>;
  // Asks `upstream` when no other replica is asking, or has just asked: then what that has brought is the answer. What is
  // not held and no upstream gives may be had here.
  FetchFunction Around(FetchFunction upstream, const TrustAnchors& anchors, Holds holds);

  // Has `renew` fetch, from here alone, what others have asked for since the last time.
  using Renew = std::function<void(const CollateralKey& key)>;
  Status Pull(const Renew& renew);

 private:
  enum class Turn : uint8_t { kMine, kOthers, kJustAsked };
  Status Fetch(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
               const FetchFunction& upstream, const TrustAnchors& anchors, const Holds& holds);
  Status FetchAndShare(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                       const FetchFunction& upstream, const TrustAnchors& anchors);
  Result<Turn> TakeTurn(const std::string& name, SteadyTime deadline);
  void EndTurn(const std::string& name);
  Status TakeHeld(const std::string& name, const AcceptFunction& accept);
  void Publish(const CollateralKey& key, const FetchedBytes& answer, const TrustAnchors& anchors);

  Database& database_;
  const Clock& clock_;
  const std::string replica_;  // another one with each start
  int64_t last_ = 0;           // the change that Pull() has come to
};

}  // namespace thimble
