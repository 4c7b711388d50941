// SPDX-License-Identifier: Apache-2.0
//
// Simulated vendors as files: what `thimble-vendors --out DIR` leaves there, and the collateral of one quote or
// report in the layout of `--collateral DIR`.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {

struct EvidenceFile {
  std::string name;  // "good-tdx-v4.bin"
  Bytes bytes;
};
// good-*: authentic and, but for good-newest-*, UpToDate only under the standard number. old-*: authentic,
// and OutOfDate under it. revoked-*: their PCK certificate is in the PCK CRL. forged-*: not authentic.
std::vector<EvidenceFile> IntelEvidence(const SimIntel& intel);
// The same for quotes in Open Enclave wrapping: forged-* are of another root, or do not bind what they carry.
std::vector<EvidenceFile> OpenEnclaveEvidence(const SimIntel& intel);
// The same for AMD: of good-* nothing is short by the built-in floors, good-snp-LINE-v5.bin is one of each CPU line, old-*
// are OutOfDate; good-snp-milan-vlek.bin has its certificates after it, good-hcl-snp-milan.bin is an HCL report.
std::vector<EvidenceFile> AmdEvidence(const SimAmd& amd);

// Both throw std::runtime_error when a file cannot be written.
void WriteFile(const std::filesystem::path& path, ByteView bytes);
void WriteCollateral(const std::filesystem::path& directory, const intel::CollateralSet& set);
void WriteEndorsements(const std::filesystem::path& directory, const SimAmd& amd,
                       const SnpPlatform& platform);

// root.pem (all roots), intel-root.pem, amd-root.pem, the evidence, collateral-{sgx,tdx,snp-milan}/,
// {good,old,forged}-container/ (the security context of a confidential container, with its report),
// platform-roots.pem (of TPMs and VBS enclaves, sim_machine.h), oe-endorsements.bin (collateral-sgx in one buffer), held-data.bin (of good-oe-report.bin), and config.toml, which points at vendors with this base.
void WriteVendorFiles(const std::filesystem::path& directory, const SimIntel& intel, const SimAmd& amd,
                      const std::string& base_url);

}  // namespace thimble::sim
