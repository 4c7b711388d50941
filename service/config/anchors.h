// SPDX-License-Identifier: Apache-2.0
//
// The trust anchors of a process: the pinned ones, and what the operator adds from files.
#pragma once

#include <string>
#include <vector>

#include "fetchers/intel_crl_addresses.h"
#include "tcb/base/result.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Errors name the file: it cannot be read, or is not a self-signed root certificate.
Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& pem_files);
// Where the CRLs of the roots in these files are.
Result<RootCrlAddresses> ReadRootCrlAddresses(const std::vector<std::string>& pem_files);

}  // namespace thimble
