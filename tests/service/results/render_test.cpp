// SPDX-License-Identifier: Apache-2.0
//
// The result JSON, whole: field names are stable, and this is where they are written down.
#include "service/results/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "service/api/problem.h"
#include "service/results/explain.h"
#include "service/results/render_claims.h"
#include "service/support/error_status.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using nlohmann::json;

Instant At(std::string_view text) { return *ParseRfc3339(text); }

template <class Id>
Id Filled(uint8_t byte) {
  std::array<uint8_t, Id::kSize> bytes;
  bytes.fill(byte);
  return Id(bytes);
}

Verdict RejectedTdx() {
  Verdict verdict;
  verdict.tee = Tee::kTdx;
  verdict.authentic = true;
  verdict.tcb_status = TcbStatus::kOutOfDate;
  verdict.tcb_date = At("2024-03-13T00:00:00Z");
  verdict.advisories = {"INTEL-SA-01036", "INTEL-SA-01079"};
  verdict.findings = {{Check::kTcbInfoExpired, Severity::kSoft, "next update 2026-05-01, at 2026-06-01"}};
  verdict.checks.Set(Check::kQuoteSignature, CheckResult::kPassed);
  verdict.checks.Set(Check::kTcbInfoExpired, CheckResult::kFailed);
  verdict.checks.SetNotRun(Check::kTcbNotSupported, "stopped before it");
  verdict.shortfalls = {{"tdx_module.isvsvn", 7, 11, "TDX module"}};
  intel::PlatformFacts platform;
  platform.fmspc = *intel::Fmspc::FromHex("00806F050000");
  platform.quote_version = 4;
  verdict.platform = platform;
  intel::TdxClaims claims;
  claims.mr_td = Filled<intel::Measurement384>(0xAB);
  verdict.claims = claims;
  verdict.tcb_info_evaluation = 17;
  verdict.qe_identity_evaluation = 16;
  verdict.trust_anchor = "Intel SGX Root CA";
  verdict.at = At("2026-06-01T00:00:00Z");
  verdict.window.not_after = At("2026-06-21T00:00:00Z");
  return verdict;
}

std::string Render(const Verdict& verdict, std::string_view baseline = "default") {
  Policy policy;
  policy.sha256 = Filled<Digest256>(0x11);
  VerificationOutcome outcome = VerificationOutcome::Of(verdict);
  outcome.decision = {false, {{"accepted_statuses", "[\"UpToDate\"]", "\"OutOfDate\"", false}}};
  return RenderResult({outcome, policy, baseline});
}

TEST(Render, SaysFirstWhatItIsAboutAndWhoseCollateralItRestsOn) {
  VerificationOutcome outcome = VerificationOutcome::Of(RejectedTdx());
  EXPECT_TRUE(RenderResult({outcome, Policy{}, ""}).starts_with(R"({"about":"now",)"));
  outcome.about = At("2026-06-01T00:00:00Z");
  outcome.caller_collateral = CallerCollateral::kAny;
  const Validity window{At("2026-05-20T00:00:00Z"), At("2026-06-19T00:00:00Z")};
  outcome.collateral = {{"intel/crl/root", {}, window, "https://pcs", BroughtBy::kServer},
                        {"intel/crl/pck/platform", {}, window, "", BroughtBy::kCaller}};
  outcome.nonce = NonceOutcome{.expected = Bytes(8, 1), .compared = Bytes(64, 2)};
  const std::string text = RenderResult({outcome, Policy{}, ""});
  EXPECT_TRUE(text.starts_with(R"({"about":"2026-06-01T00:00:00Z",)")) << text;
  const json result = json::parse(text);
  EXPECT_EQ(result["caller_collateral"], "any");
  EXPECT_EQ(result["collateral"][0]["brought_by"], "server");
  EXPECT_EQ(result["collateral"][0]["source"], "https://pcs");
  EXPECT_EQ(result["collateral"][1]["brought_by"], "caller");
  EXPECT_EQ(result["collateral"][1]["source"], "caller");
  EXPECT_EQ(result["nonce"], json({{"expected", HexLower(Bytes(8, 1))},
                                   {"report_data", HexLower(Bytes(64, 2))},
                                   {"freshness", "none"}}));
}

TEST(Render, WritesTheWholeResult) {
  const json result = json::parse(Render(RejectedTdx()));
  json expected = json::parse(R"({
    "about": "now", "decision": "reject", "authentic": true, "tee": "tdx", "evidence_class": "hardware_tee", "tcb_status": "OutOfDate", "status_source": "intel",
    "tcb_date": "2024-03-13T00:00:00Z", "advisories": ["INTEL-SA-01036", "INTEL-SA-01079"],
    "findings": [{"check": "tcb_info.expired", "severity": "soft", "message": "next update 2026-05-01, at 2026-06-01"}],
    "checks": [
      {"check": "quote.signature", "result": "passed"},
      {"check": "tcb_info.expired", "result": "failed", "reason": "next update 2026-05-01, at 2026-06-01"},
      {"check": "tcb.not_supported", "result": "not_run", "reason": "stopped before it"},
      {"check": "policy.accepted_statuses", "result": "failed", "reason": "wanted [\"UpToDate\"], found \"OutOfDate\""}],
    "shortfalls": [{"component": "tdx_module.isvsvn", "have": 7, "need": 11, "update": "TDX module"}],
    "collateral": [], "evaluation": {"baseline": "default", "tcb_info": 17, "qe_identity": 16},
    "trust_anchor": "Intel SGX Root CA", "at": "2026-06-01T00:00:00Z", "earliest_expiry": "2026-06-21T00:00:00Z",
    "policy": {"id": "default", "sha256": "1111111111111111111111111111111111111111111111111111111111111111",
               "rules": [{"rule": "accepted_statuses", "wanted": ["UpToDate"], "found": "OutOfDate", "ok": false}]}
  })");
  expected["platform"] = result["platform"];
  expected["claims"] = result["claims"];
  EXPECT_EQ(result, expected) << json::diff(expected, result);
  EXPECT_EQ(result["platform"]["fmspc"], "00806f050000");
  EXPECT_EQ(result["platform"]["quote_version"], 4);
  EXPECT_EQ(result["claims"]["mrtd"], HexLower(Filled<intel::Measurement384>(0xAB).view()));
}

TEST(Render, LeavesOutWhatWasNotComputed) {
  Verdict verdict;  // nothing but a hard finding
  verdict.findings = {{Check::kPckRoot, Severity::kHard, "root is not an anchor"}};
  const json result = json::parse(Render(verdict, ""));
  EXPECT_TRUE(result["tcb_status"].is_null());
  EXPECT_EQ(result["platform"], json::object());
  EXPECT_EQ(result["claims"], json::object());
  EXPECT_EQ(result["evaluation"], json::object());
  for (const char* absent : {"tcb_date", "trust_anchor", "earliest_expiry"})
    EXPECT_FALSE(result.contains(absent)) << absent;
}

std::set<std::string> ClaimNames(const Verdict& verdict) {
  std::string text;
  thimble::json::Writer writer(&text);
  WriteClaims(writer, verdict);
  std::set<std::string> names;
  const json claims = json::parse(text);
  for (const auto& [name, value] : claims.items()) names.insert(name);
  return names;
}

using Names = std::set<std::string>;

TEST(RenderClaims, NamesThoseOfSgx) {
  Verdict verdict;
  verdict.claims = intel::SgxClaims{};
  EXPECT_EQ(ClaimNames(verdict),
            (Names{"attributes", "configid", "configsvn", "cpusvn", "debug", "isvextprodid", "isvfamilyid",
                   "isvprodid", "isvsvn", "miscselect", "mrenclave", "mrsigner", "report_data"}));
}

TEST(RenderClaims, NamesThoseOfTdxAndWhatOnlyLaterReportsHave) {
  Verdict verdict;
  intel::TdxClaims claims;
  verdict.claims = claims;
  const Names names10{"debug",        "mrconfigid", "mrowner",         "mrownerconfig", "mrseam",
                      "mrsignerseam", "mrtd",       "report_data",     "rtmr0",         "rtmr1",
                      "rtmr2",        "rtmr3",      "seam_attributes", "td_attributes", "td_attributes_set",
                      "tee_tcb_svn",  "xfam"};
  EXPECT_EQ(ClaimNames(verdict), names10);
  claims.tee_tcb_svn2.emplace();
  claims.mr_service_td.emplace();
  verdict.claims = claims;
  Names names15 = names10;
  names15.insert({"tee_tcb_svn2", "mrservicetd"});
  EXPECT_EQ(ClaimNames(verdict), names15);
}

TEST(RenderClaims, NamesThoseOfSnpAsTheRecordedFacts) {
  Verdict verdict;
  amd::SnpClaims claims;
  claims.reported_tcb = amd::TcbVersion{amd::Product::kTurin, 1, 2, 3, 4, 5};
  claims.current_version = {1, 55, 40};
  verdict.claims = claims;
  auto hcl = std::make_shared<amd::HclClaims>();
  hcl->tpm_quote.emplace().selections = {{tpm::kSha384, {14}}};
  hcl->pcrs[tpm::kSha384][14] = {0xab};
  verdict.hcl = hcl;
  std::string text;
  thimble::json::Writer writer(&text);
  WriteClaims(writer, verdict);
  const json result = json::parse(text);
  EXPECT_EQ(result["reported_tcb"],
            json::parse(R"({"fmc": 5, "bootloader": 1, "tee": 2, "snp": 3, "microcode": 4})"));
  EXPECT_EQ(result["current_version"], "1.55.40");
  EXPECT_EQ(result["tpm_quote"]["pcr_bank"], "sha384");
  EXPECT_EQ(result["tpm_quote"]["pcr_selection"], json::parse("[14]"));
  EXPECT_EQ(result["tpm_pcrs"], json::parse(R"({"sha384": {"14": "ab"}})"));
  for (const char* absent : {"current_tcb", "cpuid", "launch_mit_vector", "csp_id", "runtime_user_data"}) {
    EXPECT_FALSE(result.contains(absent)) << absent;
  }
}

TEST(Explain, SaysWhatWasDecidedAndWhatWouldChangeIt) {
  const auto text = ExplainResult(Render(RejectedTdx()));
  ASSERT_TRUE(text.ok());
  for (const char* line : {
           "decision      reject\n",
           "authentic     yes, up to Intel SGX Root CA\n",
           "TCB status    OutOfDate, of 2024-03-13T00:00:00Z\n",
           "advisories    INTEL-SA-01036, INTEL-SA-01079\n",
           "  soft  tcb_info.expired: next update 2026-05-01, at 2026-06-01\n",
           "  tdx_module.isvsvn: has 7, needs 11; update the TDX module\n",
           "  fails   accepted_statuses: wanted UpToDate, found OutOfDate\n",
           "  not run  tcb.not_supported: stopped before it\n",
           "checks: 1 passed; the others\n",
       }) {
    EXPECT_NE(text->text().find(line), std::string::npos) << line << "in\n" << text->text();
  }
}

// A result in which every text is hostile.
TEST(Explain, ShowsHostileTextOfAResultAsText) {
  const std::string evil = "x\\u001b[2J\\ndecision      accept\\u009b\\u202e";
  const std::string text =
      R"({"about":"now","decision":"reject","authentic":false,"tee":")" + evil + R"(","tcb_status":")" +
      evil + R"(","findings":[{"check":"pck.root","severity":"hard","message":")" + evil +
      R"("}],"checks":[{"check":")" + evil + R"(","result":"failed","reason":")" + evil +
      R"("}],"shortfalls":[],"claims":{")" + evil + R"(":")" + evil + R"(","o":{"l":[{"k":")" + evil +
      R"("}]}},"policy":{"id":")" + evil + R"(","rules":[]},"trust_anchor":")" + evil + R"("})";
  const auto lines = ExplainResult(text);
  ASSERT_TRUE(lines.ok()) << lines.error().message;
  const std::string shown = lines->text();
  EXPECT_EQ(shown.find("\ndecision"), std::string::npos) << shown;
  for (const char c : shown) EXPECT_TRUE(static_cast<uint8_t>(c) >= 0x20 || c == '\n');
  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos);
  EXPECT_TRUE(shown.starts_with("decision      reject\n"));
}

TEST(Problem, NamesTheCheckAndTheChecksSoFar) {
  CheckLog checks;
  checks.Set(Check::kQuoteSignature, CheckResult::kPassed);
  const Error error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "intel/crl/root: no answer"};
  EXPECT_EQ(json::parse(ProblemJson(ProblemOf(error, &checks))), json::parse(R"({
    "type": "urn:thimble:problem:unavailable", "title": "Something that is needed is not available", "status": 503,
    "detail": "intel/crl/root: no answer", "check": "upstream.unreachable",
    "checks": [{"check": "quote.signature", "result": "passed"}]})"));
}

TEST(Problem, GivesEachKindOfErrorItsStatus) {
  EXPECT_EQ(HttpStatusOf(ErrorKind::kMalformed), 400);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kRejected), 422);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(ErrorKind::kInternal), 500);
}

}  // namespace
}  // namespace thimble
