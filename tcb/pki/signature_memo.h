// SPDX-License-Identifier: Apache-2.0
//
// Signatures of certificates and CRLs that have been found to hold: a fleet's reports come with the same few chains,
// and an RSA-4096 chain costs as much as the report itself.
#pragma once

#include <array>
#include <variant>

#include "tcb/base/generation_map.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"

namespace thimble {

// Bounded; owned by the caller of the verifier. Thread-safe. A hit saves the signature check and nothing else.
class SignatureMemo {
 public:
  explicit SignatureMemo(size_t capacity = 16384) : links_(capacity) {}

  // As signed_one.SignedBy(issuer), once for the same bytes and issuer key. Failures are not remembered.
  bool SignedBy(const Certificate& signed_one, const Certificate& issuer);
  bool SignedBy(const Crl& signed_one, const Certificate& issuer);

 private:
  template <class Signed>
  bool Ask(const Signed& signed_one, const Certificate& issuer);

  GenerationMap<std::monostate> links_;  // by SHA-256 of what is signed, SHA-256 of the issuer's key
};

// With a memo that may be null.
template <class Signed>
bool SignedBy(const Signed& signed_one, const Certificate& issuer, SignatureMemo* memo) {
  return memo != nullptr ? memo->SignedBy(signed_one, issuer) : signed_one.SignedBy(issuer);
}

}  // namespace thimble
