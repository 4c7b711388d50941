// SPDX-License-Identifier: Apache-2.0
#include "tcb/impact.h"

#include <algorithm>

#include "tcb/amd/floor.h"
#include "tcb/base/text.h"
#include "tcb/intel/tcb_level.h"

namespace thimble {
namespace {

// The rules that a remembered TCB can be held to.
Policy TcbPart(const Policy& whole, EvidenceClass evidence) {
  Policy policy = whole.For(evidence);
  policy.overrides.clear();
  policy.sgx = {};
  policy.tdx = {};
  policy.restricted = {};
  SnpRules snp;
  snp.products = policy.snp.products;
  snp.min_reported_tcb = policy.snp.min_reported_tcb;
  snp.min_committed_tcb = policy.snp.min_committed_tcb;
  snp.min_current_tcb = policy.snp.min_current_tcb;
  snp.min_launch_tcb = policy.snp.min_launch_tcb;
  snp.min_committed_version = policy.snp.min_committed_version;
  snp.min_current_version = policy.snp.min_current_version;
  snp.current_mitigations = policy.snp.current_mitigations;
  snp.launch_mitigations = policy.snp.launch_mitigations;
  snp.platform_info_required = policy.snp.platform_info_required;
  snp.platform_info_forbidden = policy.snp.platform_info_forbidden;
  policy.snp = std::move(snp);
  return policy;
}

TcbOutcome Decide(const Verdict& verdict, const ReferenceSet& references, std::string reason) {
  Policy policy = TcbPart(references.policy, ClassOf(verdict));
  if (!verdict.crl_issued) policy.max_collateral_age.crl.reset();  // no CRL is held
  const Decision decision = Appraise(verdict, policy, verdict.at);
  TcbOutcome outcome{true, verdict.tcb_status, decision.accept, verdict.shortfalls, {}, std::move(reason)};
  std::copy_if(decision.rules.begin(), decision.rules.end(), std::back_inserter(outcome.refused_by),
               [](const RuleOutcome& rule) { return !rule.ok; });
  return outcome;
}

template <class Map>
std::optional<Instant> Find(const Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  return found != map.end() ? std::optional(found->second) : std::nullopt;
}

TcbOutcome Unjudged(std::string reason) {
  TcbOutcome outcome;
  outcome.reason = std::move(reason);
  return outcome;
}

// -- Intel --

const intel::TcbInfo* TcbInfoFor(const IntelTcbRecord& tcb, const ReferenceSet& references) {
  const auto info = std::find_if(
      references.tcb_infos.begin(), references.tcb_infos.end(), [&](const intel::TcbInfo* candidate) {
        return candidate->tee == tcb.tee && candidate->fmspc == tcb.fmspc && candidate->pce_id == tcb.pce_id;
      });
  return info != references.tcb_infos.end() ? *info : nullptr;
}

// The verdict of a quote from such a platform, without what the quote would say of its contents.
Verdict VerdictOf(const IntelTcbRecord& tcb, Instant at) {
  Verdict verdict;
  verdict.at = at;
  verdict.authentic = true;
  verdict.qe_isv_svn = tcb.qe_isv_svn;
  intel::PlatformFacts facts;
  facts.fmspc = tcb.fmspc;
  facts.pce_id = tcb.pce_id;
  facts.cpu_svn = tcb.cpu_svn;
  facts.pce_svn = tcb.pce_svn;
  facts.ca = tcb.ca;
  facts.sgx_type = tcb.sgx_type;
  facts.dynamic_platform = tcb.dynamic_platform;
  facts.cached_keys = tcb.cached_keys;
  facts.smt_enabled = tcb.smt_enabled;
  verdict.platform = std::move(facts);
  if (tcb.tee == IntelTee::kTdx) {
    verdict.tee = Tee::kTdx;
    intel::TdxClaims td;
    td.tee_tcb_svn = tcb.tee_tcb_svn.value_or(intel::TcbComponents{});
    td.tee_tcb_svn2 = tcb.tee_tcb_svn2;
    verdict.claims = td;
  }
  return verdict;
}

TcbOutcome JudgeOne(const IntelTcbRecord& tcb, const ReferenceSet& references, Instant at) {
  const bool tdx = tcb.tee == IntelTee::kTdx;
  const intel::TcbInfo* const info = TcbInfoFor(tcb, references);
  if (info == nullptr)
    return Unjudged(StrCat("no ", tdx ? "TDX" : "SGX", " TCB info for FMSPC ", tcb.fmspc.hex()));
  const intel::EnclaveIdentity* const identity = tdx ? references.td_qe : references.qe;
  if (identity == nullptr) return Unjudged(StrCat("no identity of the ", tdx ? "TD_QE" : "QE"));

  Verdict verdict = VerdictOf(tcb, at);
  verdict.crl_issued = Find(references.intel_crls, tcb.ca);
  verdict.tcb_info_issued = info->issue_date;
  verdict.qe_identity_issued = identity->issue_date;
  verdict.tcb_info_evaluation = info->evaluation_number;
  verdict.qe_identity_evaluation = identity->evaluation_number;
  // A quoting enclave that is not known is software beside the platform: it is taken as the newest.
  const intel::PlatformTcb platform{tcb.cpu_svn, tcb.pce_svn, tcb.tee_tcb_svn,
                                    tcb.qe_isv_svn.value_or(UINT16_MAX)};
  verdict.shortfalls = intel::FindShortfalls(*info, *identity, platform);
  auto judged = intel::JudgeTcb(*info, *identity, platform, tcb.tee_tcb_svn2);
  if (!judged) return Decide(verdict, references, judged.error().message);
  intel::TakeJudgement(std::move(judged).value(), verdict);
  return Decide(verdict, references, "");
}

// -- AMD --

std::string WhyNoStatus(const Verdict& verdict) {
  for (const Finding& finding : verdict.findings) {
    if (finding.check == Check::kSnpFloorUnproven || finding.check == Check::kSnpFloorUnknown)
      return finding.message;
  }
  return "no floor for this CPU";
}

TcbOutcome JudgeOne(const AmdTcbRecord& tcb, const ReferenceSet& references, Instant at) {
  Verdict verdict;
  verdict.at = at;
  verdict.authentic = true;
  verdict.tee = Tee::kSnp;
  verdict.status_source = StatusSource::kLocalFloor;
  verdict.claims = ClaimsOf(tcb);
  amd::PlatformFacts facts;
  facts.product = tcb.reported.product;
  facts.cpuid = tcb.cpuid;
  verdict.platform = std::move(facts);
  verdict.crl_issued = Find(references.amd_crls, tcb.reported.product);
  const Policy& policy = references.policy.For(EvidenceClass::kSnp);
  amd::ApplyFloors(verdict, references.floors, policy.amd_level, policy.amd_floor);
  return Decide(verdict, references, verdict.tcb_status ? "" : WhyNoStatus(verdict));
}

bool Differs(const TcbOutcome& a, const TcbOutcome& b) {
  return a.status != b.status || a.accept != b.accept;
}

bool IsLost(const ImpactRow& row) { return row.now.accept && !row.then.accept; }

}  // namespace

TcbOutcome Judge(const TcbRecord& tcb, const ReferenceSet& references, Instant at) {
  return std::visit([&](const auto& record) { return JudgeOne(record, references, at); }, tcb);
}

Impact Compare(const std::vector<RememberedTcb>& platforms, const ReferenceSet& current,
               const ReferenceSet& candidate, Instant at) {
  Impact impact;
  for (const RememberedTcb& remembered : platforms) {
    ImpactRow row{remembered, Judge(remembered.tcb, current, at), Judge(remembered.tcb, candidate, at)};
    if (!row.now.judged || !row.then.judged) {
      impact.unjudged.push_back(std::move(row));
    } else if (Differs(row.now, row.then)) {
      impact.changes.push_back(std::move(row));
    } else {
      impact.unchanged += remembered.count;
    }
  }
  std::stable_sort(impact.changes.begin(), impact.changes.end(), [](const ImpactRow& a, const ImpactRow& b) {
    if (IsLost(a) != IsLost(b)) return IsLost(a);
    return a.platforms.count > b.platforms.count;
  });
  return impact;
}

}  // namespace thimble
