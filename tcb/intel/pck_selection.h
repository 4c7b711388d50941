// SPDX-License-Identifier: Apache-2.0
//
// Which of a platform's PCK certificates fits a TCB that it reports (spec/intel-pccs-api.md section 6).
//
// Every certificate stands in the bucket of the first TCB level that it covers, levels in matching order, or in a
// last one; the first certificate that the platform's TCB covers, bucket by bucket, is the answer. Within a bucket
// certificates go in descending order: component by component, then by PCESVN.
//
// Intel's library puts a certificate in front of the first one in the bucket that it covers, so its order within
// a bucket is one that agrees with "covers", and which one depends on the order of the input. Where a single
// certificate of a bucket covers all the others that the platform covers, every such order begins with it, ours
// too: the answers are the same. Where there are several that do not cover each other, Intel's answer is the one
// of them that came first, and ours is the greatest in TCB level order, whatever came first.
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

// `raw` is what the platform reports. Rejected (tcb_info.mismatch) when the TCB info is not the SGX one of this
// platform's FMSPC and PCE.
Result<PckSelection> SelectPck(const PckSet& set, const PckTcb& raw, const TcbInfo& info);

}  // namespace thimble::intel
