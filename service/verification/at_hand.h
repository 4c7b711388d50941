// SPDX-License-Identifier: Apache-2.0
//
// Which version of an item a decision about now rests on, whoever brought it. Pure.
#pragma once

#include <string>
#include <vector>

#include "service/verification/outcome.h"
#include "tcb/collateral_item.h"

namespace thimble {

// An authentic version of an item.
struct AtHand {
  ItemPtr item;
  BroughtBy by = BroughtBy::kServer;
};

struct NewestAtHand {
  AtHand chosen;                     // null: there is none
  std::vector<std::string> dropped;  // what was brought and does not count, and why
  bool server_is_behind = false;     // what was brought is newer than what the server holds
};

// The newest by the order that the cache goes by (NotOlder); of equals, what the server holds, which may be null. What is
// not a version of the item that the server holds does not count: a TCB info or identity of another evaluation number,
// which is the baseline's to choose, or an item under another root.
NewestAtHand ChooseNewest(const ItemPtr& held, const std::vector<AtHand>& brought);

}  // namespace thimble
