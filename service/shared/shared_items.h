// SPDX-License-Identifier: Apache-2.0
//
// The newest version of what platforms share (TCB infos, identities, CRLs, lists of numbers, AMD's chains), as one more
// place to learn from; and who of the replicas asks a vendor for it. An item is nobody's word: it is verified again by
// whoever takes it. A VCEK is there for a minute, for those that wait for it; PCK certificates stay with each replica, since
// nothing in them says whose QE id they are for.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "cache/collateral_cache.h"
#include "cache/workers.h"
#include "service/shared/database.h"
#include "service/support/clock.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Thread-safe but for Pull(). What is given outlives it. Without the database each replica asks for itself.
class SharedItems {
 public:
  // `replica`: its id, another one with each start.
  SharedItems(Database& database, const Clock& clock, std::string replica);

  // Whether this replica has something of the key.
  using Holds = std::function<bool(const CollateralKey& key)>;
  // Asks `upstream` when no other replica is asking, or has just asked: then what that has brought is the answer. What is
  // not held and no upstream gives may be had here.
  FetchFunction Around(FetchFunction upstream, const TrustAnchors& anchors, Holds holds);

  // Hands over what others have asked for since the last time, with when they did.
  using Take = std::function<void(const CollateralKey& key, const FetchedBytes& item)>;
  Status Pull(const Take& take);
  // All counts as new: the database is another, or was put back.
  void BeginAnew() { last_ = 0; }
  // Removes what nobody waits for any more.
  Status Purge();
  void Settle() { publishing_.WaitUntilIdle(); }  // for tests: until all that was fetched is there

 private:
  enum class Turn : uint8_t { kMine, kOthers, kJustAsked, kInVain };
  Status Fetch(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
               const FetchFunction& upstream, const TrustAnchors& anchors, const Holds& holds);
  Status FetchAndShare(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                       const FetchFunction& upstream, const TrustAnchors& anchors);
  Result<Turn> WaitForTurn(const CollateralKey& key, SteadyTime deadline);
  Result<Turn> TakeTurn(const std::string& name, SteadyTime deadline);
  void EndTurn(const CollateralKey& key, bool in_vain);
  Status TakeHeld(const std::string& name, const AcceptFunction& accept);
  void Publish(const CollateralKey& key, const FetchedBytes& answer, const TrustAnchors& anchors);

  Database& database_;
  const Clock& clock_;
  const std::string replica_;
  int64_t last_ = 0;  // the change that Pull() has come to
  std::atomic<uint64_t> jobs_{0};
  Workers publishing_;  // last: its jobs use all of the above
};

}  // namespace thimble
