// SPDX-License-Identifier: Apache-2.0
//
// Evidence and collateral as files: `verify EVIDENCE --collateral FILE.json|DIR`. The directory forms are in
// DESIGN section 4.
#pragma once

#include <optional>
#include <string>

#include "tcb/amd/tpm_quote.h"
#include "tcb/amd/verify.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/intel/verify.h"

namespace thimble {

// Bytes that were written down as text, hex or base64 of either alphabet, with line ends; anything else as it is.
Bytes FromTextForm(std::string_view text);

// Also in a text form. request.invalid: it cannot be read. Evidence is at most 1 MiB.
Result<Bytes> ReadEvidence(const std::string& path);

// A file is the common JSON form; a directory holds tcb_info.json, tcb_info_chain.pem, qe_identity.json,
// qe_identity_chain.pem, pck_crl.der, pck_crl_chain.pem, root_ca_crl.der, pck_chain.pem. A file that is
// absent from a directory is missing collateral, which the verifier judges.
//   kMalformed  request.invalid       the path, or a file in it, cannot be read: the user named the wrong
//   thing kMalformed  collateral.malformed  the JSON form cannot be decoded; all else is decoded by the
//   verifier
Result<intel::CollateralSet> ReadIntelCollateral(const std::string& path);

// Beside AMD's evidence: a directory, or a file of certificates or of Azure's THIM (also base64 of it). In a directory,
// vcek.der or vlek.der, chain.pem, crl.der are judged as they are, and every other file with certificates, a CRL or a
// THIM document in it is a hint, whatever its name; for HCL reports there are td_quote.bin, tpm_quote.msg, tpm_quote.sig,
// tpm_pcrs.json. What is absent is missing.
struct AmdFiles {
  amd::EndorsementSet endorsements;
  std::optional<Bytes> td_quote;
  std::optional<amd::TpmQuote> tpm_quote;
};
//   kMalformed  request.invalid: neither directory nor such a file, or one that cannot be read; collateral.malformed,
//   hcl.format: what is in one
Result<AmdFiles> ReadAmdCollateral(const std::string& path);

}  // namespace thimble
