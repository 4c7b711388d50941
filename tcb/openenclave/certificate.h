// SPDX-License-Identifier: Apache-2.0
//
// Certificates that carry evidence about their own key (spec/open-enclave.md section 1.5). They are self-signed and of any
// algorithm that an enclave picks, also RSA of 1024 bits: what vouches for the key is the evidence, so they are read
// apart from the vendors' certificates, whose profiles stay as strict as they are. Internal to tcb/openenclave.
#pragma once

#include <optional>
#include <string>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::openenclave {

// The views are valid as long as the DER.
struct EvidenceCertificate {
  ByteView evidence;         // what the extension holds
  bool is_evidence = false;  // an extension for OE evidence, not for a report or quote
  std::string key_pem;       // SubjectPublicKeyInfo as PEM, with the NUL that ends it
  ByteView public_key;       // SubjectPublicKeyInfo
  ByteView signed_bytes, signature_algorithm, signature;

  // Under its own key, which may be of RSA from 1024 bits on, or P-256, P-384 or P-521.
  bool IsSelfSigned() const;
};

// One DER structure, a certificate by its outer form, with an extension of Open Enclave's.
bool LooksLikeEvidenceCertificate(ByteView bytes);
// Malformed: oe.format.
Result<EvidenceCertificate> ReadEvidenceCertificate(ByteView der);

}  // namespace thimble::openenclave
