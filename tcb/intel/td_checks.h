// SPDX-License-Identifier: Apache-2.0
//
// What a TD report says of the TD itself, beside its measurements: attributes, service TD, and where it was
// before. Internal to tcb/.
#pragma once

#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/intel/tcb_level.h"
#include "tcb/verdict.h"

namespace thimble::intel {

// Of the report alone (DCAP 5). What the form of the report does not state is declared, with the reason.
void JudgeTd(const TdxClaims& td, Verdict& verdict);

// The TCB of before an import, of TD reports 1.5 Ex. It is evaluated where it is of this FMSPC, and only its TDX
// part: the CPUSVN beside it is opaque. `now` is the platform's.
void JudgeInitialTcb(const TdxClaims& td, const TcbInfo& info, const EnclaveIdentity& identity,
                     PlatformTcb now, Verdict& verdict);

}  // namespace thimble::intel
