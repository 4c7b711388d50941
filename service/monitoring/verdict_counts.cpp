// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/verdict_counts.h"

namespace thimble {

void VerdictCounts::Record(const VerificationRequest& request, const VerificationOutcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  std::string status = "none", decision = "error";
  if (!outcome.error) {
    if (verdict.tcb_status) status = TcbStatusName(*verdict.tcb_status);
    decision = outcome.decision.accept ? "accept" : "reject";
  }
  const std::string tee(outcome.error ? std::string_view("unknown") : TeeName(verdict.tee));
  const std::lock_guard lock(mutex_);
  ++counts_[{outcome.about ? "another_time" : "now", tee, status, request.policy->id, decision}];
}

void VerdictCounts::Write(PrometheusText& out) const {
  out.Metric(
      "thimble_verdicts_total", "counter",
      "Verifications, by what they are about (now, another_time), TEE, TCB status, policy and decision.");
  const std::lock_guard lock(mutex_);
  for (const auto& [labels, count] : counts_) {
    const auto& [about, tee, status, policy, decision] = labels;
    out.Sample(
        {{"about", about}, {"tee", tee}, {"status", status}, {"policy", policy}, {"decision", decision}},
        static_cast<double>(count));
  }
}

}  // namespace thimble
