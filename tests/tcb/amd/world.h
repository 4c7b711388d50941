// SPDX-License-Identifier: Apache-2.0
//
// The simulated AMD that these tests share, and what they ask of verdicts.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tcb/amd/verify.h"
#include "tcb/check.h"
#include "tests/support/sim_amd.h"

namespace thimble::amd {

inline const sim::SimAmd& World() {
  static const sim::SimAmd world = sim::SimAmd::Make();
  return world;
}
inline const TrustAnchors& WorldAnchors() {
  static const TrustAnchors anchors = World().Anchors();
  return anchors;
}

inline std::vector<sim::SnpPlatform> AllPlatforms() {
  std::vector<sim::SnpPlatform> out;
  for (const Product product : {Product::kMilan, Product::kGenoa, Product::kTurin}) {
    for (const SigningKey kind : {SigningKey::kVcek, SigningKey::kVlek})
      out.push_back(sim::SnpPlatform::Of(product, kind));
  }
  return out;
}
inline std::string NameOf(const sim::SnpPlatform& platform) {
  return std::string(ProductName(platform.product)) + " " + std::string(SigningKeyName(platform.kind));
}

inline Result<Verdict> Judge(const Bytes& evidence, const EndorsementSet& given) {
  return VerifyReport(evidence, given, std::nullopt, WorldAnchors(), World().now(), AmdCrlMode::kRequire);
}

inline std::string Text(const Verdict& verdict) {
  std::string out;
  for (const Finding& finding : verdict.findings)
    out += std::string(CheckName(finding.check)) + ": " + finding.message + "\n";
  return out;
}

// The findings but for the note that the simulated AMD is no pinned anchor.
inline std::vector<Finding> FindingsOf(const Verdict& verdict) {
  std::vector<Finding> out;
  std::ranges::copy_if(verdict.findings, std::back_inserter(out),
                       [](const Finding& f) { return f.check != Check::kTrustAnchorExtra; });
  return out;
}

inline void ExpectGood(const Result<Verdict>& result) {
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->authentic);
  EXPECT_TRUE(FindingsOf(*result).empty()) << Text(*result);
}

// This finding and no other.
inline void ExpectOnly(const Result<Verdict>& result, Check check, Severity severity) {
  ASSERT_TRUE(result.ok()) << result.error().message;
  const auto findings = FindingsOf(*result);
  ASSERT_EQ(findings.size(), 1u) << Text(*result) << "expected " << CheckName(check);
  EXPECT_EQ(findings[0].check, check) << Text(*result);
  EXPECT_EQ(findings[0].severity, severity);
  EXPECT_EQ(result->checks.Get(check), CheckResult::kFailed);
  EXPECT_EQ(result->authentic, severity == Severity::kSoft);
}

inline void ExpectError(const auto& result, ErrorKind kind, Check check) {
  ASSERT_FALSE(result.ok()) << "expected " << CheckName(check);
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
  EXPECT_EQ(result.error().check, check) << CheckName(result.error().check) << ": " << result.error().message;
}

}  // namespace thimble::amd
