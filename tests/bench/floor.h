// SPDX-License-Identifier: Apache-2.0
//
// The floor that verifications are measured against: the same signatures, their keys and digests ready,
// checked by the bare ECDSA_do_verify and nothing else.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/intel/verify.h"

namespace thimble::bench {

class SignatureFloor {
 public:
  // The nine signatures that a cold verification of this quote checks, in the order in which they become
  // known: quote; QE report; PCK leaf; then the collateral's six.
  static SignatureFloor OfQuote(ByteView quote, const intel::CollateralSet& set);
  ~SignatureFloor();
  SignatureFloor(SignatureFloor&&) noexcept;

  // Checks the first `count`; aborts when one does not hold, so that it measures what it says.
  void Verify(size_t count) const;
  size_t size() const;

 private:
  struct Impl;
  explicit SignatureFloor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::bench
