// SPDX-License-Identifier: Apache-2.0
//
// Judging a simulated quote with its collateral, one thing about them bent, and saying what must come of it.
#pragma once

#include <initializer_list>
#include <string>

#include "tcb/check.h"
#include "tcb/intel/verify.h"
#include "tests/support/sim_intel.h"

namespace thimble::test {

// One world for all tests: making one costs four signatures.
const sim::SimIntel& World();
const TrustAnchors& WorldAnchors();
// The same Intel, same keys, with one certificate of its own issued otherwise.
sim::SimIntel WorldWith(sim::IntelCertificate which, sim::Bend<sim::CertificateSpec> bend);

// As it stands everything about it is good. The collateral is that of the quote's TEE, CA and FMSPC.
struct Case {
  std::string name = {};
  sim::QuoteOptions quote = {};
  sim::CollateralOptions collateral = {};
  sim::Bend<Bytes> quote_bytes = {};         // after it is signed
  sim::Bend<intel::CollateralSet> set = {};  // after everything in it is signed
  Instant at = sim::kNow;
  const sim::SimIntel* quote_world = nullptr;  // instead of World()
  const sim::SimIntel* set_world = nullptr;
  const TrustAnchors* anchors = nullptr;  // instead of WorldAnchors()
};

Bytes QuoteOf(const Case& c);
intel::CollateralSet SetOf(const Case& c);
Result<Verdict> Judge(const Case& c, intel::Memo* memo = nullptr);

// "tcb_info.expired sgx.debug"; and the notes, but for the one that the simulated root is an extra anchor.
std::string SoftFindings(const Verdict& verdict);
std::string Notes(const Verdict& verdict);
std::string Names(std::initializer_list<Check> checks);

// A verdict, authentic, without a finding.
void ExpectGood(const Case& c);
// A verdict, authentic, with exactly these soft findings or notes, in any order.
void ExpectSoft(const Case& c, std::initializer_list<Check> checks);
void ExpectNoted(const Case& c, std::initializer_list<Check> checks);
void ExpectFindings(const Case& c, std::initializer_list<Check> soft, std::initializer_list<Check> notes);
// A verdict that ended at this check and found nothing else but `soft`.
void ExpectHard(const Case& c, Check check, std::initializer_list<Check> soft = {});
// No verdict.
void ExpectError(const Case& c, ErrorKind kind, Check check);

}  // namespace thimble::test
