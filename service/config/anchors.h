// SPDX-License-Identifier: Apache-2.0
//
// The trust anchors of a process: the pinned ones, and what the operator adds from files.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Errors name the file: it cannot be read, or is not a self-signed root certificate.
Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& pem_files);

}  // namespace thimble
