// SPDX-License-Identifier: Apache-2.0
//
// Signed attestation results: the token, its claims, and what a relying party refuses.
#include "service/results/ear.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "service/results/ear_check.h"
#include "service/results/jwt.h"
#include "service/results/result_signer.h"
#include "service/verification/challenges.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::RunThimble;

EcSigningKey KeyOf(uint8_t seed) { return *EcSigningKey::FromScalar(Bytes(32, seed)); }
std::vector<Jwk> SetOf(const EcSigningKey& key) { return *ParseJwks(JwksJson({key.point()})); }
std::string Encoded(std::string_view header, std::string_view claims) {
  return StrCat(Base64Url(AsBytes(header)), ".", Base64Url(AsBytes(claims)));
}

// -- the key and the token --

TEST(SigningKey, SignsWhatThePublicKeyVerifies) {
  const EcSigningKey key = KeyOf(7);
  const auto verifier = EcPublicKey::FromPoint(Curve::kP256, key.point());
  ASSERT_TRUE(verifier);
  const Bytes signature = key.Sign(AsBytes("message"));
  EXPECT_EQ(signature.size(), 64u);
  EXPECT_TRUE(verifier->VerifyRaw(AsBytes("message"), signature));
  EXPECT_FALSE(verifier->VerifyRaw(AsBytes("massage"), signature));
  const auto again = EcSigningKey::FromDer(key.ToDer());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->point(), key.point());
}

TEST(SigningKey, TakesNoNumberOutsideTheGroup) {
  EXPECT_FALSE(EcSigningKey::FromScalar(Bytes(32, 0)));
  EXPECT_FALSE(EcSigningKey::FromScalar(Bytes(32, 0xFF)));
  EXPECT_FALSE(EcSigningKey::FromScalar(Bytes(31, 1)));
  EXPECT_FALSE(EcSigningKey::FromDer(Bytes(32, 1)));
  Bytes longer = KeyOf(1).ToDer();
  longer.push_back(0);
  EXPECT_FALSE(EcSigningKey::FromDer(longer));
}

TEST(SigningKey, MacsAsRfc4231Says) {
  EXPECT_EQ(HmacSha256(AsBytes("Jefe"), AsBytes("what do ya want for nothing?")).hex(),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Jwt, IsNamedByTheThumbprintOfItsKey) {
  const EcSigningKey key = KeyOf(3);
  const json set = json::parse(JwksJson({key.point()}));
  EXPECT_EQ(set["keys"][0]["kid"], ThumbprintOf(key.point()));
  EXPECT_EQ(set["keys"][0]["alg"], "ES256");
  EXPECT_FALSE(set["keys"][0].contains("d")) << "the private part";
}

TEST(Jwt, HoldsUnderItsOwnKeyAlone) {
  const auto token = SignJwt(KeyOf(3), R"({"a":1})");
  ASSERT_TRUE(token.ok());
  const auto claims = VerifyJwt(*token, SetOf(KeyOf(3)));
  ASSERT_TRUE(claims.ok()) << claims.error().message;
  EXPECT_EQ(*claims, R"({"a":1})");
  EXPECT_EQ(VerifyJwt(*token, SetOf(KeyOf(4))).error().check, Check::kSigningChainUntrusted);

  std::vector<Jwk> disguised = SetOf(KeyOf(4));
  disguised.front().kid = ThumbprintOf(KeyOf(3).point());
  EXPECT_EQ(VerifyJwt(*token, disguised).error().check, Check::kSigningChainUntrusted);
  std::string changed = *token;
  const size_t middle = changed.find('.') + 2;
  changed[middle] = changed[middle] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(VerifyJwt(changed, SetOf(KeyOf(3))).ok());
}

// RFC 8725: what tokens have been broken by.
TEST(Jwt, RefusesTheKnownTricks) {
  const EcSigningKey key = KeyOf(3);
  const std::string kid = ThumbprintOf(key.point());
  const auto signed_with = [&](const std::string& header) {
    const std::string text = Encoded(header, "{}");
    return StrCat(text, ".", Base64Url(key.Sign(AsBytes(text))));
  };
  const json good = {{"alg", "ES256"}, {"typ", "eat+jwt"}, {"kid", kid}};
  const auto with = [&](const char* name, json value) {
    json header = good;
    value.is_null() ? static_cast<void>(header.erase(name)) : static_cast<void>(header[name] = value);
    return header;
  };
  for (const json& header : {good, with("typ", "EAT+JWT"), with("typ", "application/eat+jwt")})
    EXPECT_TRUE(VerifyJwt(signed_with(header.dump()), SetOf(key)).ok()) << header;
  for (const json& header :
       {with("alg", "none"), with("alg", "HS256"), with("alg", "es256"), with("alg", nullptr),
        with("kid", nullptr), with("kid", "another"), with("crit", {"b64"}), with("typ", nullptr),
        with("typ", "JWT"), with("typ", "at+jwt"), with("typ", 1)}) {
    EXPECT_EQ(VerifyJwt(signed_with(header.dump()), SetOf(key)).error().check, Check::kSigningChainUntrusted)
        << header;
  }
  for (const std::string& token :
       {std::string(""), std::string("a.b"), std::string("!.!.!"), StrCat(Encoded("{", "{}"), ".AA"),
        signed_with(StrCat(R"({"alg":"none","alg":"ES256","kid":")", kid, "\"}"))}) {
    EXPECT_EQ(VerifyJwt(token, SetOf(key)).error().check, Check::kEvidenceFormat) << token;
  }
}

TEST(Jwt, PassesOverKeysOfOtherKinds) {
  json set = json::parse(JwksJson({KeyOf(3).point()}));
  set["keys"].insert(set["keys"].begin(), json::parse(R"({"kty":"RSA","n":"AQ","e":"AQAB","kid":"r"})"));
  EXPECT_EQ(ParseJwks(set.dump())->size(), 1u);
  set["keys"][1]["x"] = "AA";
  EXPECT_FALSE(ParseJwks(set.dump()).ok());
  EXPECT_FALSE(ParseJwks("{}").ok());
}

// -- the claims --

class EarClaimsTest : public testing::Test {
 protected:
  json Claims() const {
    return json::parse(EarClaims({outcome_, policy_, "default", 1}, {"id", "Thimble", "nonce-1"}));
  }
  int Vector(const char* name) const {
    const json vector = Claims()["submods"]["cpu0"]["ear.trustworthiness-vector"];
    return vector.contains(name) ? vector[name].get<int>() : 0;
  }
  std::string Status() const { return Claims()["submods"]["cpu0"]["ear.status"]; }

  EarClaimsTest() {
    verdict_.authentic = true;
    verdict_.tcb_status = TcbStatus::kUpToDate;
    verdict_.claims = intel::SgxClaims{};
    verdict_.tcb_info_evaluation = verdict_.qe_identity_evaluation = 17;
    verdict_.at = sim::kNow;
    decision_.accept = true;
  }
  static UsedCollateral Item(std::string name, const Validity& window) {
    return {std::move(name), Digest256(), window, "", BroughtBy::kServer};
  }
  // How long it lives, when this is decided by the policy.
  Seconds Life() {
    decision_ = Appraise(verdict_, policy_, verdict_.at);
    const json claims = Claims();
    return Seconds(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>());
  }
  VerificationOutcome outcome_;
  Verdict& verdict_ = outcome_.verdict;
  Decision& decision_ = outcome_.decision;
  Policy policy_;
};

TEST_F(EarClaimsTest, AffirmWhatIsGood) {
  const json claims = Claims();
  EXPECT_EQ(claims["eat_profile"], kEarProfile);
  EXPECT_EQ(claims["eat_nonce"], "nonce-1");
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 300);
  EXPECT_EQ(Status(), "affirming");
  EXPECT_EQ(Vector("hardware"), 2);
  EXPECT_EQ(Vector("runtime-opaque"), 2);
  EXPECT_EQ(Vector("executables"), 0) << "no rule asked for them";
  EXPECT_EQ(claims["submods"]["cpu0"]["ear.appraisal-policy-id"],
            StrCat("default@sha256:", std::string(64, '0')));
}

// What is short beside a status that is UpToDate.
TEST_F(EarClaimsTest, WarnOfAnOldQuotingEnclaveAndOldSecondTcbs) {
  for (const Check check : {Check::kQeTcb, Check::kTdxCurrentTcb, Check::kTdxInitialTcb}) {
    verdict_.findings = {{check, Severity::kNote, "short"}};
    EXPECT_EQ(Vector("hardware"), 32) << CheckName(check);
    EXPECT_EQ(Status(), "warning") << CheckName(check);
  }
  verdict_.findings = {{Check::kTdxServiceTd, Severity::kNote, "noted"}};
  EXPECT_EQ(Status(), "affirming") << "another note";
}

TEST_F(EarClaimsTest, AreNeverBetterThanTheWorst) {
  verdict_.tcb_status = TcbStatus::kOutOfDate;  // and the policy lets it pass
  EXPECT_EQ(Vector("hardware"), 32);
  EXPECT_EQ(Status(), "warning");
  verdict_.tcb_status = TcbStatus::kConfigurationNeeded;
  EXPECT_EQ(Vector("configuration"), 32);
  verdict_.tcb_status = TcbStatus::kRevoked;
  EXPECT_EQ(Vector("hardware"), 96);
  EXPECT_EQ(Status(), "contraindicated");
  verdict_.tcb_status = TcbStatus::kUpToDate;
  decision_.accept = false;
  EXPECT_EQ(Status(), "contraindicated") << "the policy may lower it";
  decision_.accept = true;
  intel::SgxClaims debug;
  debug.attributes[0] = 0x02;
  verdict_.claims = debug;
  EXPECT_EQ(Vector("configuration"), 96);
  EXPECT_EQ(Vector("runtime-opaque"), 96);
}

TEST_F(EarClaimsTest, SpeakOfCodeAndIdentityWhereThePolicyAsks) {
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", true}, {"snp.chip_id", "[]", "\"\"", true}};
  EXPECT_EQ(Vector("executables"), 2);
  EXPECT_EQ(Vector("instance-identity"), 2);
  verdict_.tee = Tee::kTdx;
  EXPECT_EQ(Vector("executables"), 3) << "as it was at boot";
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", false}, {"snp.chip_id", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 33);
  EXPECT_EQ(Vector("instance-identity"), 97);
  decision_.rules = {{"hcl.pcr.sha256.7", "[]", "\"\"", true}};
  EXPECT_EQ(Vector("executables"), 3) << "beside a paravisor, the PCRs are the guest";
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", true}, {"hcl.pcr.sha256.7", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 33);
  decision_.rules = {{"restricted", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 96);
}

TEST_F(EarClaimsTest, AffirmNothingOfAForgery) {
  verdict_.authentic = false;
  verdict_.tcb_status.reset();
  decision_.accept = false;
  EXPECT_EQ(Vector("hardware"), 99);
  EXPECT_EQ(Status(), "contraindicated");
}

// Whatever the decision rests on, by itself: the token ends with it, and a second later ends a second later.
TEST_F(EarClaimsTest, LiveNoLongerThanTheFirstThingTheyRestOn) {
  EXPECT_EQ(Life(), 300s);
  const auto ends_at = [&](Seconds when) { return Validity{sim::kNow - 24h, sim::kNow + when}; };
  for (const Seconds when : {0s, 1s, 60s, 299s, 300s, 301s}) {
    const Seconds life = std::min<Seconds>(when, 300s);
    verdict_.window = ends_at(when);  // evidence's certificates, and all the rest
    EXPECT_EQ(Life(), life) << when.count();
    verdict_.window = {};
    outcome_.collateral = {Item("intel/crl/root", ends_at(when))};
    EXPECT_EQ(Life(), life) << when.count();
    outcome_.collateral.clear();
    // Tolerances of the policy.
    verdict_.advisories = {"INTEL-SA-00001"};
    policy_.accepted_advisories = {{AdvisoryEntry{"INTEL-SA-00001", sim::kNow + when}}};
    EXPECT_EQ(Life(), life) << when.count();
    ASSERT_TRUE(decision_.accept);
    verdict_.advisories.clear();
    policy_.accepted_advisories.reset();
    verdict_.tcb_status = TcbStatus::kOutOfDate;
    verdict_.tcb_date = sim::kNow - 1h + when;
    policy_.platform_grace = 1h;
    EXPECT_EQ(Life(), life) << when.count();
    ASSERT_TRUE(decision_.accept);
    verdict_.tcb_status = TcbStatus::kUpToDate;
    verdict_.tcb_date.reset();
    policy_.platform_grace.reset();
  }
}

TEST_F(EarClaimsTest, SayThatGraceWasUsedAndOnlyWarn) {
  EXPECT_EQ(Life(), 300s);
  EXPECT_EQ(Status(), "affirming");
  const auto evidence = [&] { return Claims()["submods"]["cpu0"]["ear.veraison.annotated-evidence"]; };
  EXPECT_FALSE(evidence().contains("grace_used"));
  const auto ended = [&](Seconds ago, Seconds grace) {
    verdict_.findings = {{Check::kTcbInfoExpired, Severity::kSoft, "ended"}};
    verdict_.window.not_after = sim::kNow - ago;
    outcome_.collateral = {Item("tcb info", {sim::kNow - 48h, sim::kNow - ago})};
    outcome_.grace_used = ago;
    policy_.collateral_grace = grace;
    return Life();
  };
  EXPECT_EQ(ended(1h, 2h), 300s);
  ASSERT_TRUE(decision_.accept);
  EXPECT_EQ(Status(), "warning");
  EXPECT_EQ(evidence()["grace_used"], "1h");
  EXPECT_EQ(evidence()["findings"], json({"tcb_info.expired"}));
  EXPECT_EQ(ended(1h, 1h + 40s), 40s) << "and no longer than the grace";
  outcome_.collateral.push_back(Item("crl", {sim::kNow - 48h, sim::kNow + 20s}));
  EXPECT_EQ(Life(), 20s) << "nor than what has not ended";
}

TEST_F(EarClaimsTest, NameWhatTheyRestOn) {
  outcome_.collateral = {
      {"intel/crl/root", Digest256(), {sim::kNow - 1h, sim::kNow + 24h}, "", BroughtBy::kCaller}};
  outcome_.caller_collateral = CallerCollateral::kNewest;
  const json claims = Claims(), evidence = claims["submods"]["cpu0"]["ear.veraison.annotated-evidence"];
  EXPECT_EQ(claims["iss"], "Thimble");
  EXPECT_EQ(evidence["about"], "now");
  EXPECT_EQ(evidence["evaluation"],
            json({{"baseline", "default"}, {"baseline_version", 1}, {"tcb_info", 17}, {"qe_identity", 17}}));
  ASSERT_EQ(evidence["collateral"].size(), 1u);
  EXPECT_EQ(evidence["collateral"][0]["sha256"], std::string(64, '0'));
  EXPECT_EQ(evidence["collateral"][0]["issued"], FormatRfc3339(sim::kNow - 1h));
  EXPECT_EQ(evidence["collateral"][0]["next_update"], FormatRfc3339(sim::kNow + 24h));
  EXPECT_EQ(evidence["collateral"][0]["brought_by"], "caller");
  EXPECT_EQ(evidence["caller_collateral"], "newest");
}

TEST(Tiers, AreThoseOfAr4si) {
  for (const auto& [value, tier] :
       {std::pair(0, Tier::kNone), std::pair(-1, Tier::kNone), std::pair(1, Tier::kNone),
        std::pair(2, Tier::kAffirming), std::pair(31, Tier::kAffirming), std::pair(-32, Tier::kAffirming),
        std::pair(-2, Tier::kAffirming), std::pair(32, Tier::kWarning), std::pair(95, Tier::kWarning),
        std::pair(-33, Tier::kWarning), std::pair(-96, Tier::kWarning), std::pair(96, Tier::kContraindicated),
        std::pair(127, Tier::kContraindicated), std::pair(-97, Tier::kContraindicated),
        std::pair(-128, Tier::kContraindicated)}) {
    EXPECT_EQ(TierOf(value), tier) << value;
  }
}

// -- nonces --

TEST(Challenges, AreTakenOnceAndInTime) {
  Challenges challenges, other;
  const auto first = challenges.Issue(sim::kNow), second = challenges.Issue(sim::kNow);
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_EQ(first.expires, sim::kNow + 300s);
  EXPECT_TRUE(challenges.Take(first.nonce, sim::kNow + 299s).ok());
  EXPECT_EQ(challenges.Take(first.nonce, sim::kNow + 299s).error().check, Check::kNonce);
  EXPECT_EQ(challenges.Take(second.nonce, sim::kNow + 300s).error().check, Check::kNonce);
  EXPECT_TRUE(challenges.Issued(second.nonce));
  EXPECT_FALSE(other.Issued(second.nonce)) << "of another process";
  Bytes later = challenges.Issue(sim::kNow).nonce;
  later[7] ^= 1;
  EXPECT_FALSE(challenges.Issued(later)) << "its expiry is part of it";
  EXPECT_FALSE(challenges.Take(later, sim::kNow).ok());
  EXPECT_FALSE(challenges.Issued({}));
}

// -- the service --

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
  const std::string others = w_.files.Write("others.json", JwksJson({KeyOf(9).point()}));
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
