// SPDX-License-Identifier: Apache-2.0
//
// The floor for SEV-SNP reports: the same signatures, keys and digests ready, checked by the bare library calls.
#pragma once

#include <memory>

#include "tcb/amd/verify.h"
#include "tcb/base/bytes.h"

namespace thimble::bench {

class SnpFloor {
 public:
  // The report's by P-384; then the leaf's, the intermediate's, the root's own and the CRL's by RSA-4096 with PSS.
  static SnpFloor OfReport(ByteView report, const amd::EndorsementSet& given);
  ~SnpFloor();
  SnpFloor(SnpFloor&&) noexcept;

  void VerifyReport() const;  // aborts when a signature does not hold, as the next does
  void VerifyAll() const;

 private:
  struct Impl;
  explicit SnpFloor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::bench
