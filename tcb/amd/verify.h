// SPDX-License-Identifier: Apache-2.0
//
// The verification of SEV-SNP attestation reports: the order of all checks, one screen long in verify.cpp
// (spec/amd-sev-snp.md d). Two steps, as for Intel's quotes (intel/verify.h): the evidence and what came with
// it are judged before anything is sought for them.
//
// Not checked here, but by policy (policy.h): measurements, POLICY bits other than DEBUG and MIGRATE_MA, VMPL
// but for the host's, cspID. A TCB status is local policy, too: floor.h.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "tcb/amd/chain.h"
#include "tcb/amd/endorsement.h"
#include "tcb/amd/hints.h"
#include "tcb/amd/modes.h"
#include "tcb/amd/report.h"
#include "tcb/base/result.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/verdict.h"

namespace thimble::amd {

// Endorsements that come with a report. What is empty is missing.
struct EndorsementSet {
  // Judged as they are: one that does not fit fails the report. For whoever decides by his own collateral alone.
  std::vector<Bytes> certificates = {};  // DER, in any order: leaf, ASK or ASVK, ARK
  Bytes crl = {};                        // DER, PEM or hex
  // Taken where they fit this report, and dropped with a note where not (hints.h).
  std::vector<Hint> hints = {};

  bool empty() const { return certificates.empty() && crl.empty() && hints.empty(); }
};

// The hints as what their caller decides by: the first leaf, the issuers and the first CRL among them. What cannot be
// read stays a hint.
EndorsementSet AsGiven(const EndorsementSet& set);
// The other way round: what is given, as hints.
EndorsementSet AsHints(const EndorsementSet& set);

// From a cache, authenticated. Null: not there.
struct CachedEndorsements {
  ItemPtr vcek, chain, crl;
};

// Not thread-safe; the evidence's bytes, the anchors and the memo must outlive it.
class SnpVerification {
 public:
  // Step 1: the evidence (a report, or one with a certificate table), and its endorsements if they came with
  // it: what the caller gives before his hints, and those before the table's. `product` is what the caller says
  // it is: needed for reports of version 2 that come without a leaf, and held against any report. `memo` may be
  // null.
  //   kMalformed  snp.format, snp.version: the report; collateral.malformed: what the caller gave
  // A hard failure is not an error: verdict().hard() shows it, and Finish() returns that verdict.
  static Result<SnpVerification> Begin(ByteView evidence, const EndorsementSet& given,
                                       std::optional<Product> product, const TrustAnchors& anchors,
                                       Instant at, SignatureMemo* memo = nullptr);

  // The verdict so far: after step 1, checks that need what is missing are "not_run".
  const Verdict& verdict() const { return verdict_; }
  bool failed() const { return verdict_.hard() != nullptr; }

  // What is still to be sought: VCEK, chain, and CRL last. Meaningful unless failed().
  //   kUnavailable  snp.endorsement_missing: it cannot be sought (a VLEK; a masked chip id; a version 2 report of
  //   unknown product)
  Result<std::vector<CollateralKey>> needed() const;
  // The VCEK, when the chain that was sought shows that no leaf among the hints is its.
  std::optional<CollateralKey> also_needed(const CachedEndorsements& cached) const;

  // The CRLs among the hints that the ARK of this report's chain signed, issued by then. Any of them may revoke; none
  // stands for the CRL that a mode requires, for its kind (VCEK or VLEK) is not in it, and whoever brings it chooses.
  std::vector<BroughtCrl> brought_crls(const CachedEndorsements& cached) const;

  // One of them is newer than what is held.
  bool knows_newer_crl(const CachedEndorsements& cached) const;

  // Step 2, with what was sought. Adds every soft finding, and the hard one if there is one.
  //   kUnavailable  snp.endorsement_missing; snp.crl_missing when the mode requires a CRL
  Result<Verdict> Finish(const CachedEndorsements& cached, AmdCrlMode mode) &&;

 private:
  SnpVerification() = default;
  // What there is to judge by.
  Status TakeEndorsements(const ExtendedReport& evidence, const EndorsementSet& given);
  Status TakeGiven(const EndorsementSet& given);
  void TakeHints();
  void TakeIssuerHints();
  void TakeLeafHint();
  Status TakeLeaf(CertificatePtr leaf, Check malformed);
  Status TakeCached(const CachedEndorsements& cached, AmdCrlMode mode);
  void FindProduct();
  bool has_leaf() const { return endorsement_ || !leaves_.empty(); }
  bool complete() const { return endorsement_ && set_.intermediate && set_.root; }
  std::optional<CollateralKey> vcek_key() const;
  Error Missing() const;
  void NoteDropped();
  void PublishClaims();
  void PublishBrought(const CachedEndorsements& cached, const BroughtCrl* revoking);

  // Groups of checks; each ends at the first hard finding.
  void JudgeReport();
  void JudgeEndorsements();
  void JudgeRequester();
  void JudgeChip();
  void JudgeRevocation(AmdCrlMode mode, const BroughtCrl* revoking);
  void NoteAnchor();
  void FailUnless(const Status& status);

  Status CheckSupported() const;
  Status CheckChain();
  bool Revokes(const Crl& crl) const;
  Status CheckRevocation(const BroughtCrl* revoking) const;

  SigningKey kind() const;
  bool masked() const;  // a VCEK's report that does not name its chip

  Report report_;
  const TrustAnchors* anchors_ = nullptr;
  SignatureMemo* memo_ = nullptr;         // may stay null
  std::optional<Product> product_;        // of the report: by CPUID, or what there is in its place
  std::optional<Product> named_product_;  // by the caller
  std::optional<Issuers> issuers_;
  CertificateSet set_;
  std::optional<Endorsement> endorsement_;  // of set_.leaf
  CrlPtr crl_;                              // the caller's own, else the cache's
  Hints hints_;
  std::vector<LeafHint> leaves_;             // fitting, and not yet shown to be the chain's
  size_t noted_ = 0;                         // of hints_.dropped
  std::map<Digest256, BroughtBy> bringers_;  // of certificates, by their digest
  bool judged_ = false;                      // the endorsements
  Verdict verdict_;
};

// Both steps with what there is: the caller's own endorsements, and hints.
Result<Verdict> VerifyReport(ByteView evidence, const EndorsementSet& given, std::optional<Product> product,
                             const TrustAnchors& anchors, Instant at, AmdCrlMode mode,
                             SignatureMemo* memo = nullptr);

}  // namespace thimble::amd
