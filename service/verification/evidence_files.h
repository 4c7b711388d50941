// SPDX-License-Identifier: Apache-2.0
//
// Evidence and collateral as files: `verify EVIDENCE --collateral FILE.json|DIR`. The directory forms are in
// DESIGN section 4.
#pragma once

#include <optional>
#include <string>

#include "tcb/amd/verify.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/input/evidence.h"
#include "tcb/intel/verify.h"
#include "tcb/tpm/quote.h"

namespace thimble {

// A file, or for "-" what comes in on stdin. request.invalid: it cannot be read, or is longer than `limit`.
Result<std::string> ReadInput(const std::string& path, size_t limit);

// In any form of tcb/input/evidence.h. Errors name the file; request.invalid: it cannot be read. Evidence is at most
// 1 MiB.
Result<input::Evidence> ReadEvidence(const std::string& path);
// The same in two steps, for who passes on what was read.
Result<std::string> ReadEvidenceText(const std::string& path);
Result<input::Evidence> EvidenceIn(const std::string& path, std::string_view text);

// A file is one of the JSON forms (tcb/input/collateral_form.h); a directory holds tcb_info.json, tcb_info_chain.pem, qe_identity.json,
// qe_identity_chain.pem, pck_crl.der, pck_crl_chain.pem, root_ca_crl.der, pck_chain.pem. A file that is
// absent from a directory is missing collateral, which the verifier judges.
//   kMalformed  request.invalid: the path, or a file in it, cannot be read, or the directory holds files of other names
//               alone; collateral.malformed: a file is not what its name says. Errors name the file or member.
Result<intel::CollateralSet> ReadIntelCollateral(const std::string& path);

// Beside AMD's evidence: a directory, or a file of certificates or of Azure's THIM (also base64 of it). In a directory,
// vcek.der or vlek.der, chain.pem, crl.der are judged as they are, and every other file with certificates, a CRL or a
// THIM document in it is a hint, whatever its name; for HCL reports there are td_quote.bin, tpm_quote.msg, tpm_quote.sig,
// tpm_pcrs.json. What is absent is missing.
// Of a container's security context (UVM_SECURITY_CONTEXT_DIR): transparent-reference-info-base64 or else
// reference-info-base64, security-policy-base64, and the THIM document in host-amd-cert-base64; also reference-info.cose
// and security-policy.rego, as they are. These two are evidence, not hints.
struct AmdFiles {
  amd::EndorsementSet endorsements;
  std::optional<Bytes> uvm_endorsement, security_policy;
  std::optional<Bytes> td_quote;
  std::optional<tpm::Quote> tpm_quote;
};
//   kMalformed  request.invalid: neither directory nor such a file, or one that cannot be read; collateral.malformed,
//   hcl.format: what is in one
Result<AmdFiles> ReadAmdCollateral(const std::string& path);

// What lies beside a container's report, named by itself, within the limits of its kind: in base64 where the name says so
// or the endorsement is no COSE_Sign1 as it is. Absent: none is named.
Result<std::optional<Bytes>> ReadUvmEndorsementFile(const std::optional<std::string>& path);
Result<std::optional<Bytes>> ReadSecurityPolicyFile(const std::optional<std::string>& path);

}  // namespace thimble
