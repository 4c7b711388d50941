// SPDX-License-Identifier: Apache-2.0
//
// Appraisal policy (RFC 9334): is an authentic verdict acceptable? Declarative and pure: a verdict, a policy, a
// time. docs/POLICIES.md lists every rule; the rules themselves are in tcb/policy/.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/amd/modes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/policy/hcl_rules.h"
#include "tcb/policy/restricted_list.h"
#include "tcb/policy/rule_types.h"
#include "tcb/policy/sgx_rules.h"
#include "tcb/policy/snp_rules.h"
#include "tcb/policy/tdx_rules.h"
#include "tcb/policy/tpm_rules.h"
#include "tcb/policy/uvm_rules.h"
#include "tcb/policy/vbs_rules.h"
#include "tcb/verdict.h"

namespace thimble {

// What collateral counts for that a request brings: the caller's, or the host's beside a report.
enum class CallerCollateral : uint8_t {
  kNewest,  // it may make a verdict stricter, never more lenient than the server alone
  kAny,     // it is judged by as it is: no result of that is signed
  kRefuse,  // requests that bring any are refused
};
std::string_view CallerCollateralName(CallerCollateral mode);  // "newest", "any", "refuse"
std::optional<CallerCollateral> CallerCollateralFromName(std::string_view name);

// How long ago what is judged by may have been issued, by kind. Absent: not asked.
struct MaxCollateralAge {
  std::optional<Seconds> crl, tcb_info, identity;
};

// Without an end: no item is too old. Only Intel's appraisal policy files can ask for it.
inline constexpr Seconds kUnlimitedGrace = Seconds::max();

// Defaults are the safe ones. `[policy.NAME]` in the configuration has a key for each field, of the same
// name, which is also the rule's name in the outcome. What is optional and not set is not asked, and does not
// appear there.
struct Policy {
  std::string id = "default";
  Digest256 sha256;  // PolicyDigest() (policy/digest.h): `policy.sha256` in the result

  // -- The TCB --
  // Which evidence it is for: "sgx", "tdx_1.0", "tdx_1.5", "tdx" (both) and "snp", in whatever wrapping, and
  // "open_enclave" for what comes in that. Empty: all of these. "tpm" and "vbs", which are no TEE, only by name.
  std::vector<EvidenceClass> evidence;
  std::vector<TcbStatus> accepted_statuses = {TcbStatus::kUpToDate};  // never kRevoked
  // When given, the verdict may carry no advisory that is not listed and in force.
  std::optional<std::vector<AdvisoryEntry>> accepted_advisories;
  // The verdict may carry none of these that is in force.
  std::vector<AdvisoryEntry> rejected_advisories;
  uint32_t min_tcb_evaluation = 0;  // on TCB info and on identity, each
  // OutOfDate passes until this long after the verdict's tcb_date, the oldest of the levels that matched, as Intel's platform grace
  // period counts: that date, not the day of a recovery, is when the platform was last up to date. It forgives the
  // OutOfDate in OutOfDateConfigurationNeeded, too, where ConfigurationNeeded is accepted. When it is set,
  // OutOfDate is bounded by it even where accepted_statuses has it. SGX and TDX; of SEV-SNP amd_level says how far
  // behind is too far.
  std::optional<Seconds> platform_grace;
  std::optional<Instant> min_tcb_date;  // the TCB level may not be older; SGX and TDX
  // The level of the quoting enclave by itself; empty: only as it counts in the status. And its own grace, and
  // its own minimum of the identity's evaluation number. SGX and TDX.
  std::vector<TcbStatus> accepted_qe_statuses;
  std::optional<Seconds> qe_grace;
  uint32_t min_qe_evaluation = 0;
  Seconds collateral_grace{0};  // how long past its window an item is still taken
  MaxCollateralAge max_collateral_age;
  // Absent: "newest" for servers, "any" for `thimble verify --collateral`, which has nothing else to judge by.
  std::optional<CallerCollateral> caller_collateral;

  // -- The platform --
  bool allow_debug = false;      // SGX, TDX and SNP
  bool allow_migration = false;  // SNP MIGRATE_MA
  // Simultaneous multithreading: what the PCK certificate says, or SNP's PLATFORM_INFO. When it is forbidden and
  // the certificate does not say (those of the Processor CA), the platform does not pass.
  std::optional<bool> allow_smt;
  // Of PCK certificates of the Platform CA, as allow_smt: packages may be added; platform keys are cached by Intel.
  std::optional<bool> allow_dynamic_platform, allow_cached_keys;
  std::vector<intel::SgxType> sgx_types;  // "Standard", "Scalable", "ScalableWithIntegrity"
  AmdCrlMode amd_crl = AmdCrlMode::kRequire;
  AmdFloorMode amd_floor = AmdFloorMode::kRequire;
  std::string amd_level = "all";   // of the floors; a lower one names the bulletins that must be met
  bool allow_stale_floor = false;  // floors past their stale_after

  // -- What runs on it: [policy.NAME.sgx], .tdx, .snp, .hcl, .uvm --
  SgxRules sgx;
  TdxRules tdx;
  SnpRules snp;
  HclRules hcl;  // evidence that is no HCL report does not pass any of them
  UvmRules uvm;  // of an endorsement that comes with an SNP report
  TpmRules tpm;  // of "tpm" alone
  VbsRules vbs;  // of "vbs" alone

  RestrictedList restricted;  // [policy.NAME.restricted]

  // Whole policies in place of this one, for evidence of one class: keys of [policy.NAME] that are repeated, with
  // another value, in [policy.NAME.sgx], .tdx or .snp; and Intel's files with several classes.
  std::map<EvidenceClass, std::shared_ptr<const Policy>> overrides;

  const Policy& For(EvidenceClass evidence_class) const;
};
using PolicyPtr = std::shared_ptr<const Policy>;

// Rules that contradict each other or that nothing can satisfy are refused: kMalformed, policy.format, and the
// message begins with the key, "snp.policy_required: ...".
Status Validate(const Policy& policy);

// One rule's outcome. `wanted` and `found` are complete JSON values.
struct RuleOutcome {
  std::string rule;  // "accepted_statuses", "sgx.mrenclave", ...; the check is "policy.<rule>"
  std::string wanted, found;
  bool ok = false;
};

struct Decision {
  bool accept = false;
  std::vector<RuleOutcome> rules;
};

// The evidence's class, told by its TEE and TD report.
EvidenceClass ClassOf(const Verdict& verdict);

// Accepts only when the verdict is authentic, no finding is hard, every rule holds, and every soft finding is
// allowed by a rule; notes need none. Soft findings of expiry are allowed up to collateral_grace past the item's
// window; not-yet-valid and not-yet-issued never are.
Decision Appraise(const Verdict& verdict, const Policy& policy, Instant at);

}  // namespace thimble
