// SPDX-License-Identifier: Apache-2.0
//
// A certificate authority for this installation alone, and the server's certificate under it. On P-256: a handshake
// then costs a seventh of one with RSA-3072, and Intel's client makes one for every request.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

struct PemPair {
  std::string certificate, key;  // PEM
};

// Errors are the library's (kInternal).
Result<PemPair> MakeCa(const std::string& name, Instant now);  // ten years
// For these host names and IP addresses; 397 days. kMalformed (request.invalid) when `ca` is not what MakeCa made, or a
// name is none.
enum class CertificateUse : uint8_t { kServer, kClient };
Result<PemPair> MakeCertificate(const PemPair& ca, CertificateUse use, const std::vector<std::string>& hosts,
                                Instant now);

// 256 bits from the system's generator, as hex.
std::string RandomToken();

}  // namespace thimble
