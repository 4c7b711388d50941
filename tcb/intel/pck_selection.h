// SPDX-License-Identifier: Apache-2.0
//
// Which of a platform's PCK certificates fits a TCB that it reports (spec/intel-pccs-api.md section 6).
//
// As Intel's library does it, step by step, so that a platform has the certificate here that it has there. Every
// certificate stands in the bucket of the first TCB level that it covers, levels in matching order, or in a last one;
// the first certificate that the platform's TCB covers, bucket by bucket, is the answer. In its bucket a certificate
// goes in front of the first one that it covers, else to the end: among certificates that do not cover each other, the
// one that Intel sent first is tried first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/intel/pck_set.h"
#include "tcb/intel/tcb_info.h"

namespace thimble::intel {

// A certificate that was looked at, and why it does not fit if it does not.
struct PckCandidate {
  const PckCertificate* certificate = nullptr;
  std::optional<size_t> level;        // of the bucket, into TcbInfo::levels; nullopt: below every level
  std::optional<Shortfall> too_high;  // the first component in which the platform is below it
};

// Points into the set.
struct PckSelection {
  const PckCertificate* chosen = nullptr;  // null: none fits
  std::vector<PckCandidate> candidates;    // all, in the order they are tried
};

// `raw` is what the platform reports; the set is in the order in which Intel sent it. Rejected (tcb_info.mismatch) when the TCB info is not the SGX one of this
// platform's FMSPC and PCE.
Result<PckSelection> SelectPck(const PckSet& set, const PckTcb& raw, const TcbInfo& info);

}  // namespace thimble::intel
