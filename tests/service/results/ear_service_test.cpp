// SPDX-License-Identifier: Apache-2.0
//
// Signed attestation results by POST /v1/verify, and what `thimble verify-result` says of them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/results/ear_check.h"
#include "service/results/jwt.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::RunThimble;

class EarServiceTest : public testing::Test {
 protected:
  json Post(const json& body, int status = 200) {
    const auto answer = test::Post(w_.port(), "/v1/verify", "application/json", body.dump());
    EXPECT_EQ(answer.status, status) << answer.body;
    return json::parse(answer.body);
  }
  // A TD quote whose report data begins with these bytes.
  std::string QuoteWith(const Bytes& report_data) {
    return Base64(w_.intel.Quote({.tdx = true, .bend = [&](sim::QuoteSpec& q) {
                                    q.tdx.report_data = {};
                                    std::copy(report_data.begin(), report_data.end(),
                                              q.tdx.report_data.begin());
                                  }}));
  }
  test::World w_;
};

TEST_F(EarServiceTest, SignsAResultOnRequest) {
  w_.Start();
  const auto set = test::Get(w_.port(), "/.well-known/jwks.json");
  EXPECT_EQ(set.Header("Content-Type"), "application/jwk-set+json");
  const auto keys = ParseJwks(set.body);
  ASSERT_TRUE(keys.ok());
  EXPECT_FALSE(Post({{"evidence", QuoteWith({})}}).contains("ear"));
  const json result = Post({{"evidence", QuoteWith({})}, {"ear", true}});
  const auto claims = VerifyJwt(result["ear"].get<std::string>(), *keys);
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  const auto summary = CheckEar(*claims, sim::kNow, {});
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->status, Tier::kAffirming);
  const json evidence = json::parse(*claims)["submods"]["cpu0"]["ear.veraison.annotated-evidence"];
  EXPECT_EQ(evidence["claims"], result["claims"]);
  EXPECT_EQ(evidence["collateral"], result["collateral"]);
  EXPECT_EQ(evidence["evaluation"], result["evaluation"]);

  const json raw = json::parse(test::Post(w_.port(), "/v1/verify?ear=true", "application/octet-stream",
                                          AsText(w_.intel.Quote({.tdx = true})))
                                   .body);
  EXPECT_TRUE(raw.contains("ear"));
  Post({{"evidence", QuoteWith({})}, {"ear", "yes"}}, 400);
}

TEST_F(EarServiceTest, TakesItsOwnNoncesOnceAndHoldsThemToTheReportData) {
  w_.Start();
  const auto challenge = json::parse(test::Post(w_.port(), "/v1/challenge", "application/json", "").body);
  const Bytes nonce = *FromHex(challenge["nonce"].get<std::string>());
  ASSERT_EQ(nonce.size(), 32u);
  EXPECT_EQ(challenge["expires"], FormatRfc3339(sim::kNow + 300s));
  const json body = {{"evidence", QuoteWith(nonce)}, {"nonce", challenge["nonce"]}, {"ear", true}};
  const json result = Post(body);
  EXPECT_EQ(result["decision"], "accept") << result.dump(1);
  const auto claims = VerifyJwt(result["ear"].get<std::string>(),
                                *ParseJwks(test::Get(w_.port(), "/.well-known/jwks.json").body));
  EXPECT_EQ(json::parse(*claims)["eat_nonce"], Base64Url(nonce));
  const json again = Post(body);
  EXPECT_EQ(again["decision"], "reject");
  EXPECT_EQ(again["findings"].back()["check"], "nonce.mismatch");

  const Bytes own(16, 0x5A);
  EXPECT_EQ(Post({{"evidence", QuoteWith(own)}, {"nonce", HexLower(own)}})["decision"], "accept")
      << "one that the caller made is the caller's to keep";
  const json other = Post({{"evidence", QuoteWith(nonce)}, {"nonce", HexLower(own)}});
  EXPECT_EQ(other["decision"], "reject");
  EXPECT_EQ(other["findings"].back()["check"], "report_data.mismatch");
  Post({{"evidence", QuoteWith(own)}, {"nonce", "5a5a"}}, 400);
  Post({{"evidence", QuoteWith(own)}, {"nonce", HexLower(own)}, {"report_data", "00"}}, 400);
}

TEST_F(EarServiceTest, IsCheckedFromTheCommandLine) {
  w_.config.policies["lax"] = BuiltInPolicy();
  w_.config.policies["lax"].id = "lax";
  w_.config.baselines["old"] = {};
  w_.Start();
  const json result = Post({{"evidence", QuoteWith({})}, {"ear", true}});
  const auto token_of = [&](const json& more) {
    json body = {{"evidence", QuoteWith({})}, {"ear", true}};
    body.update(more);
    return w_.files.Write("other.jwt", Post(body)["ear"].get<std::string>());
  };
  const std::string token = w_.files.Write("result.jwt", result["ear"].get<std::string>());
  const std::string whole = w_.files.Write("result.json", result.dump());
  const std::string keys = w_.files.Write("jwks.json", test::Get(w_.port(), "/.well-known/jwks.json").body);
  const std::string others =
      w_.files.Write("others.json", JwksJson({EcSigningKey::FromScalar(Bytes(32, 9))->point()}));
  const std::string now = FormatRfc3339(sim::kNow), server = StrCat("http://127.0.0.1:", w_.port());
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "verify-result");
    return RunThimble(arguments).exit_code;
  };
  const auto good = RunThimble({"verify-result", token, "--jwks", keys, "--at", now, "--json"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(json::parse(good.out)["submods"]["cpu0"]["ear.status"], "affirming");
  EXPECT_EQ(run({whole, "--server", server, "--at", now}), 0);
  EXPECT_EQ(run({token, "--jwks", others, "--at", now}), 1);
  EXPECT_EQ(run({token, "--jwks", keys}), 1) << "it has long expired";
  EXPECT_EQ(run({token, "--jwks", keys, "--at", now, "--nonce", "5a5a5a5a5a5a5a5a"}), 1);
  EXPECT_EQ(run({keys, "--jwks", keys, "--at", now}), 4);
  EXPECT_EQ(run({token, "--at", now}), 2);

  // What the attester may have picked.
  const std::string digest = result["policy"]["sha256"];
  const auto asks = [&](const std::string& file, const std::string& flag, const std::string& value) {
    return run({file, "--jwks", keys, "--at", now, flag, value});
  };
  EXPECT_EQ(asks(token, "--policy", "default@" + digest), 0);
  EXPECT_EQ(asks(token, "--policy", "default@sha256:" + digest), 0);
  EXPECT_EQ(asks(token, "--policy", "default@" + std::string(64, '0')), 1);
  EXPECT_EQ(asks(token, "--policy", "lax"), 1);
  EXPECT_EQ(asks(token, "--policy", "default@12"), 2);
  EXPECT_EQ(asks(token, "--baseline", "default@1"), 0);
  EXPECT_EQ(asks(token, "--baseline", "default@2"), 1);
  EXPECT_EQ(asks(token, "--baseline", "default@one"), 2);
  EXPECT_EQ(asks(token, "--issuer", "Thimble"), 0);
  EXPECT_EQ(asks(token, "--issuer", "https://verifier.example"), 1);
  const std::string lax = token_of({{"policy", "lax"}});
  EXPECT_EQ(run({lax, "--jwks", keys, "--at", now}), 1) << "another policy than default";
  EXPECT_EQ(asks(lax, "--policy", "lax"), 0);
  const std::string old = token_of({{"baseline", "old"}});
  EXPECT_EQ(run({old, "--jwks", keys, "--at", now}), 1) << "another baseline than default";
  EXPECT_EQ(asks(old, "--baseline", "old"), 0);
}

// The same through HTTP and the command line: a token ends with the first item that it rests on; afterwards, by grace,
// it warns and lives no longer than that.
TEST_F(EarServiceTest, EndsWithWhatItRestsOnAndWarnsByGrace) {
  const Instant end = sim::kNow + std::chrono::days(20);  // of the PCK CRL
  w_.config.policies["default"].collateral_grace = 1h + 40s;
  struct Case {
    Instant now;
    Seconds life;
    std::string status, grace;
    int exit_code;
  };
  for (const Case& c :
       {Case{end - 300s, 300s, "affirming", "", 0}, Case{end - 60s, 60s, "affirming", "", 0},
        Case{end + 1h, 40s, "warning", "1h", 0}, Case{end + 2h, 300s, "contraindicated", "", 1}}) {
    const std::string now = FormatRfc3339(c.now);
    w_.Start(c.now);
    const json result = Post({{"evidence", QuoteWith({})}, {"ear", true}});
    const std::string token = w_.files.Write("result.jwt", result["ear"].get<std::string>());
    const std::string keys = w_.files.Write("jwks.json", test::Get(w_.port(), "/.well-known/jwks.json").body);
    const auto checked = RunThimble({"verify-result", token, "--jwks", keys, "--at", now, "--json"});
    ASSERT_EQ(checked.exit_code, c.exit_code) << now << checked.out << checked.err;
    const json claims = json::parse(checked.out);
    EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), c.life.count()) << now;
    EXPECT_EQ(claims["submods"]["cpu0"]["ear.status"], c.status) << now;
    const json evidence = claims["submods"]["cpu0"]["ear.veraison.annotated-evidence"];
    EXPECT_EQ(evidence.value("grace_used", ""), c.grace) << now;
    EXPECT_EQ(result.value("grace_used", ""), c.grace) << now;
  }
}

// Whoever sits on the way could put other keys in place of the server's.
TEST_F(EarServiceTest, TakesNoKeysOverPlainHttpFromElsewhere) {
  const std::string token = w_.files.Write("result.jwt", "a.b.c");
  const auto refused = RunThimble({"verify-result", token, "--server", "http://192.0.2.1:8081"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("over http:// are taken from this host alone"), std::string::npos)
      << refused.err;
}

}  // namespace
}  // namespace thimble
