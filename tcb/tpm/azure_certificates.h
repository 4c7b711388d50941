// SPDX-License-Identifier: Apache-2.0
//
// Microsoft's roots of the virtual TPMs of Azure, pinned, and certificates that lead to them and that nobody has to trust:
// some AK certificates say nowhere where their issuer's is to be had (spec/certificates.md section 3).
#pragma once

#include <vector>

#include "tcb/pki/path.h"

namespace thimble::tpm {

std::vector<PathRoot> AzureTpmRoots();
const std::vector<CertificatePtr>& AzureTpmCertificates();

}  // namespace thimble::tpm
