// SPDX-License-Identifier: Apache-2.0
//
// A signature under a key that some other evidence vouches for, in the algorithms that certificates made in enclaves have.
// Of no use for chains: these have profiles of their own (pki/certificate.h).
#pragma once

#include "tcb/base/bytes.h"

namespace thimble {

// `public_key`: SubjectPublicKeyInfo, of RSA with 1024 to 8192 bits, or P-256, P-384 or P-521. `algorithm`: the content of
// an AlgorithmIdentifier, RSASSA-PKCS1-v1_5 or ECDSA with SHA-256, SHA-384 or SHA-512. False for anything else.
bool VerifySelfSignature(ByteView public_key, ByteView algorithm, ByteView message, ByteView signature);

}  // namespace thimble
