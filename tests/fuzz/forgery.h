// SPDX-License-Identifier: Apache-2.0
//
// An attacker's workshop: the genuine objects of the simulated Intel, those of a forger with other keys, and the ways to
// combine them.
#pragma once

#include <array>
#include <vector>

#include "tcb/intel/quote.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sim_intel.h"

namespace thimble::fuzz {

// Evidence and collateral as bytes, in the order of CollateralSet.
enum Part : uint8_t {
  kQuote,
  kRootCaCrl,
  kPckCrl,
  kTcbInfo,
  kQeIdentity,
  kPckCrlChain,
  kTcbInfoChain,
  kQeIdentityChain,
  kPckChain,
  kPartCount
};
using Parts = std::array<Bytes, kPartCount>;
intel::CollateralSet SetOf(const Parts& parts);

struct GenuineQuote {
  Bytes signed_bytes;
  intel::PlatformFacts facts;
  bool revoked = false;
};
struct Genuine {
  std::vector<GenuineQuote> quotes;
  std::vector<Bytes> signed_objects;  // JSON members and CRLs
  TrustAnchors anchors;
  Digest256 root_spki;
  Instant now{};
};
const Genuine& GenuineObjects();

// Starts from a genuine set and does to it what the input says. What comes out may still be genuine.
Parts Forge(Choices& in);

}  // namespace thimble::fuzz
