// SPDX-License-Identifier: Apache-2.0
//
// Transparency receipts of a statement (SCITT, CCF's profile; spec/azure-containers.md section 6). Internal to tcb/uvm.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/cose/sign1.h"
#include "tcb/uvm/ledger_key.h"

namespace thimble::uvm {

// How many receipts there are: of nobody's word.
size_t CountReceipts(const cose::Sign1& statement);

// Whose receipts hold for this statement, one at least. They stand in the header that is not signed, where anybody may
// add one: one that does not hold fails the statement only when none does. Named as the keys are: by ledger, or "kid:ID".
// Rejected: uvm.receipt_missing, _format, _key, _signature, _binding: of the first.
Result<std::vector<std::string>> CheckReceipts(const cose::Sign1& statement, std::span<const LedgerKey> keys);

}  // namespace thimble::uvm
