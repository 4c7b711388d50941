// SPDX-License-Identifier: Apache-2.0
//
// The order of all rules.
#include <algorithm>

#include "tcb/policy/rule_list.h"

namespace thimble {

using policy::RuleList;

const Policy& Policy::For(EvidenceClass evidence_class) const {
  const auto special = overrides.find(evidence_class);
  return special != overrides.end() ? *special->second : *this;
}

EvidenceClass ClassOf(const Verdict& verdict) {
  if (verdict.tee == Tee::kSgx) return EvidenceClass::kSgx;
  if (verdict.tee == Tee::kSnp) return EvidenceClass::kSnp;
  if (verdict.tee == Tee::kTpm) return EvidenceClass::kTpm;
  if (verdict.tee == Tee::kVbs) return EvidenceClass::kVbs;
  const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims);
  return td != nullptr && td->tee_tcb_svn2 ? EvidenceClass::kTdx15 : EvidenceClass::kTdx10;
}

namespace {

// A quote in Open Enclave wrapping is of two classes: the hardware checks are those of its TEE, and for an enclave either may
// be asked for. A TD in it has to be asked for as one: rules for enclaves say nothing of it.
void AddEvidenceRule(const Policy& policy, const Verdict& verdict, EvidenceClass tee, RuleList& rules) {
  auto wanted = policy.evidence;
  if (wanted.empty()) {
    if (IsHardwareTee(verdict.tee)) return;
    // Whoever names nothing asks for a TEE.
    using enum EvidenceClass;
    wanted = {kSgx, kTdx10, kTdx15, kSnp};
  }
  const auto name = [](EvidenceClass evidence) { return json::Escape(EvidenceClassName(evidence)); };
  std::vector<EvidenceClass> found = {tee};
  if (verdict.open_enclave) found.push_back(EvidenceClass::kOpenEnclave);
  const auto asked = [&wanted](EvidenceClass one) { return std::ranges::find(wanted, one) != wanted.end(); };
  const bool enclave = verdict.open_enclave && tee == EvidenceClass::kSgx;
  rules.Add("evidence", policy::JsonList(wanted, name),
            found.size() == 1 ? name(tee) : policy::JsonList(found, name),
            asked(tee) || (enclave && asked(EvidenceClass::kOpenEnclave)));
}

void AddContentRules(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  switch (verdict.tee) {
    case Tee::kSgx:
      return policy::AddSgxRules(verdict, policy.sgx, rules);
    case Tee::kTdx:
      return policy::AddTdxRules(verdict, policy.tdx, rules);
    case Tee::kSnp:
      return policy::AddSnpRules(verdict, policy.snp, rules);
    case Tee::kTpm:
      return policy::AddTpmRules(verdict, policy.tpm, rules);
    case Tee::kVbs:
      return policy::AddVbsRules(verdict, policy.vbs, rules);
  }
}

}  // namespace

Decision Appraise(const Verdict& verdict, const Policy& whole, Instant at) {
  const EvidenceClass evidence = ClassOf(verdict);
  const Policy& policy = whole.For(evidence);
  Decision decision;
  RuleList rules(&decision.rules);
  rules.Add("authentic", "true", policy::JsonBool(verdict.authentic), verdict.authentic);
  AddEvidenceRule(policy, verdict, evidence, rules);
  // A TPM and a VBS enclave have no TCB that a vendor states, and no platform that one certifies: naming them is to do
  // without.
  if (IsHardwareTee(verdict.tee)) policy::AddTcbRules(verdict, policy, at, rules);
  policy::AddPlatformRules(verdict, policy, rules);
  AddContentRules(verdict, policy, rules);
  policy::AddHclRules(verdict, policy.hcl, rules);
  policy::AddUvmRules(verdict, policy.uvm, rules);
  policy::AddRestrictedRule(verdict, policy.restricted, rules);
  policy::AddCollateralRules(verdict, policy, at, rules);
  policy::AddFindingRules(verdict, policy, at, rules);
  decision.accept = std::all_of(decision.rules.begin(), decision.rules.end(),
                                [](const RuleOutcome& rule) { return rule.ok; });
  return decision;
}

}  // namespace thimble
