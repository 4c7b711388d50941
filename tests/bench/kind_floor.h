// SPDX-License-Identifier: Apache-2.0
//
// The floor for evidence that rests on a signature or two of other kinds than a quote's: such signatures, by keys of the
// simulated worlds, with digests ready, checked by the bare library calls.
#pragma once

#include <memory>

#include "tests/support/sim_key.h"
#include "tests/support/sim_rsa_key.h"

namespace thimble::bench {

class KindFloor {
 public:
  KindFloor();
  ~KindFloor();
  KindFloor(const KindFloor&) = delete;
  KindFloor& operator=(const KindFloor&) = delete;

  KindFloor& AddPkcs1(const sim::SimRsaKey& key);  // SHA-256
  KindFloor& AddPss(const sim::SimRsaKey& key);    // SHA-256
  KindFloor& AddEcdsa(const sim::SimKey& key);     // P-384 with SHA-384

  void Verify() const;  // all of them; aborts when one does not hold

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::bench
