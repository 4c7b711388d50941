// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify with collateral that the caller brings.
#include <algorithm>
#include <map>
#include <thread>

#include "tests/service/api/verify_requests.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::Checks;
using test::VerifyApiTest;

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
  for (const char* member : {"qe_identity", "qe_identity_signature"}) lacking.erase(member);
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

}  // namespace
}  // namespace thimble
