// SPDX-License-Identifier: Apache-2.0
//
// The verification of SGX and TDX quotes: the order of all checks, one screen long in verify.cpp.
//
// Deviations from Intel's library (docs/DEVIATIONS.md): notBefore and issue dates are judged, exact sizes are
// required, the upper half of the QE's report data must be zero, key usage and CA bits are checked, the PCK
// CRL's signature, issuer and window are always checked. Each is a finding of its own. Not checked here, but
// by policy (policy.h): measurements, attributes other than DEBUG, accepted statuses.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/intel/memo.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/intel/quote.h"
#include "tcb/verdict.h"

namespace thimble::intel {

// The complete set for one quote, authenticated. Immutable; copying copies four pointers.
struct VerifiedCollateral {
  ItemPtr root_ca_crl, pck_crl, tcb_info, qe_identity;
  // PEM; for certification data 1 to 4, and preferred to the quote's own chain when given beside type 5.
  std::string pck_chain;
};

// As a caller hands it in: what is empty is missing.
struct CollateralSet {
  Bytes root_ca_crl, pck_crl, tcb_info, qe_identity;  // TCB info and identity: the whole signed JSON
  std::string pck_crl_issuer_chain, tcb_info_issuer_chain, qe_identity_issuer_chain;  // PEM
  std::string pck_chain;                                                              // PEM, optional
};

// Decodes and authenticates all four, once; no judgement of time.
//   kMalformed    collateral.malformed
//   kUnavailable  collateral.missing, naming each item that is not there
//   kRejected     the named check of the item that fails
// An empty pck_crl_issuer_chain is taken from `pck_chain`, else from the evidence's own chain (the caller's
// to fill in).
Result<VerifiedCollateral> PrepareCollateral(const CollateralSet& set, const TrustAnchors& anchors);

// The items of a set that are there, for AuthenticateItem(): each with its issuer chain, for CRLs else with what the
// other chains of the set and the quote's own hold. An item whose chain is nowhere has an empty one.
struct ItemBytes {
  ItemKind kind;
  CollateralBytes bytes;
};
std::vector<ItemBytes> ItemsIn(const CollateralSet& set, ByteView quote);

// What a quote needs, as its PCK certificate says: known once the evidence alone has been found to hold.
struct NeededCollateral {
  Fmspc fmspc;
  PckCa ca = PckCa::kProcessor;
  IntelTee tee = IntelTee::kSgx;
};

// The windows that items state, whether or not they are authentic.
using StatedCollateral = std::vector<std::pair<ItemKind, ItemWindows>>;

// One verification in two steps, so that collateral is sought only for evidence that holds by itself: format,
// its own chain to the anchor, QE report, quote signature. Not thread-safe; the quote's bytes must outlive
// it.
class QuoteVerification {
 public:
  // Step 1, the evidence alone. `pck_chain` (PEM) is used instead of the chain in the quote when it is not
  // empty. `known` may be null: collateral whose certificates need not be verified again.
  //   kMalformed    quote.format: the quote, or the chain in it, cannot be decoded
  //   kUnavailable  pck.missing: certification data 1 to 4 and no chain given
  // A hard failure is not an error: verdict().hard() shows it, and Finish() returns that verdict.
  static Result<QuoteVerification> Begin(ByteView quote, std::string_view pck_chain,
                                         const TrustAnchors& anchors, Instant at, Memo* memo,
                                         const VerifiedCollateral* known);

  // The verdict so far: after step 1, checks that need collateral are "not_run".
  const Verdict& verdict() const { return verdict_; }
  bool failed() const { return verdict_.hard() != nullptr; }
  const NeededCollateral& needed() const { return needed_; }  // meaningful unless failed()

  // Something to be said of what the collateral was chosen from; nothing that fails the evidence.
  void Note(Check check, const std::string& message);

  // Step 2, with the collateral. Adds every soft finding, and the hard one if there is one.
  Verdict Finish(const VerifiedCollateral& collateral) &&;
  // Step 2 when an item of the collateral was rejected: `error` becomes the hard finding, and the windows
  // that the items state are judged all the same.
  Verdict FinishRejected(const Error& error, const StatedCollateral& stated) &&;

 private:
  QuoteVerification() = default;
  Verdict verdict_;
  NeededCollateral needed_;
  Quote quote_;
  std::shared_ptr<const PckChain> chain_;
};

// Both steps. `memo` may be null.
Result<Verdict> VerifyQuote(ByteView quote, const VerifiedCollateral& collateral, const TrustAnchors& anchors,
                            Instant at, Memo* memo);

// Both steps with a caller's set. Errors are those of Begin and PrepareCollateral, but an item that fails its
// signature is the verdict's hard finding, and windows of items that decode are findings even then: expired
// collateral is never hidden by another finding. An empty pck_crl_issuer_chain is taken from the PCK chain.
Result<Verdict> VerifyQuoteWith(ByteView quote, const CollateralSet& set, const TrustAnchors& anchors,
                                Instant at, Memo* memo);

}  // namespace thimble::intel
