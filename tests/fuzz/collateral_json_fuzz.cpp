// SPDX-License-Identifier: Apache-2.0
//
// Collateral in the JSON form in common use, through to its verification.
#include "tcb/input/collateral_form.h"
#include "tcb/pki/trust_anchors.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/sim_intel.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(bytes) {
  const auto set = input::ParseCollateralJson(bytes);
  if (!set.ok()) {
    return Holds(set.error().kind == ErrorKind::kMalformed, "what cannot be read is malformed");
  }
  static const TrustAnchors anchors = sim::SimIntel::Make().Anchors();
  const auto prepared = intel::PrepareCollateral(*set, anchors);
  if (!prepared.ok())
    return Holds(prepared.error().kind != ErrorKind::kInternal, "no input is an internal error");
  Holds(prepared->tcb_info != nullptr && prepared->qe_identity != nullptr &&
            prepared->root_ca_crl != nullptr && prepared->pck_crl != nullptr,
        "what is verified is complete");
}
