// SPDX-License-Identifier: Apache-2.0
//
// The verification of a VBS enclave's report: its signature under the secure kernel's key, and who answers for that
// (spec/vbs-and-tpm.md section 1). Windows' hypervisor made it: Tee::kVbs is no TEE, and no policy takes it unless it names it.
//
// The key is believed by a certificate: a Host Guardian Service's, whose own are the operator's to trust. The other way, by the boot
// log of the host's TPM, is not judged: no real one is public that it could be held to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/pki/trust_anchors.h"
#include "tcb/vbs/report.h"
#include "tcb/verdict.h"

namespace thimble::vbs {

// What comes with a report. What is absent is not checked, and shows as not run.
struct Supplement {
  std::vector<CertificatePtr> signer;        // its certificate first; the others in any order
  std::optional<Bytes> enclave_key;          // BCRYPT blob: EnclaveData is its SHA-256, then zeros
  std::optional<std::string> report_signed;  // JSON text: EnclaveData is the SHA-512 of exactly these bytes

  bool empty() const { return signer.empty() && !enclave_key && !report_signed; }
};
// PEM blocks, or one certificate in DER. Malformed (collateral.malformed).
Result<std::vector<CertificatePtr>> ReadSigner(ByteView certificates);

// kUnavailable (vbs.signer_missing): nothing says whose the signature is. A hard failure is no error: the verdict has it.
Result<Verdict> VerifyReport(const Report& report, const Supplement& beside, const TrustAnchors& anchors,
                             Instant at, SignatureMemo* memo = nullptr);

}  // namespace thimble::vbs
