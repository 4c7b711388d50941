// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify over loopback, with the simulated Intel behind the cache.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tests/service/testing/collateral_form.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::RawAnswer;

class VerifyApiTest : public testing::Test {
 protected:
  RawAnswer PostJson(const json& body) {
    return test::Post(w_.port(), "/v1/verify", "application/json", body.dump());
  }
  RawAnswer PostRaw(const Bytes& quote, std::string_view query = "") {
    return test::Post(w_.port(), StrCat("/v1/verify", query), "application/octet-stream", AsText(quote));
  }
  json Verify(const Bytes& quote, json more = json::object()) {
    more["evidence"] = Base64(quote);
    const RawAnswer answer = PostJson(more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/json");
    return json::parse(answer.body);
  }
  // The problem object of an answer that must have this status.
  json Problem(const RawAnswer& answer, int status) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
    EXPECT_TRUE(answer.Header("Request-ID"));
    return json::parse(answer.body);
  }
  Bytes PckSerial() const {
    const auto leaf = Certificate::Parse(w_.intel.PckCertificate(), Check::kPckChain);
    const ByteView serial = (*leaf)->serial();
    return {serial.begin(), serial.end()};
  }
  test::World w_;
};

std::set<std::string> Checks(const json& result, std::string_view list = "findings") {
  std::set<std::string> names;
  for (const json& entry : result[std::string(list)]) names.insert(entry["check"]);
  return names;
}

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

// -- what callers bring --

// What an answer's collateral is and whose: "intel/crl/root-ca" -> "server".
std::map<std::string, std::string> Whose(const json& result) {
  std::map<std::string, std::string> whose;
  for (const json& item : result["collateral"]) whose[item["item"]] = item["brought_by"];
  return whose;
}
size_t CountOf(const json& result, std::string_view whose) {
  return static_cast<size_t>(
      std::ranges::count_if(Whose(result), [&](const auto& item) { return item.second == whose; }));
}

TEST_F(VerifyApiTest, TakesTheCallersCollateralWhereItIsTheNewest) {
  w_.Start();
  const sim::QuoteOptions options{.tdx = true};
  const Bytes quote = w_.intel.Quote(options);
  const json same = Verify(quote, {{"collateral", test::CollateralFormOf(w_.intel.CollateralFor(options))}});
  EXPECT_EQ(same["decision"], "accept") << same.dump(1);
  EXPECT_EQ(same["caller_collateral"], "newest");
  EXPECT_EQ(same["evaluation"]["baseline"], "default");
  EXPECT_EQ(CountOf(same, "server"), 4u);

  const sim::SimIntel later = w_.intel.At(sim::kNow + Seconds(60));
  const json newer = Verify(quote, {{"collateral", test::CollateralFormOf(later.CollateralFor(options))}});
  EXPECT_EQ(newer["decision"], "accept") << newer.dump(1);
  EXPECT_EQ(CountOf(newer, "caller"), 4u) << newer.dump(1);
  EXPECT_EQ(CountOf(Verify(quote), "server"), 4u) << "what was brought is not kept";

  const sim::SimIntel earlier = w_.intel.At(sim::kNow - Seconds(60));
  const json older = Verify(quote, {{"collateral", test::CollateralFormOf(earlier.CollateralFor(options))}});
  EXPECT_EQ(older["decision"], "accept") << older.dump(1);
  EXPECT_EQ(CountOf(older, "server"), 4u);
  EXPECT_TRUE(Checks(older).contains("collateral.dropped"));
}

TEST_F(VerifyApiTest, JudgesEachItemOfTheCallersByItself) {
  w_.Start();
  const sim::QuoteOptions options{.tdx = true};
  const Bytes quote = w_.intel.Quote(options);
  const json collateral = test::CollateralFormOf(w_.intel.CollateralFor(options));

  json bent = collateral;
  std::string signature = bent["tcb_info_signature"];
  signature[0] = signature[0] == '0' ? '1' : '0';
  bent["tcb_info_signature"] = signature;
  EXPECT_TRUE(Checks(Verify(quote, {{"collateral", bent}})).contains("tcb_info.signature"));

  json lacking = collateral;
  lacking.erase("pck_crl");
  EXPECT_EQ(Verify(quote, {{"collateral", lacking}})["decision"], "accept") << "the server has it";
  json without_chain = collateral;
  without_chain.erase("tcb_info_issuer_chain");
  const json dropped = Verify(quote, {{"collateral", without_chain}});
  EXPECT_EQ(dropped["decision"], "accept");
  EXPECT_TRUE(Checks(dropped).contains("collateral.dropped"));
  // For another TEE: authentic, and no version of what this quote needs.
  const json foreign = Verify(quote, {{"collateral", test::CollateralFormOf(w_.intel.CollateralFor({}))}});
  EXPECT_EQ(foreign["decision"], "accept") << foreign.dump(1);
  EXPECT_TRUE(Checks(foreign).contains("collateral.dropped"));

  json undecodable = collateral;
  undecodable["pck_crl"] = "00";
  EXPECT_EQ(Problem(PostJson({{"evidence", Base64(quote)}, {"collateral", undecodable}}), 400)["check"],
            "collateral.malformed");
  json mistyped = collateral;
  mistyped["pck_crl"] = 7;
  EXPECT_EQ(Problem(PostJson({{"evidence", Base64(quote)}, {"collateral", mistyped}}), 400)["check"],
            "collateral.malformed");
}

TEST_F(VerifyApiTest, ACallersNewerCrlRevokesAndMakesTheServerAsk) {
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  EXPECT_EQ(Verify(quote)["decision"], "accept");
  const size_t asked = w_.vendor.Count();
  const Bytes serial = PckSerial();
  const auto revoking = w_.intel.At(sim::kNow + Seconds(60)).Collateral({.pck_crl = [&](sim::CrlSpec& crl) {
    crl.revoked.push_back(serial);
  }});
  const json result = Verify(quote, {{"collateral", test::CollateralFormOf(revoking)}});
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_TRUE(Checks(result).contains("pck.revoked")) << result.dump(1);
  for (int i = 0; i < 100 && w_.vendor.Count() == asked; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_GT(w_.vendor.Count(), asked) << "the key became due";
}

TEST_F(VerifyApiTest, TheCallersAloneMayRefuseAndNeverAccept) {
  w_.vendor.SetMode("500", "/pckcrl");
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  json body = {{"evidence", Base64(quote)},
               {"collateral", test::CollateralFormOf(w_.intel.CollateralFor({}))}};
  const json problem = Problem(PostJson(body), 503);
  EXPECT_TRUE(problem["detail"].get<std::string>().starts_with("intel/crl/")) << problem.dump();
  body["ear"] = true;
  Problem(PostJson(body), 503);

  const Bytes serial = PckSerial();
  const auto revoking =
      w_.intel.Collateral({.pck_crl = [&](sim::CrlSpec& crl) { crl.revoked.push_back(serial); }});
  const json result = Verify(quote, {{"collateral", test::CollateralFormOf(revoking)}});
  EXPECT_EQ(result["decision"], "reject");
  EXPECT_EQ(Whose(result).at("intel/crl/pck/platform"), "caller");
  w_.vendor.SetMode("ok");
}

TEST_F(VerifyApiTest, TheBaselineChoosesTheNumberWhateverTheCallerBrings) {
  w_.config.baselines["next"].intel.selector = Selector{Selector::Kind::kNumber, sim::kEarlyNumber};
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  for (const uint32_t number : {sim::kOldestNumber, sim::kStandardNumber}) {
    const json brought =
        test::CollateralFormOf(w_.intel.At(sim::kNow + Seconds(60)).Collateral({.number = number}));
    const json result = Verify(quote, {{"collateral", brought}, {"baseline", "next"}});
    EXPECT_EQ(result["tcb_status"], "OutOfDate") << result.dump(1);
    EXPECT_EQ(result["evaluation"]["tcb_info"], sim::kEarlyNumber);
    EXPECT_TRUE(Checks(result).contains("collateral.dropped"));
  }
  const json higher = Verify(
      quote, {{"collateral", test::CollateralFormOf(w_.intel.Collateral({.number = sim::kEarlyNumber}))}});
  EXPECT_EQ(higher["evaluation"]["tcb_info"], sim::kStandardNumber) << "nor is it raised";
}

TEST_F(VerifyApiTest, APolicyMayTakeTheCallersAsItIsUnsignedOrRefuseIt) {
  for (const CallerCollateral mode : {CallerCollateral::kAny, CallerCollateral::kRefuse}) {
    const std::string name(CallerCollateralName(mode));
    w_.config.policies[name] = BuiltInPolicy();
    w_.config.policies[name].id = name;
    w_.config.policies[name].caller_collateral = mode;
  }
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  const json collateral = test::CollateralFormOf(w_.intel.Collateral({.number = sim::kOldestNumber}));
  const json any = Verify(quote, {{"collateral", collateral}, {"policy", "any"}});
  EXPECT_EQ(any["decision"], "accept");
  EXPECT_EQ(any["caller_collateral"], "any");
  EXPECT_EQ(CountOf(any, "caller"), 4u);
  EXPECT_FALSE(any["evaluation"].contains("baseline"));
  EXPECT_EQ(w_.vendor.Count(), 0u);

  json body = {{"evidence", Base64(quote)}, {"collateral", collateral}, {"policy", "any"}};
  json lacking = body;
  lacking["collateral"].erase("pck_crl");
  EXPECT_EQ(Problem(PostJson(lacking), 503)["check"], "collateral.missing");
  json chosen = body;
  chosen["baseline"] = "default";
  EXPECT_EQ(Problem(PostJson(chosen), 400)["check"], "request.invalid");
  body["ear"] = true;
  EXPECT_EQ(Problem(PostJson(body), 400)["check"], "request.invalid");
  EXPECT_EQ(Problem(PostJson({{"evidence", Base64(quote)}, {"policy", "any"}, {"ear", true}}), 400)["check"],
            "request.invalid");

  json refused = {{"evidence", Base64(quote)}, {"policy", "refuse"}};
  EXPECT_EQ(PostJson(refused).status, 200);
  refused["collateral"] = collateral;
  EXPECT_EQ(Problem(PostJson(refused), 400)["check"], "request.invalid");
}

TEST_F(VerifyApiTest, AboutAnotherTimeTheCallersGoBeforeTheHistorysAndNothingIsSigned) {
  w_.Start();
  const Bytes quote = w_.intel.Quote();
  Verify(quote);  // held from now on
  const std::string then = FormatRfc3339(sim::kNow + Seconds(3600));
  const json mixed = [&] {
    json collateral = test::CollateralFormOf(w_.intel.Collateral({.number = sim::kOldestNumber}));
    collateral.erase("pck_crl");
    return Verify(quote, {{"collateral", collateral}, {"at", then}});
  }();
  EXPECT_EQ(mixed["decision"], "accept") << mixed.dump(1);
  EXPECT_EQ(mixed["about"], then);
  EXPECT_EQ(mixed["evaluation"]["tcb_info"], sim::kOldestNumber);
  const auto whose = Whose(mixed);
  EXPECT_EQ(whose.at("intel/crl/pck/platform"), "server");
  EXPECT_EQ(CountOf(mixed, "caller"), 3u);

  // Before anything was held there is only what the caller brings.
  const std::string before = FormatRfc3339(sim::kNow - Seconds(3600));
  const json whole = test::CollateralFormOf(w_.intel.CollateralFor({}));
  EXPECT_EQ(Verify(quote, {{"collateral", whole}, {"at", before}})["about"], before);
  json lacking = whole;
  lacking.erase("qe_identity");
  const json problem =
      Problem(PostJson({{"evidence", Base64(quote)}, {"collateral", lacking}, {"at", before}}), 503);
  EXPECT_EQ(problem["check"], "collateral.missing");
  EXPECT_NE(problem["detail"].get<std::string>().find("intel/identity/qe"), std::string::npos);

  for (json body : {json({{"at", then}}), json({{"at", before}, {"collateral", whole}})}) {
    body["evidence"] = Base64(quote);
    body["ear"] = true;
    EXPECT_EQ(Problem(PostJson(body), 400)["check"], "request.invalid");
  }
}

TEST_F(VerifyApiTest, RefusesWhatItDoesNotUnderstand) {
  w_.Start();
  const std::string good = Base64(w_.intel.Quote());
  const std::pair<json, const char*> bads[] = {
      {json::object(), "evidence"},
      {{{"evidence", 7}}, "evidence"},
      {{{"evidence", "!"}}, "evidence: must be there, and base64"},
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
  Problem(test::Get(w_.port(), "/v1/verify"), 404);
  EXPECT_EQ(test::Post(w_.port(), "/v1/verify", "application/octet-stream", std::string((2u << 20) + 1, 'x'))
                .status,
            413);
}

TEST_F(VerifyApiTest, CallsUndecodableEvidenceMalformed) {
  w_.Start();
  EXPECT_EQ(Problem(PostRaw(Bytes(100, 0)), 400)["check"], "evidence.format");
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
