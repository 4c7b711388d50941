// SPDX-License-Identifier: Apache-2.0
//
// Evidence of a simulated enclave in each wrapping, and judging it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tcb/check.h"
#include "tcb/intel/verify.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/verify.h"
#include "tests/support/sim_openenclave.h"

namespace thimble::openenclave {

inline const sim::SimIntel& World() {
  static const sim::SimIntel kWorld = sim::SimIntel::Make();
  return kWorld;
}

inline Bytes BytesOf(std::string_view text) { return Bytes(text.begin(), text.end()); }
inline Bytes Joined(Bytes front, ByteView back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

// What is recognised, judged with good collateral.
inline Result<Verdict> Judge(const Result<Evidence>& evidence) {
  TRY(evidence);
  const bool tdx = intel::ParseQuote(evidence->quote).ok() && intel::ParseQuote(evidence->quote)->tdx;
  const auto set = World().Collateral({.tee = tdx ? IntelTee::kTdx : IntelTee::kSgx});
  TRY_ASSIGN(Verdict verdict,
             intel::VerifyQuoteWith(evidence->quote, set, World().Anchors(), World().now(), nullptr));
  CheckOpenEnclave(verdict, *evidence);
  EXPECT_EQ(verdict.authentic, verdict.hard() == nullptr);
  EXPECT_EQ(verdict.tcb_status.has_value(), verdict.authentic);
  return verdict;
}
inline Result<Verdict> Judge(ByteView bytes) {
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(bytes));
  EXPECT_EQ(kind, EvidenceKind::kOpenEnclave);
  return Judge(ParseEvidence(bytes));
}

// The check that an error or a hard finding names; none: nothing is wrong.
inline std::string FailsOn(const Result<Verdict>& verdict) {
  if (!verdict.ok()) return std::string(CheckName(verdict.error().check));
  const Finding* hard = verdict->hard();
  return std::string(hard != nullptr ? CheckName(hard->check) : "");
}

}  // namespace thimble::openenclave
