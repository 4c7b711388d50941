// SPDX-License-Identifier: Apache-2.0
//
// The key that a quote is signed with: its public area, and what shows whose it is (spec/vbs-and-tpm.md sections 2.3, 3).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/pki/certificate.h"

namespace thimble::tpm {

// TPMT_PUBLIC.
struct PublicArea {
  uint32_t attributes = 0;
  PublicKey key;
};
// Also TPM2B_PUBLIC, the same behind its length. Malformed (tpm.format): cut short, bytes after its end, a key that is
// neither RSA of 2048 to 4096 bits with exponent 65537 nor on P-256 or P-384.
Result<PublicArea> ParsePublicArea(ByteView bytes);
// Why a key of these attributes may sign what its TPM has not made; empty: it may not.
std::string AttributeProblem(uint32_t attributes);

// What comes with a quote about the key that signed it.
struct KeyEvidence {
  std::optional<PublicKey> key;            // as the caller gives it, of a public area too
  std::optional<Digest256> public_sha256;  // of what it was given as: SubjectPublicKeyInfo, or a public area
  std::optional<uint32_t> attributes;      // absent: the key was not given with its public area
  CertificatePtr certificate;              // null: none
  std::vector<CertificatePtr> chain;       // helpers, in any order; nobody trusts them
  std::optional<Bytes> event_log;

  bool empty() const { return !key && !certificate && chain.empty() && !event_log; }
};

// The key that other evidence vouches for, and what messages call it. Absent: it is of no kind that is judged here.
struct VouchedKey {
  std::optional<PublicKey> key;
  std::string name;
};

// Each from the form in which it is at hand. Malformed (tpm.format).
Status TakePublicKey(ByteView bytes,
                     KeyEvidence& out);  // PEM, SubjectPublicKeyInfo, TPMT_PUBLIC, TPM2B_PUBLIC
Status TakeCertificate(ByteView bytes, KeyEvidence& out);  // PEM, or DER as NV memory holds it
Status TakeChain(ByteView bytes, KeyEvidence& out);        // PEM blocks, or one certificate in DER

}  // namespace thimble::tpm
