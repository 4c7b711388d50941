// SPDX-License-Identifier: Apache-2.0
//
// Constraints that a CA sets on the names below it (RFC 5280 section 4.2.1.10). Those on names of hosts are read; those on any
// other kind are not, and allow nothing.
#pragma once

#include "tcb/pki/certificate.h"

namespace thimble {

// Why a certificate below this issuer may not have the names that it has; nullptr: it may.
const char* NameConstraintProblem(const Certificate& issuer, const Certificate& below, bool is_leaf);

}  // namespace thimble
