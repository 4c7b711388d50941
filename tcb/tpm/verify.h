// SPDX-License-Identifier: Apache-2.0
//
// The verification of a TPM's quote without a hardware report: a Trusted Launch VM's (spec/vbs-and-tpm.md sections 2, 3).
// What it proves is at most that Azure's host says that this vTPM belongs to one of its VMs: Tee::kTpm is no TEE, and no
// policy takes it unless it names it.
#pragma once

#include <optional>

#include "tcb/pki/trust_anchors.h"
#include "tcb/tpm/key.h"
#include "tcb/tpm/quote.h"
#include "tcb/verdict.h"

namespace thimble::tpm {

struct Context {
  const TrustAnchors& anchors;  // the operator's, beside Azure's own
  Instant at{};
  SignatureMemo* memo = nullptr;  // may be null
  // A key that no certificate answers for proves nothing: authentic is false, unless the operator asks for that, and the key
  // comes with its public area; then it is a soft finding.
  bool allow_uncertified_key = false;
};

// The order of all checks. What cannot be decoded has been refused before: there is a verdict always, and a hard finding
// shows what does not hold.
Verdict VerifyQuote(const Quote& quote, const KeyEvidence& key, const std::optional<Bytes>& nonce,
                    const Context& context);

// What comes with a key beside evidence that vouches for one already: the HCL report of a confidential VM. Adds tpm.ak_* to a
// verdict without a hard finding; one of its own is the last.
void CheckKeyBeside(Verdict& verdict, const KeyEvidence& key, const VouchedKey& vouched,
                    const Context& context);

}  // namespace thimble::tpm
