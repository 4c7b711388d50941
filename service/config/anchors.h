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

// Of `server.anchors`: files, or "tpm=FILE" and "vbs=FILE" for roots of one use alone (AnchorUse). Errors name the file: it
// cannot be read, or has no certificate that can be an anchor.
Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& entries);
// Where the CRLs of Intel's roots in these files are.
Result<RootCrlAddresses> ReadRootCrlAddresses(const std::vector<std::string>& entries);

}  // namespace thimble
