// SPDX-License-Identifier: Apache-2.0
//
// A verdict in the words of Intel's own Quote Verification Library (QVL), for users who migrate from it: the names of
// its Status enumeration, as its driver QvE arrives at them (DCAP 5, 6.4). Where one of our checks covers several of
// theirs, the name is the one that fits most often; docs/DEVIATIONS.md lists where the two libraries disagree.
#pragma once

#include <string_view>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/verdict.h"

namespace thimble::intel {

// "STATUS_OK", "STATUS_TCB_OUT_OF_DATE", "STATUS_INVALID_QUOTE_SIGNATURE", ...: the check that ended the verification,
// else the TCB status. Soft findings do not show: QvE counts them apart. Empty for a verdict that is not Intel's, and
// for a check that QVL does not make.
std::string_view ReferenceStatus(const Verdict& verdict);
std::string_view ReferenceStatus(const Error& error);

// "STATUS_SGX_CRL_EXPIRED", ...: what sets QvE's collateral_expiration_status. At most one of each, in the order of
// check.h. What QVL does not look at (notBefore, issue dates) is not among them.
std::vector<std::string_view> ReferenceExpirations(const Verdict& verdict);

}  // namespace thimble::intel
