// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates by PPID: `pckcert` and `pckcerts` of the PCS. The two platforms of the simulated Intel are
// known, by their PPID in clear, zero padded to the 384 bytes of an encrypted one.
#pragma once

#include "fetchers/url.h"
#include "tests/support/sim_pcs.h"

namespace thimble::sim {

std::string EncryptedPpid(const PckSpec& platform);  // hex, 768 digits

VendorReply AnswerPckCert(const SimIntel& intel, const Target& target);
VendorReply AnswerPckCerts(const SimIntel& intel, const Target& target);

}  // namespace thimble::sim
