// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify over loopback, with the simulated Intel behind the cache.
#include <map>

#include "tests/service/api/verify_requests.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::Checks;
using test::VerifyApiTest;

TEST_F(VerifyApiTest, AcceptsWhatIsGoodInBothForms) {
  w_.Start();
  for (const sim::QuoteOptions& options :
       {sim::QuoteOptions{}, sim::QuoteOptions{.tdx = true}, sim::QuoteOptions{.tdx = true, .version = 5}}) {
    const Bytes quote = w_.intel.Quote(options);
    const json result = Verify(quote);
    EXPECT_EQ(result["decision"], "accept") << result.dump(1);
    EXPECT_EQ(result["tcb_status"], "UpToDate");
    EXPECT_EQ(result["tee"], options.tdx ? "tdx" : "sgx");
    EXPECT_EQ(result["at"], FormatRfc3339(sim::kNow));
    EXPECT_EQ(Checks(result), std::set<std::string>{"trust_anchor.extra"});
    EXPECT_EQ(
        result["evaluation"],
        json::parse(R"({"baseline": "default", "baseline_version": 1, "tcb_info": 17, "qe_identity": 17})"));
    EXPECT_EQ(result["collateral"].size(), 4u);
    EXPECT_EQ(json::parse(PostRaw(quote).body), result);
  }
}

TEST_F(VerifyApiTest, TakesEitherAlphabetOfBase64) {
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  EXPECT_EQ(PostJson({{"evidence", Base64Url(quote)}}).status, 200);
}

TEST_F(VerifyApiTest, RejectsByPolicyAndSaysWhatIsShort) {
  w_.Start();
  const json result = Verify(w_.intel.Quote({.platform = sim::ServerPlatform(sim::Tcb::kOutOfDate)}));
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_EQ(result["authentic"], true);
  EXPECT_EQ(result["tcb_status"], "OutOfDate");
  EXPECT_FALSE(result["shortfalls"].empty());
  EXPECT_TRUE(Checks(result, "checks").contains("policy.accepted_statuses"));
}

TEST_F(VerifyApiTest, RejectsAForgedQuoteAndAsksNobodyForIt) {
  w_.Start();
  Bytes quote = w_.intel.Quote();
  quote.at(sim::LocateQuote(quote).signature) ^= 1;
  const json result = Verify(quote);
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_EQ(result["authentic"], false);
  EXPECT_TRUE(result["tcb_status"].is_null());
  EXPECT_TRUE(Checks(result).contains("quote.signature"));
  const json foreign = Verify(sim::SimIntel::Make({.seed = "a forger"}).Quote());
  EXPECT_TRUE(Checks(foreign).contains("pck.root"));
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(VerifyApiTest, ChoosesPolicyAndBaselineByName) {
  w_.config.policies["lax"] = BuiltInPolicy();
  w_.config.policies["lax"].id = "lax";
  w_.config.policies["lax"].accepted_statuses = {TcbStatus::kOutOfDate};
  w_.config.baselines["next"].intel.selector = Selector{Selector::Kind::kEarly, 0};
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  const json early = Verify(quote, {{"baseline", "next"}});
  EXPECT_EQ(early["decision"], "reject");
  EXPECT_EQ(early["tcb_status"], "OutOfDate");
  EXPECT_EQ(early["evaluation"]["baseline"], "next");
  EXPECT_EQ(early["evaluation"]["tcb_info"], 18);
  const json lax = Verify(quote, {{"baseline", "next"}, {"policy", "lax"}});
  EXPECT_EQ(lax["decision"], "accept");
  EXPECT_EQ(lax["policy"]["id"], "lax");
  EXPECT_EQ(json::parse(PostRaw(quote, "?baseline=next&policy=lax").body), lax);
}

TEST_F(VerifyApiTest, ComparesReportDataAndWantsTheRestZero) {
  w_.Start();
  const Bytes quote = w_.intel.Quote({.bend = [](sim::QuoteSpec& q) { q.sgx.report_data = {0xAB, 0xCD}; }});
  EXPECT_EQ(Verify(quote, {{"report_data", "abcd"}})["decision"], "accept");
  const json other = Verify(quote, {{"report_data", "ab"}});
  EXPECT_EQ(other["decision"], "reject");
  EXPECT_TRUE(Checks(other).contains("report_data.mismatch"));
}

TEST_F(VerifyApiTest, RefusesWhatItDoesNotUnderstand) {
  w_.Start();
  const std::string good = Base64(w_.intel.Quote());
  const std::pair<json, const char*> bads[] = {
      {json::object(), "evidence"},
      {{{"evidence", 7}}, "evidence"},
      {{{"at", "2026-06-01T00:00:00Z"}}, "evidence: must be there"},
      {{{"evidence", good}, {"pcs_url", "http://evil.example/"}}, "pcs_url"},
      {{{"evidence", good}, {"url", "http://evil.example/"}}, "url"},
      {{{"evidence", good}, {"at", "yesterday"}}, "not a time"},
      {{{"evidence", good}, {"at", 7}}, "at"},
      {{{"evidence", good}, {"policy", "none"}}, "there is no none"},
      {{{"evidence", good}, {"baseline", "none"}}, "there is no none"},
      {{{"evidence", good}, {"report_data", "abc"}}, "not hex"},
      {{{"evidence", good}, {"report_data", std::string(130, '0')}}, "at most 64 bytes"},
      {{{"evidence", good}, {"nonce", "01020304050607"}}, "8 to 64"},
      {{{"evidence", good}, {"nonce", std::string(130, '1')}}, "8 to 64"},
      {{{"evidence", good}, {"nonce", "0000000000000000"}}, "all zero"},
  };
  for (const auto& [body, detail] : bads) {
    const json problem = Problem(PostJson(body), 400);
    EXPECT_EQ(problem["check"], "request.invalid") << body.dump();
    EXPECT_NE(problem["detail"].get<std::string>().find(detail), std::string::npos) << problem.dump();
  }
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(VerifyApiTest, RefusesWhatIsNotARequest) {
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  for (const char* body : {"", "{", "[]", "{} {}", "{\"evidence\": \"\", \"evidence\": \"\"}"}) {
    Problem(test::Post(w_.port(), "/v1/verify", "application/json", body), 400);
  }
  Problem(test::Post(w_.port(), "/v1/verify", "text/plain", AsText(quote)), 415);
  Problem(test::Post(w_.port(), "/v1/verify?policy=default", "application/json", "{}"), 400);
  Problem(PostRaw(quote, "?collateral=x"), 400);
  Problem(PostRaw(quote, "?policy=default&policy=default"), 400);
  Problem(test::Get(w_.port(), "/v1/verify"), 405);
  EXPECT_EQ(test::Post(w_.port(), "/v1/verify", "application/octet-stream", std::string((2u << 20) + 1, 'x'))
                .status,
            413);
}

TEST_F(VerifyApiTest, CallsUndecodableEvidenceMalformed) {
  w_.Start();
  EXPECT_EQ(Problem(PostRaw(Bytes(100, 0)), 400)["check"], "evidence.format");
  EXPECT_EQ(Problem(PostJson({{"evidence", "!"}}), 400)["check"], "evidence.format");
  Bytes cut = w_.intel.Quote();
  cut.pop_back();
  EXPECT_EQ(Problem(PostRaw(cut), 400)["check"], "quote.format");
}

TEST_F(VerifyApiTest, NamesTheItemAndTheChecksSoFarWhenAnUpstreamIsDown) {
  w_.vendor.SetMode("500", "/qe/identity");
  w_.Start();
  const json problem = Problem(PostRaw(w_.intel.Quote()), 503);
  EXPECT_EQ(problem["check"], "upstream.status");
  EXPECT_TRUE(problem["detail"].get<std::string>().starts_with("intel/identity/qe/standard: "));
  std::map<std::string, std::string> checks;
  for (const json& check : problem["checks"]) checks[check["check"]] = check["result"];
  EXPECT_EQ(checks["quote.signature"], "passed");
  EXPECT_EQ(checks["qe_identity.signature"], "not_run");
  w_.vendor.SetMode("ok");
}

TEST_F(VerifyApiTest, SpendsOneBudgetOnAllItems) {
  w_.vendor.SetMode("hang");
  w_.Start();
  const auto begun = std::chrono::steady_clock::now();
  Problem(PostRaw(w_.intel.Quote()), 503);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(4));  // the budget is 2 s
  w_.vendor.SetMode("ok");
}

TEST_F(VerifyApiTest, AnswersForAnotherTimeFromHistoryOrNotAtAll) {
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  const std::string yesterday = FormatRfc3339(sim::kNow - Seconds(86400));
  EXPECT_EQ(Problem(PostRaw(quote, StrCat("?at=", yesterday)), 503)["check"], "collateral.missing");
  EXPECT_EQ(w_.vendor.Count(), 0u);

  Verify(quote);  // now the items are held: valid yesterday, but not held then
  EXPECT_EQ(Problem(PostRaw(quote, StrCat("?at=", yesterday)), 503)["check"], "collateral.missing");
  const std::string tomorrow = FormatRfc3339(sim::kNow + Seconds(86400));
  const json then = Verify(quote, {{"at", tomorrow}});
  EXPECT_EQ(then["decision"], "accept");
  EXPECT_EQ(then["at"], tomorrow);
  const std::string next_month = FormatRfc3339(sim::kNow + Seconds(30 * 86400));
  Problem(PostRaw(quote, StrCat("?at=", next_month)), 503);
}

TEST_F(VerifyApiTest, WantsThePckChainOfAQuoteWithoutOne) {
  w_.Start();
  const Bytes quote = w_.intel.Quote({.certification_type = 4});
  EXPECT_EQ(Problem(PostRaw(quote), 503)["check"], "pck.missing");
  json collateral = test::CollateralFormOf(w_.intel.CollateralFor({}));
  collateral["pck_certificate_chain"] = w_.intel.PckChain();
  EXPECT_EQ(Verify(quote, {{"collateral", collateral}})["decision"], "accept");
}

}  // namespace
}  // namespace thimble
