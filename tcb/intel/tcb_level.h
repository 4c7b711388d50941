// SPDX-License-Identifier: Apache-2.0
//
// Matching a platform to TCB levels and converging the statuses (DCAP 3.1, 3.2, 4.6, 6). Pure arithmetic over
// decoded collateral.
#pragma once

#include <optional>
#include <vector>

#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/verdict.h"

namespace thimble::intel {

// A platform's TCB as the PCK certificate and, for TDX, the TD report state it.
struct PlatformTcb {
  TcbComponents cpu_svn{};
  PceSvn pce_svn{};
  std::optional<TcbComponents> tee_tcb_svn;  // TDX
  uint16_t qe_isv_svn = 0;
};

// What an evaluation came to; `platform`, `module` and `qe` point into the collateral.
struct TcbEvaluation {
  const TcbLevel* platform = nullptr;
  const IsvLevel* module = nullptr;  // TDX with module version > 0
  const IsvLevel* qe = nullptr;
  TcbStatus status{};

  Instant date() const;  // the oldest of the levels
};

// First level in matching order that the platform covers, or nullptr (DCAP 3.1).
const TcbLevel* MatchTcbLevel(const TcbInfo& info, const PlatformTcb& tcb);
// First level with isv_svn <= svn, or nullptr. `levels` is in descending order.
const IsvLevel* MatchIsvLevel(const std::vector<IsvLevel>& levels, uint16_t svn);
// The identity that the module version in tee_tcb_svn[1] names; nullptr when there is none. Not for version
// 0.
const TdxModuleIdentity* FindModuleIdentity(const TcbInfo& info, uint8_t module_version);

// The table of DCAP 6.1.
TcbStatus Converge(TcbStatus platform, std::optional<TcbStatus> module, TcbStatus qe);

// Platform, module and QE level and their converged status. The error (tcb.not_supported, Rejected) names
// what has no level and the component that is short.
Result<TcbEvaluation> EvaluateTcb(const TcbInfo& info, const EnclaveIdentity& identity,
                                  const PlatformTcb& tcb);

// TD relaunch: what launch and current evaluation come to together (DCAP 6.3).
TcbStatus RelaunchStatus(TcbStatus launch, TcbStatus current);

// All that levels say of a platform: the converged status, with TD relaunch where the TD report is a 1.5 and so
// states the current module (`tee_tcb_svn2`) beside the one at launch; the oldest date and all advisories of the
// levels that were used.
struct TcbJudgement {
  TcbStatus status{};
  Instant date{};
  std::vector<std::string> advisories;  // sorted, unique
  TcbStatus qe_status{};
  Instant qe_date{};
  std::optional<SecondTcb> current;  // with `tee_tcb_svn2`
};
Result<TcbJudgement> JudgeTcb(const TcbInfo& info, const EnclaveIdentity& identity, const PlatformTcb& tcb,
                              const std::optional<TcbComponents>& tee_tcb_svn2);

// Into the verdict, with what is to be found in it: a current TCB that is out of date or revoked however good the
// one at launch, and a quoting enclave whose level is short without the status saying so (DCAP 6.1).
void TakeJudgement(TcbJudgement judged, Verdict& verdict);

// What is short of the target: the first level in matching order whose status is UpToDate, else the best
// status there is; for platform, module and QE. Also when no level matches. Empty when everything reaches its
// target.
std::vector<Shortfall> FindShortfalls(const TcbInfo& info, const EnclaveIdentity& identity,
                                      const PlatformTcb& tcb);

}  // namespace thimble::intel
