// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/tcb_level.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble::intel {
namespace {

// With a module version above 0, components 0 and 1 of tee_tcb_svn are the TDX module's ISVSVN and version,
// which tdxModuleIdentities judges; they are skipped in the comparison with platform levels (DCAP 3.1).
size_t FirstTdxComponent(const TcbComponents& tee_tcb_svn) { return tee_tcb_svn[1] > 0 ? 2 : 0; }

bool CoversTdx(const TcbComponents& tee_tcb_svn, const TcbComponents& required) {
  for (size_t i = FirstTdxComponent(tee_tcb_svn); i < tee_tcb_svn.size(); ++i) {
    if (tee_tcb_svn[i] < required[i]) return false;
  }
  return true;
}

// Better is lower in this order: what a platform should aim for when no level is UpToDate.
int Rank(TcbStatus status) {
  switch (status) {
    case TcbStatus::kUpToDate:
      return 0;
    case TcbStatus::kSWHardeningNeeded:
      return 1;
    case TcbStatus::kConfigurationNeeded:
      return 2;
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
      return 3;
    case TcbStatus::kTDRelaunchAdvised:
    case TcbStatus::kTDRelaunchAdvisedConfigurationNeeded:
    case TcbStatus::kOutOfDate:
    case TcbStatus::kRelaunchAdvised:  // not Intel's
    case TcbStatus::kRelaunchAdvisedConfigurationNeeded:
      return 4;
    case TcbStatus::kOutOfDateConfigurationNeeded:
      return 5;
    case TcbStatus::kRevoked:
      return 6;
  }
  return 7;
}

// The first of the best status; `levels` is not empty and in matching order.
template <class Level>
const Level& TargetLevel(const std::vector<Level>& levels) {
  return *std::min_element(levels.begin(), levels.end(),
                           [](const Level& a, const Level& b) { return Rank(a.status) < Rank(b.status); });
}

std::string TwoDigits(size_t i) { return StrCat(i < 10 ? "0" : "", i); }

// What raises a component, in the TCB info's own words where it has some.
std::string UpdateFor(const std::string& category, const std::string& type, std::string_view fallback) {
  if (category.empty()) return std::string(fallback);
  return type.empty() ? category : StrCat(category, ": ", type);
}

void AddShortfall(std::vector<Shortfall>& out, std::string component, uint32_t have, uint32_t need,
                  std::string update) {
  if (have < need) out.push_back({std::move(component), have, need, std::move(update)});
}

void AddIsvShortfall(std::vector<Shortfall>& out, std::string component, uint16_t have,
                     const std::vector<IsvLevel>& levels, std::string update) {
  AddShortfall(out, std::move(component), have, TargetLevel(levels).isv_svn, std::move(update));
}

Error NotSupported(std::string message) {
  return {ErrorKind::kRejected, Check::kTcbNotSupported, std::move(message)};
}

// "sgx.00: platform 4, lowest level 5; ...": why not even the lowest level matches.
std::string WhatIsShortOf(const TcbLevel& level, const PlatformTcb& tcb) {
  std::string out;
  const auto add = [&](std::string_view name, uint32_t have, uint32_t need) {
    if (have < need) out += StrCat(out.empty() ? "" : ", ", name, " ", have, " of ", need);
  };
  for (size_t i = 0; i < tcb.cpu_svn.size(); ++i)
    add(StrCat("sgx.", TwoDigits(i)), tcb.cpu_svn[i], level.sgx[i]);
  add("pcesvn", static_cast<uint16_t>(tcb.pce_svn), static_cast<uint16_t>(level.pce_svn));
  if (tcb.tee_tcb_svn) {
    const TcbComponents& svn = *tcb.tee_tcb_svn;
    for (size_t i = FirstTdxComponent(svn); i < svn.size(); ++i)
      add(StrCat("tdx.", TwoDigits(i)), svn[i], level.tdx[i]);
  }
  return out;
}

}  // namespace

const TcbLevel* MatchTcbLevel(const TcbInfo& info, const PlatformTcb& tcb) {
  for (const TcbLevel& level : info.levels) {
    if (!Covers(tcb.cpu_svn, level.sgx) || !Covers(tcb.pce_svn, level.pce_svn)) continue;
    if (tcb.tee_tcb_svn && !CoversTdx(*tcb.tee_tcb_svn, level.tdx)) continue;
    return &level;
  }
  return nullptr;
}

const IsvLevel* MatchIsvLevel(const std::vector<IsvLevel>& levels, uint16_t svn) {
  for (const IsvLevel& level : levels) {
    if (level.isv_svn <= svn) return &level;
  }
  return nullptr;
}

const TdxModuleIdentity* FindModuleIdentity(const TcbInfo& info, uint8_t module_version) {
  const std::string id = StrCat("TDX_", HexUpper(std::array{module_version}));
  for (const TdxModuleIdentity& identity : info.tdx_module_identities) {
    if (identity.id == id) return &identity;
  }
  return nullptr;
}

TcbStatus Converge(TcbStatus platform, std::optional<TcbStatus> module, TcbStatus qe) {
  if (module == TcbStatus::kRevoked || qe == TcbStatus::kRevoked) return TcbStatus::kRevoked;
  if (module != TcbStatus::kOutOfDate && qe != TcbStatus::kOutOfDate) return platform;
  switch (platform) {
    case TcbStatus::kUpToDate:
    case TcbStatus::kSWHardeningNeeded:
      return TcbStatus::kOutOfDate;
    case TcbStatus::kConfigurationNeeded:
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
      return TcbStatus::kOutOfDateConfigurationNeeded;
    default:
      return platform;
  }
}

Instant TcbEvaluation::date() const {
  Instant oldest = std::min(platform->date, qe->date);
  return module != nullptr ? std::min(oldest, module->date) : oldest;
}

Result<TcbEvaluation> EvaluateTcb(const TcbInfo& info, const EnclaveIdentity& identity,
                                  const PlatformTcb& tcb) {
  TcbEvaluation evaluation;
  evaluation.platform = MatchTcbLevel(info, tcb);
  if (evaluation.platform == nullptr) {
    return NotSupported(
        StrCat("no TCB level matches the platform; of the lowest: ", WhatIsShortOf(info.levels.back(), tcb)));
  }
  std::optional<TcbStatus> module_status;
  if (tcb.tee_tcb_svn && (*tcb.tee_tcb_svn)[1] > 0) {
    const uint8_t version = (*tcb.tee_tcb_svn)[1], svn = (*tcb.tee_tcb_svn)[0];
    const TdxModuleIdentity* const module = FindModuleIdentity(info, version);
    evaluation.module = module != nullptr ? MatchIsvLevel(module->levels, svn) : nullptr;
    if (evaluation.module == nullptr) {
      return NotSupported(StrCat("no TDX module level for version ", version, ", ISVSVN ", svn));
    }
    module_status = evaluation.module->status;
  }
  evaluation.qe = MatchIsvLevel(identity.levels, tcb.qe_isv_svn);
  if (evaluation.qe == nullptr) {
    return NotSupported(StrCat("no level for a quoting enclave with ISVSVN ", tcb.qe_isv_svn,
                               "; the lowest is ", identity.levels.back().isv_svn));
  }
  evaluation.status = Converge(evaluation.platform->status, module_status, evaluation.qe->status);
  return evaluation;
}

TcbStatus RelaunchStatus(TcbStatus launch, TcbStatus current) {
  const bool launch_old =
      launch == TcbStatus::kOutOfDate || launch == TcbStatus::kOutOfDateConfigurationNeeded;
  const bool current_good = Rank(current) <= Rank(TcbStatus::kConfigurationAndSWHardeningNeeded);
  if (!launch_old || !current_good) return launch;
  const bool configuration = launch == TcbStatus::kOutOfDateConfigurationNeeded ||
                             current == TcbStatus::kConfigurationNeeded ||
                             current == TcbStatus::kConfigurationAndSWHardeningNeeded;
  return configuration ? TcbStatus::kTDRelaunchAdvisedConfigurationNeeded : TcbStatus::kTDRelaunchAdvised;
}

Result<TcbJudgement> JudgeTcb(const TcbInfo& info, const EnclaveIdentity& identity, const PlatformTcb& tcb,
                              const std::optional<TcbComponents>& tee_tcb_svn2) {
  TRY_ASSIGN(const TcbEvaluation launch, EvaluateTcb(info, identity, tcb));
  TcbJudgement judgement{launch.status, launch.date(), {}, launch.qe->status, launch.qe->date, {}};
  if (tee_tcb_svn2) {
    PlatformTcb now = tcb;
    now.tee_tcb_svn = tee_tcb_svn2;
    TRY_ASSIGN(const TcbEvaluation current, EvaluateTcb(info, identity, now));
    judgement.status = RelaunchStatus(launch.status, current.status);
    judgement.current = SecondTcb{current.status, current.date()};
  }
  const auto merge = [&](const auto* level) {
    if (level == nullptr) return;
    judgement.advisories.insert(judgement.advisories.end(), level->advisories.begin(),
                                level->advisories.end());
  };
  merge(launch.platform);
  merge(launch.module);
  merge(launch.qe);
  auto& advisories = judgement.advisories;
  std::sort(advisories.begin(), advisories.end());
  advisories.erase(std::unique(advisories.begin(), advisories.end()), advisories.end());
  return judgement;
}

void TakeJudgement(TcbJudgement judged, Verdict& verdict) {
  verdict.tcb_status = judged.status;
  verdict.tcb_date = judged.date;
  verdict.advisories = std::move(judged.advisories);
  verdict.qe_status = judged.qe_status;
  verdict.qe_tcb_date = judged.qe_date;
  verdict.current_tcb = judged.current;
  NoteUnless(verdict, Check::kQeTcb, judged.qe_status == TcbStatus::kUpToDate,
             [&] { return StrCat("the quoting enclave's own level: ", TcbStatusName(judged.qe_status)); });
  if (!judged.current) return;
  SoftUnless(verdict, Check::kTdxCurrentTcb, judged.current->current(), [&] {
    return StrCat("the TCB that runs now: ", TcbStatusName(*judged.current->status),
                  "; at launch: ", TcbStatusName(judged.status));
  });
}

std::vector<Shortfall> FindShortfalls(const TcbInfo& info, const EnclaveIdentity& identity,
                                      const PlatformTcb& tcb) {
  std::vector<Shortfall> out;
  const TcbLevel& target = TargetLevel(info.levels);
  for (size_t i = 0; i < tcb.cpu_svn.size(); ++i) {
    AddShortfall(out, StrCat("sgx.", TwoDigits(i)), tcb.cpu_svn[i], target.sgx[i],
                 UpdateFor(info.sgx_category[i], info.sgx_type[i], "microcode or BIOS"));
  }
  AddShortfall(out, "pcesvn", static_cast<uint16_t>(tcb.pce_svn), static_cast<uint16_t>(target.pce_svn),
               "PCE (SGX PSW)");
  if (tcb.tee_tcb_svn) {
    const TcbComponents& svn = *tcb.tee_tcb_svn;
    for (size_t i = FirstTdxComponent(svn); i < svn.size(); ++i) {
      AddShortfall(out, StrCat("tdx.", TwoDigits(i)), svn[i], target.tdx[i],
                   UpdateFor(info.tdx_category[i], info.tdx_type[i], "TDX module or BIOS"));
    }
    const TdxModuleIdentity* const module = svn[1] > 0 ? FindModuleIdentity(info, svn[1]) : nullptr;
    if (module != nullptr) AddIsvShortfall(out, "tdx_module.isvsvn", svn[0], module->levels, "TDX module");
  }
  AddIsvShortfall(out, "qe.isvsvn", tcb.qe_isv_svn, identity.levels,
                  tcb.tee_tcb_svn ? "TD quoting enclave" : "quoting enclave");
  return out;
}

}  // namespace thimble::intel
