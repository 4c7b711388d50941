// SPDX-License-Identifier: Apache-2.0
//
// A simulated Intel as files: what `thimble-vendors --out DIR` leaves there, and the collateral of one quote
// in the layout of `--collateral DIR`.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sim_intel.h"

namespace thimble::sim {

struct EvidenceFile {
  std::string name;  // "good-tdx-v4.bin"
  Bytes bytes;
};
// good-*: authentic and, but for good-newest-*, UpToDate only under the standard number. old-*: authentic,
// and OutOfDate under it. revoked-*: their PCK certificate is in the PCK CRL. forged-*: not authentic.
std::vector<EvidenceFile> IntelEvidence(const SimIntel& intel);

// Both throw std::runtime_error when a file cannot be written.
void WriteFile(const std::filesystem::path& path, ByteView bytes);
void WriteCollateral(const std::filesystem::path& directory, const intel::CollateralSet& set);

// root.pem, intel-root.pem, the evidence, collateral-{sgx,tdx}/, and config.toml, which points at `pcs_url`.
void WriteIntelFiles(const std::filesystem::path& directory, const SimIntel& intel,
                     const std::string& pcs_url);

}  // namespace thimble::sim
