// SPDX-License-Identifier: Apache-2.0
//
// The recovery from evaluation data 19 to 20 of August 2026, as users have lived it (PCCS 11):
// a TDX platform that is UpToDate under 19, and under 20 short of four things:
//
//   tdx_module.isvsvn 7 of 11, tdx.02 3 of 4, sgx.00 3 of 4, sgx.01 3 of 4
#pragma once

#include "tests/support/sim_intel.h"

namespace thimble::sim {

inline constexpr const char* kRecoveryFmspc = "B0C06F000000";
inline constexpr uint32_t kBeforeRecovery = 19, kAfterRecovery = 20;

// What a quote of that platform is made with.
QuoteOptions RecoveryQuote();
// Its TCB info under either number.
TcbInfoSpec RecoveryTcbInfo(uint32_t number, Instant now);

}  // namespace thimble::sim
