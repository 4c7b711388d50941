// SPDX-License-Identifier: Apache-2.0
//
// What a verification found: an attestation verdict (RATS, RFC 9334: the verifier's appraisal before policy).
// "Authentic" and "acceptable" are different questions: this is the first, policy.h the second.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/check.h"
#include "tcb/intel/claims.h"
#include "tcb/openenclave/claims.h"
#include "tcb/tpm/claims.h"
#include "tcb/uvm/claims.h"
#include "tcb/vbs/claims.h"

namespace thimble {

class CollateralItem;  // collateral.h
namespace amd {
struct FloorDocument;  // amd/floor_document.h
}

// What made the evidence. The last two are no TEE: a vTPM that a cloud answers for, and Windows' hypervisor.
enum class Tee : uint8_t { kSgx, kTdx, kSnp, kTpm, kVbs };
std::string_view TeeName(Tee tee);  // "sgx", "tdx", "snp", "tpm", "vbs"
constexpr bool IsHardwareTee(Tee tee) { return tee == Tee::kSgx || tee == Tee::kTdx || tee == Tee::kSnp; }
// What a result proves at most: "hardware_tee", "virtual_tpm", "vbs".
std::string_view ProofClassName(Tee tee);

// Intel's names (DCAP 6.4), used for AMD's floors where they mean the same. The two after kRevoked are of floors alone:
// only the TCB that the guest was launched under is short (spec/amd-floors.md section 8).
enum class TcbStatus : uint8_t {
  kUpToDate,
  kSWHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSWHardeningNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kTDRelaunchAdvised,
  kTDRelaunchAdvisedConfigurationNeeded,
  kRevoked,
  kRelaunchAdvised,
  kRelaunchAdvisedConfigurationNeeded,
};
constexpr size_t kTcbStatusCount = 11, kIntelTcbStatusCount = 9;
std::string_view TcbStatusName(TcbStatus status);
std::optional<TcbStatus> TcbStatusFromName(std::string_view name);

// A note is shown and rejects nothing by itself; a soft finding rejects unless a rule answers for it; a hard one
// ends the verification. Whoever finds says which.
enum class Severity : uint8_t { kNote, kSoft, kHard };
std::string_view SeverityName(Severity severity);  // "note", "soft", "hard"

struct Finding {
  Check check = Check::kNone;
  Severity severity = Severity::kSoft;
  std::string message;
  bool operator==(const Finding&) const = default;
};

enum class CheckResult : uint8_t { kNotRun, kPassed, kFailed };

// The state of each check that applies to the evidence. A check that is not listed does not apply to this
// TEE.
class CheckLog {
 public:
  struct Entry {
    Check check;
    CheckResult result;
    std::string_view reason;  // for kNotRun: why. For kFailed: see the findings.
  };
  // A check never goes back from failed. Each of the two also declares that the check applies.
  void Set(Check check, CheckResult result);
  void SetNotRun(Check check, std::string_view reason);  // the reason is a literal: it is kept as a view
  CheckResult Get(Check check) const { return results_[static_cast<size_t>(check)]; }
  bool Applies(Check check) const { return applies_[static_cast<size_t>(check)]; }
  std::vector<Entry> Entries() const;  // in the order of check.h

 private:
  static constexpr size_t kCount = static_cast<size_t>(Check::kCount);
  std::array<bool, kCount> applies_{};
  std::array<CheckResult, kCount> results_{};
  std::array<std::string_view, kCount> reasons_{};
};

// One component that is below what the target level needs.
struct Shortfall {
  std::string component;  // "sgx.00".."sgx.15", "tdx.00".."tdx.15", "pcesvn", "tdx_module.isvsvn",
                          // "qe.isvsvn", "snp.*"
  uint32_t have = 0;
  uint32_t need = 0;
  std::string update;  // what raises it: "BIOS", "PCE", "TDX module", "QE", ... in words
  // AMD: who asks, and of which of the report's TCBs it is short: "reported", "committed", "current", "launch".
  std::string bulletin = {}, view = {};
  // In place of the numbers, where these are none: firmware versions, bits.
  std::string have_text = {}, need_text = {};
};

// AMD: by what a status was judged, and what that leaves open (amd/floor.h).
struct FloorStanding {
  std::shared_ptr<const amd::FloorDocument> document;  // never null
  std::string line;                                    // of CPUs: "Milan-B1"; empty: not known
  std::string level;                                   // the one that the status is by
  std::vector<std::string> meets;     // levels with nothing short, nothing unknown and nothing waived
  std::vector<std::string> left_out;  // bulletins published after the time that is judged
  // Bulletins that are unmet and that an overlay waives, and what the status would be without them.
  std::vector<std::string> waived;
  std::optional<TcbStatus> status_with_waivers;
  bool stale = false;
};

// Whose an item of collateral is.
enum class BroughtBy : uint8_t {
  kServer,  // held, or fetched for this
  kCaller,  // `collateral`, `endorsements`, --collateral
  kHost,    // the certificate table of an extended report
};
std::string_view BroughtByName(BroughtBy by);  // "server", "caller", "host"

// A certificate or CRL of AMD's that was used as it was brought.
struct BroughtEndorsement {
  std::string item;  // what the server would hold it under, or its place in that
  Digest256 sha256;  // of its DER
  Validity window;
  BroughtBy by = BroughtBy::kCaller;
};

// What a TCB comes to that a TD report states beside the one at launch. Without a status: no level matches it.
struct SecondTcb {
  std::optional<TcbStatus> status;
  std::optional<Instant> date;  // the oldest of the levels that were used

  bool current() const;  // neither OutOfDate nor Revoked, and known
};

// Where a status comes from. AMD publishes no signed status, so there it is local policy.
enum class StatusSource : uint8_t { kIntel, kLocalFloor };

struct Verdict {
  Tee tee = Tee::kSgx;
  bool authentic =
      false;  // signatures, chains, bindings and revocation hold; says nothing of TCB, expiry or policy
  std::optional<TcbStatus> tcb_status;  // absent when not authentic, no level matches, or no floor is known
  StatusSource status_source = StatusSource::kIntel;
  std::optional<Instant> tcb_date;  // the oldest of the levels that were used
  // TDX, as far as the body states them: of the module that runs now (1.5), and of before an import (1.5 Ex).
  std::optional<SecondTcb> current_tcb, initial_tcb;
  // Of the quoting enclave by itself; SGX and TDX.
  std::optional<uint16_t> qe_isv_svn;
  std::optional<TcbStatus> qe_status;
  std::optional<Instant> qe_tcb_date;
  std::vector<std::string> advisories;  // sorted, unique
  // AMD: bulletins of the level that this report can neither prove nor refute; in the document's order.
  std::vector<std::string> advisories_unproven;
  std::vector<Finding> findings;  // all notes and soft ones, and at most one hard one (the last)
  CheckLog checks;
  std::vector<Shortfall> shortfalls;

  std::variant<std::monostate, intel::PlatformFacts, amd::PlatformFacts> platform;
  std::variant<std::monostate, intel::SgxClaims, intel::TdxClaims, amd::SnpClaims> claims;
  std::shared_ptr<const amd::HclClaims> hcl;                // beside an HCL report
  std::shared_ptr<const openenclave::Claims> open_enclave;  // of a quote in Open Enclave wrapping
  std::shared_ptr<const uvm::Claims> container;  // of what confidential containers bring beside a report
  std::shared_ptr<const tpm::Claims> tpm;  // of a TPM's quote; of its key's certificate beside an HCL report
  std::shared_ptr<const vbs::Claims> vbs;

  std::vector<std::shared_ptr<const CollateralItem>> collateral;  // all that was used, but for
  std::vector<BroughtEndorsement> brought;
  std::optional<uint32_t> tcb_info_evaluation;  // tcbEvaluationDataNumber
  std::optional<uint32_t> qe_identity_evaluation;
  // When what was used was issued; of several CRLs, the oldest.
  std::optional<Instant> crl_issued, tcb_info_issued, qe_identity_issued;
  std::optional<FloorStanding> floors;  // AMD; absent: none were applied
  std::string trust_anchor;             // its name, "" until the chain has been followed to it
  bool trust_anchor_extra = false;
  Instant at{};
  Validity
      window;  // intersection of the windows of all that was used; window.not_after is the earliest expiry

  const Finding* hard() const;  // the finding that ended the verification, or nullptr
};

}  // namespace thimble
