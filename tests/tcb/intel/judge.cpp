// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/intel/judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace thimble::test {
namespace {

std::string Joined(std::vector<std::string_view> names) {
  std::sort(names.begin(), names.end());
  std::string out;
  for (const std::string_view name : names) out += std::string(out.empty() ? "" : " ") + std::string(name);
  return out;
}

std::string AllFindings(const Verdict& verdict) {
  std::string out;
  for (const Finding& finding : verdict.findings) {
    out += std::string(CheckName(finding.check)) + ": " + finding.message + "\n";
  }
  return out;
}

std::string FindingsOf(const Verdict& verdict, Severity severity) {
  std::vector<std::string_view> names;
  for (const Finding& finding : verdict.findings) {
    const bool of_the_world = finding.check == Check::kTrustAnchorExtra;
    if (finding.severity == severity && !of_the_world) names.push_back(CheckName(finding.check));
  }
  return Joined(std::move(names));
}

const sim::SimIntel& Or(const sim::SimIntel* world) { return world != nullptr ? *world : World(); }

}  // namespace

const sim::SimIntel& World() {
  static const sim::SimIntel world = sim::SimIntel::Make();
  return world;
}

const TrustAnchors& WorldAnchors() {
  static const TrustAnchors anchors = World().Anchors();
  return anchors;
}

sim::SimIntel WorldWith(sim::IntelCertificate which, sim::Bend<sim::CertificateSpec> bend) {
  sim::IntelOptions options;
  options.bend[which] = std::move(bend);
  return sim::SimIntel::Make(std::move(options));
}

Bytes QuoteOf(const Case& c) {
  Bytes quote = Or(c.quote_world).Quote(c.quote);
  sim::Apply(c.quote_bytes, quote);
  return quote;
}

intel::CollateralSet SetOf(const Case& c) {
  sim::CollateralOptions options = c.collateral;
  options.tee = c.quote.tdx ? IntelTee::kTdx : IntelTee::kSgx;
  options.ca = c.quote.platform.ca;
  options.fmspc = c.quote.platform.fmspc;
  intel::CollateralSet set = Or(c.set_world).Collateral(options);
  sim::Apply(c.set, set);
  return set;
}

Result<Verdict> Judge(const Case& c, intel::Memo* memo) {
  const Bytes quote = QuoteOf(c);
  return intel::VerifyQuoteWith(quote, SetOf(c), c.anchors != nullptr ? *c.anchors : WorldAnchors(), c.at,
                                memo);
}

std::string SoftFindings(const Verdict& verdict) { return FindingsOf(verdict, Severity::kSoft); }
std::string Notes(const Verdict& verdict) { return FindingsOf(verdict, Severity::kNote); }

std::string Names(std::initializer_list<Check> checks) {
  std::vector<std::string_view> names;
  for (const Check check : checks) names.push_back(CheckName(check));
  return Joined(std::move(names));
}

void ExpectGood(const Case& c) { ExpectSoft(c, {}); }

void ExpectSoft(const Case& c, std::initializer_list<Check> checks) { ExpectFindings(c, checks, {}); }
void ExpectNoted(const Case& c, std::initializer_list<Check> checks) { ExpectFindings(c, {}, checks); }

void ExpectFindings(const Case& c, std::initializer_list<Check> soft, std::initializer_list<Check> notes) {
  SCOPED_TRACE(c.name);
  const auto result = Judge(c);
  ASSERT_TRUE(result.ok()) << CheckName(result.error().check) << ": " << result.error().message;
  EXPECT_TRUE(result->authentic) << AllFindings(*result);
  EXPECT_EQ(result->hard(), nullptr) << AllFindings(*result);
  EXPECT_TRUE(result->tcb_status.has_value());
  EXPECT_EQ(SoftFindings(*result), Names(soft)) << AllFindings(*result);
  EXPECT_EQ(Notes(*result), Names(notes)) << AllFindings(*result);
  for (const auto& checks : {soft, notes}) {
    for (const Check check : checks) EXPECT_EQ(result->checks.Get(check), CheckResult::kFailed);
  }
}

void ExpectHard(const Case& c, Check check, std::initializer_list<Check> soft) {
  SCOPED_TRACE(c.name);
  const auto result = Judge(c);
  ASSERT_TRUE(result.ok()) << CheckName(result.error().check) << ": " << result.error().message;
  const Finding* const hard = result->hard();
  ASSERT_NE(hard, nullptr) << "no hard finding, expected " << CheckName(check);
  EXPECT_EQ(CheckName(hard->check), CheckName(check)) << AllFindings(*result);
  EXPECT_EQ(hard, &result->findings.back()) << AllFindings(*result);
  EXPECT_EQ(result->authentic, check == Check::kTcbNotSupported);
  EXPECT_FALSE(result->tcb_status.has_value());
  EXPECT_EQ(result->checks.Get(check), CheckResult::kFailed);
  EXPECT_FALSE(hard->message.empty());
  EXPECT_EQ(SoftFindings(*result), Names(soft)) << AllFindings(*result);
}

void ExpectError(const Case& c, ErrorKind kind, Check check) {
  SCOPED_TRACE(c.name);
  const auto result = Judge(c);
  ASSERT_FALSE(result.ok()) << "a verdict, expected " << CheckName(check) << "\n" << AllFindings(*result);
  EXPECT_EQ(CheckName(result.error().check), CheckName(check)) << result.error().message;
  EXPECT_EQ(result.error().kind, kind) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
}

}  // namespace thimble::test
