// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates by PPID: `pckcert` and `pckcerts` of the PCS. The two platforms of the simulated Intel are
// known, and a stranger's, by their PPID in clear, padded to the 384 bytes of an encrypted one; or by a manifest.
#pragma once

#include "fetchers/url.h"
#include "tests/support/sim_pcs.h"

namespace thimble::sim {

// Hex, 768 digits. Encryption is random: another `round` is another text of the same PPID.
std::string EncryptedPpid(const PckSpec& platform, uint8_t round = 0);
PckSpec StrangersPlatform();  // like ServerPlatform(), with a PPID of its own

std::string PlatformManifest(const PckSpec& platform);  // hex: the PPID likewise, in 9000 bytes

VendorReply AnswerPckCert(const SimIntel& intel, const Target& target);
VendorReply AnswerPckCerts(const SimIntel& intel, const Target& target);
// POST: {"platformManifest": hex, "pceid": hex}.
VendorReply AnswerPckCertsByManifest(const SimIntel& intel, const std::string& body);

}  // namespace thimble::sim
