// SPDX-License-Identifier: Apache-2.0
//
// One item of collateral out of the simulated Intel, good or with a twist.
#pragma once

#include <optional>

#include "tests/support/sim_pcs.h"

namespace thimble::sim {

struct PcsItem {
  int status = 200;       // 404: does not exist; 410: retired
  CollateralBytes bytes;  // CRLs as DER; no chain where the twist takes it away
};
PcsItem FindPcsItem(const SimPcs& pcs, const CollateralKey& key, Twist twist);

}  // namespace thimble::sim
