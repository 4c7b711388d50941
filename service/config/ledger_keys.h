// SPDX-License-Identifier: Apache-2.0
//
// The keys of a transparency ledger, as it gives them out (`/jwks`): RFC 7517, elliptic curves alone.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/uvm/ledger_key.h"

namespace thimble {

// One at least. policy.format: the file cannot be read, or a key in it is none of P-256, P-384, P-521 with a kid.
Result<std::vector<uvm::LedgerKey>> ReadLedgerKeys(const std::string& path);

}  // namespace thimble
