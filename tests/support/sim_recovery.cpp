// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_recovery.h"

namespace thimble::sim {
namespace {

constexpr intel::TcbComponents kSgx = {3, 3, 2, 2, 4, 1, 0, 5}, kSgxWanted = {4, 4, 2, 2, 4, 1, 0, 5};
constexpr intel::TcbComponents kTdx = {7, 1, 3}, kTdxWanted = {11, 1, 4};
constexpr uint16_t kPceSvn = 11;
constexpr const char* kBefore = "2025-08-13T00:00:00Z";
constexpr const char* kAfter = "2026-08-12T00:00:00Z";

}  // namespace

QuoteOptions RecoveryQuote() {
  return {.tdx = true,
          .version = 4,
          .platform = {.fmspc = kRecoveryFmspc, .cpu_svn = kSgx, .pce_svn = kPceSvn},
          .tee_tcb_svn = kTdx};
}

TcbInfoSpec RecoveryTcbInfo(uint32_t number, Instant now) {
  TcbInfoSpec spec = DefaultTcbInfo(IntelTee::kTdx, kRecoveryFmspc, number, now);
  spec.tdx_module_identities = {{.id = "TDX_01", .levels = {{7, kBefore, "UpToDate", {}}}}};
  spec.levels = {{kSgx, kPceSvn, kTdx, kBefore, "UpToDate", {}}};
  if (number < kAfterRecovery) return spec;
  spec.levels.front().status = "OutOfDate";
  spec.levels.insert(spec.levels.begin(), {kSgxWanted, kPceSvn, kTdxWanted, kAfter, "UpToDate", {}});
  auto& module = spec.tdx_module_identities.front().levels;
  module.front().status = "OutOfDate";
  module.insert(module.begin(), {11, kAfter, "UpToDate", {}});
  return spec;
}

}  // namespace thimble::sim
