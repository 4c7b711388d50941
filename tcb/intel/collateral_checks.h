// SPDX-License-Identifier: Apache-2.0
//
// What the collateral of a quote is held to, and the quote to it: step 2 of a verification, in the order of verify.cpp. A
// check that is false has put its hard finding into the verdict. Internal to tcb/intel.
#pragma once

#include "tcb/intel/verify.h"

namespace thimble::intel {

// Before any hard check: expired collateral is neither hidden by another finding nor hides one.
void JudgeWindows(const VerifiedCollateral& collateral, Verdict& verdict);

// What the verdict says of the collateral that it rests on.
void TakeCollateral(const VerifiedCollateral& collateral, Verdict& verdict);

bool CheckSameAnchor(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict);
bool CheckPckCrlIssuer(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict);
bool CheckRevocation(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict);
bool CheckTcbInfoMatches(const Quote& quote, const PckChain& chain, const TcbInfo& info, Verdict& verdict);
bool CheckTdxModule(const TdxClaims& td, const TcbInfo& info, Verdict& verdict);
bool CheckQeIdentityMatches(const Quote& quote, const EnclaveIdentity& identity, Verdict& verdict);

void EvaluateStatus(const Quote& quote, const PckChain& chain, const VerifiedCollateral& collateral,
                    Verdict& verdict);

}  // namespace thimble::intel
