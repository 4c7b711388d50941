// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates by PPID: `pckcert` and `pckcerts` of the PCS. The two platforms of the simulated Intel are
// known, by their PPID in clear, zero padded to the 384 bytes of an encrypted one; or by a manifest.
#pragma once

#include "fetchers/url.h"
#include "tests/support/sim_pcs.h"

namespace thimble::sim {

std::string EncryptedPpid(const PckSpec& platform);  // hex, 768 digits

std::string PlatformManifest(const PckSpec& platform);  // hex: the PPID likewise, in 9000 bytes

VendorReply AnswerPckCert(const SimIntel& intel, const Target& target);
VendorReply AnswerPckCerts(const SimIntel& intel, const Target& target);
// POST: {"platformManifest": hex, "pceid": hex}.
VendorReply AnswerPckCertsByManifest(const SimIntel& intel, const std::string& body);

}  // namespace thimble::sim
