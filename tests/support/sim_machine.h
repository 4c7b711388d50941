// SPDX-License-Identifier: Apache-2.0
//
// Simulated machines: evidence that binds what its caller wants, as hardware makes it on demand; and the evidence that no
// TEE makes, around a present of one's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {

// Of the kinds "sgx", "tdx", "snp", with these bytes and zeros as report data, and "tpm" (JSON) with them as nonce.
// nullopt: no such kind, or too many bytes for it.
std::optional<Bytes> EvidenceOfMachine(std::string_view kind, ByteView bound, const SimIntel& intel,
                                       const SimAmd* amd);

struct NamedText {
  std::string name, text;
};
// JSON of docs/EVIDENCE.md. TPM: good-, old- (its certificate has ended), forged-key- (by another key than the genuine
// certificate's), forged-certificate-, forged-pcr-tpm-quote.json. VBS: good-, old- (of a signer whose eight hours are
// over), forged-signature-, forged-data-vbs-report.json.
std::vector<NamedText> PlatformEvidence(Instant now);
// The roots of both, in PEM.
std::string PlatformRootsPem(Instant now);

}  // namespace thimble::sim
