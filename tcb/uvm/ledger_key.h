// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tcb/base/bytes.h"

namespace thimble::uvm {

// A key that a transparency ledger signs its receipts with (spec/azure-containers.md section 6).
struct LedgerKey {
  std::string kid;
  Bytes point;  // X || Y, of P-256, P-384 or P-521 by its length
  // The ledger that it is a key of: a receipt under it names no other. Empty: its JWKS does not say, and what the receipt
  // says of it is nobody's word.
  std::string ledger = {};
  bool operator==(const LedgerKey&) const = default;
};

}  // namespace thimble::uvm
