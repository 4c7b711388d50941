// SPDX-License-Identifier: Apache-2.0
//
// The decoder of enclave identities.
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_level.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  const auto identity = intel::DecodeEnclaveIdentity(input);
  if (!identity.ok()) {
    Holds(identity.error().kind == ErrorKind::kMalformed, "an identity that does not decode is malformed");
    return;
  }
  const auto& levels = identity->levels;
  Holds(!levels.empty(), "there are levels");
  for (size_t i = 1; i < levels.size(); ++i)
    Holds(levels[i - 1].isv_svn > levels[i].isv_svn, "levels descend, without duplicates");
  for (const auto& level : levels)
    Holds(intel::MatchIsvLevel(levels, level.isv_svn) == &level, "a level matches its own SVN");
}
