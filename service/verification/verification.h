// SPDX-License-Identifier: Apache-2.0
//
// One verification from evidence to decision, the same for the command line and for HTTP: what the evidence
// alone shows first, then its collateral, then the policy, then the nonce. Nobody changes the outcome after that.
//
// A decision about now rests, item by item, on the newest authentic version at hand, whoever brought it (at_hand.h); one
// about another time on the caller's item where there is one, else on the history's of that time.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>

#include "cache/collateral_cache.h"
#include "cache/seen_platforms.h"
#include "service/baselines/baseline.h"
#include "service/baselines/floors.h"
#include "service/support/clock.h"
#include "service/verification/challenges.h"
#include "service/verification/outcome.h"
#include "tcb/amd/verify.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/intel/platform_id.h"
#include "tcb/intel/verify.h"
#include "tcb/policy.h"
#include "tcb/tpm/key.h"
#include "tcb/tpm/quote.h"
#include "tcb/tpm/verify.h"
#include "tcb/vbs/verify.h"
#include "tcb/verdict.h"

namespace thimble {

struct VerificationRequest {
  Bytes evidence;
  std::optional<Instant> at;                       // absent: now
  std::optional<Bytes> report_data;                // expected; at most 64 bytes, the rest must be zero
  std::optional<Bytes> runtime_data;               // of which report data is the hash
  std::optional<intel::CollateralSet> collateral;  // of quotes: what the caller has of it
  // It came as oe_endorsements: a bare quote beside it is Open Enclave's plug-in evidence, and what follows it are
  // custom claims.
  bool plugin_evidence = false;
  amd::EndorsementSet endorsements;     // of reports; what is missing is taken from the cache
  std::optional<amd::Product> product;  // of reports: what the caller takes the machine for
  // Beside the SNP report of a confidential container (spec/azure-containers.md), as evidence: the endorsement of its
  // utility VM, and the policy whose digest is HOST_DATA.
  std::optional<Bytes> uvm_endorsement, security_policy;
  // Beside an HCL report:
  std::optional<Bytes> td_quote;        // of the TD in it
  std::optional<tpm::Quote> tpm_quote;  // by its vTPM
  // Expected in that, as all of its extraData; of other evidence it is the report data, followed by zeros. 8 to 64
  // bytes, not all zero.
  std::optional<Bytes> nonce;
  // About the key of `tpm_quote`, beside an HCL report or a TPM's quote by itself.
  tpm::KeyEvidence tpm_key;
  vbs::Supplement vbs;  // beside a VBS enclave's report
  bool ear = false;     // a signed result is wanted
  PolicyPtr policy = std::make_shared<const Policy>();
  // What brought collateral counts for where the policy does not say.
  CallerCollateral caller_collateral = CallerCollateral::kNewest;
  std::string baseline_name;      // "" where it chooses nothing
  uint32_t baseline_version = 0;  // 0: of a file, which has no versions
  Baseline baseline;
};

// The PCK certificate of a platform that has this TCB, with its chain in PEM: for quotes that hold none. pck.missing
// with the reason when it is not to be had. `ppid`: what the quote says beside it, where that is encrypted.
using PckChainFunction =
    std::function<Result<std::string>(const intel::PlatformId& platform, const intel::PckTcb& raw,
                                      const std::optional<intel::EncryptedPpid>& ppid)>;

// What brought collateral counts for.
CallerCollateral ModeOf(const VerificationRequest& request);
// A quote is judged by the caller's collateral as it is: no baseline has anything to choose.
bool IsJudgedAsBrought(const VerificationRequest& request);

// Thread-safe.
class Verification {
 public:
  // `cache` may be null: then there is only what requests bring. The platforms of authentic evidence are noted in
  // `seen`, and nonces that were issued here are taken from `challenges`, unless they are null. What is given outlives
  // it.
  Verification(const TrustAnchors& anchors, CollateralCache* cache, const Clock& clock,
               PckChainFunction pck_chain = {}, SeenPlatforms* seen = nullptr,
               Challenges* challenges = nullptr)
      : anchors_(anchors),
        cache_(cache),
        clock_(clock),
        pck_chain_(std::move(pck_chain)),
        seen_(seen),
        challenges_(challenges) {}

  // The outcome is final.
  VerificationOutcome Run(const VerificationRequest& request);
  // Where the floors that baselines name come from; without it, from the binary and from files. Set before the first.
  void UseFloors(FloorsAt floors) { floors_ = std::move(floors); }
  // Told of every outcome of Run(), for metrics; called from any thread. Set before the first.
  using Watcher = std::function<void(const VerificationRequest&, const VerificationOutcome&)>;
  void Watch(Watcher watcher) { watcher_ = std::move(watcher); }
  // What Run() would verify the evidence with: the complete set, with the PCK chain. The evidence has to hold by
  // itself. Errors: as of Run(), and the hard finding of evidence that does not hold.
  Result<intel::VerifiedCollateral> Gather(const VerificationRequest& request);
  // The same for an SNP report, or the HCL report with one in it: the endorsements that the evidence does not bring
  // itself (null where it does), the CRL always.
  Result<amd::CachedEndorsements> GatherEndorsements(const VerificationRequest& request);

 private:
  // What an HCL report or Open Enclave adds to the verdict on the hardware evidence in it; empty for evidence by itself. It is asked of
  // the verdict on the evidence alone, so that nothing is fetched in vain, and again of the final one.
  using Addition = std::function<void(Verdict&)>;
  static Addition BoundBy(const VerificationRequest& request);  // whose report data has to bind what it says
  // Before the policy.
  struct Judged {
    Judged(VerificationOutcome of) : outcome(std::move(of)) {}  // NOLINT(google-explicit-constructor)

    VerificationOutcome outcome;
    // An item that the server has no version of: what others brought in its place may refuse, and not accept.
    std::optional<Error> not_held = {};
  };

  VerificationOutcome Decide(const VerificationRequest& request);
  Judged Judge(const VerificationRequest& request, Instant at);
  Judged RunHcl(const VerificationRequest& request, Instant at);
  Judged RunOpenEnclave(const VerificationRequest& request, Instant at, bool bare);
  Judged RunReport(const VerificationRequest& request, Instant at);
  tpm::Context ContextOf(const VerificationRequest& request, Instant at);
  Judged RunTpm(const VerificationRequest& request, Instant at);
  Judged RunVbs(const VerificationRequest& request, Instant at);
  void SettleNonce(const VerificationRequest& request, VerificationOutcome& outcome);
  void RecordSeen(const VerificationOutcome& outcome);

  // quote_verification.cpp
  Judged RunQuote(const VerificationRequest& request, ByteView quote, Instant at, const Addition& addition);
  Judged RunQuoteAsBrought(const VerificationRequest& request, ByteView quote, Instant at,
                           const Addition& addition);
  Judged RunQuoteByItems(const VerificationRequest& request, ByteView quote, Instant at,
                         const Addition& addition);
  Result<intel::QuoteVerification> Begin(const VerificationRequest& request, ByteView quote, Instant at);
  Result<std::string> PckChainOf(ByteView quote) const;
  Result<Selector> SelectorFor(const VerificationRequest& request, IntelTee tee);
  struct Brought;
  Result<Brought> AuthenticateBrought(const VerificationRequest& request, ByteView quote,
                                      const std::array<CollateralKey, 4>& keys) const;
  struct Collected;
  Result<Collected> Collect(const std::array<CollateralKey, 4>& keys, const VerificationRequest& request,
                            const Brought& brought);
  Result<std::vector<ItemPtr>> FillFromHistory(const VerificationRequest& request, ByteView quote,
                                               intel::CollateralSet& set);

  // snp_verification.cpp
  Judged RunSnp(const VerificationRequest& request, ByteView report, Instant at, const Addition& addition);
  struct SoughtEndorsements;
  Result<SoughtEndorsements> Seek(const amd::SnpVerification& begun, const VerificationRequest& request,
                                  AmdCrlMode mode);

  // Each as soon as it is there, all at the same time: the budget for upstream work is one request's, not one item's.
  std::vector<Result<ItemPtr>> Items(const std::vector<CollateralKey>& keys,
                                     const std::optional<Instant>& at);
  Result<ItemPtr> Item(const CollateralKey& key, const std::optional<Instant>& at);

  const TrustAnchors& anchors_;
  CollateralCache* const cache_;
  const Clock& clock_;
  const PckChainFunction pck_chain_;
  SeenPlatforms* const seen_;
  Challenges* const challenges_;
  Watcher watcher_;
  intel::Memo memo_;
  SignatureMemo amd_memo_;
  SignatureMemo uvm_memo_{1024};
  FloorsAt floors_ = FloorsOfFiles({});
};

}  // namespace thimble
