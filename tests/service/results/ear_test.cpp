// SPDX-License-Identifier: Apache-2.0
//
// Signed attestation results: the token, its claims, and what a relying party refuses.
#include "service/results/ear.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "service/verification/challenges.h"
#include "service/results/jwt.h"
#include "service/results/result_signer.h"
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
std::vector<Jwk> SetOf(const EcSigningKey& key) { return *ParseJwks(JwksJson({key})); }
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
  const json set = json::parse(JwksJson({key}));
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
  ASSERT_TRUE(VerifyJwt(signed_with(StrCat(R"({"alg":"ES256","kid":")", kid, "\"}")), SetOf(key)).ok());
  for (const std::string& header :
       {StrCat(R"({"alg":"none","kid":")", kid, "\"}"), StrCat(R"({"alg":"HS256","kid":")", kid, "\"}"),
        StrCat(R"({"alg":"es256","kid":")", kid, "\"}"), StrCat(R"({"kid":")", kid, "\"}"),
        std::string(R"({"alg":"ES256"})"),
        StrCat(R"({"alg":"ES256","crit":["b64"],"b64":false,"kid":")", kid, "\"}")}) {
    EXPECT_EQ(VerifyJwt(signed_with(header), SetOf(key)).error().check, Check::kSigningChainUntrusted)
        << header;
  }
  for (const std::string& token :
       {std::string(""), std::string("a.b"), std::string("!.!.!"), StrCat(Encoded("{", "{}"), ".AA"),
        signed_with(StrCat(R"({"alg":"none","alg":"ES256","kid":")", kid, "\"}"))}) {
    EXPECT_EQ(VerifyJwt(token, SetOf(key)).error().check, Check::kEvidenceFormat) << token;
  }
}

TEST(Jwt, PassesOverKeysOfOtherKinds) {
  json set = json::parse(JwksJson({KeyOf(3)}));
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
    return json::parse(EarClaims({outcome_, policy_, "default", 1}, {sim::kNow, "id", "nonce-1"}));
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
    decision_.accept = true;
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

TEST_F(EarClaimsTest, LiveNoLongerThanTheCollateral) {
  verdict_.window.not_after = sim::kNow + 60s;
  EXPECT_EQ(Claims()["exp"].get<int64_t>(), (sim::kNow + 60s).time_since_epoch().count());
}

TEST_F(EarClaimsTest, AreHeldToWhatARelyingPartyExpects) {
  const json good = Claims();
  const auto check = [](const json& claims, Instant now = sim::kNow,
                        std::optional<std::string> nonce = "nonce-1") {
    return CheckEar(claims.dump(), now, nonce);
  };
  const auto summary = check(good);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->status, Tier::kAffirming);
  EXPECT_TRUE(check(good, sim::kNow + 299s).ok());
  EXPECT_EQ(check(good, sim::kNow + 300s).error().check, Check::kEvidenceFormat);
  EXPECT_TRUE(check(good, sim::kNow - 60s).ok()) << "clocks differ a little";
  EXPECT_EQ(check(good, sim::kNow - 61s).error().check, Check::kEvidenceFormat);
  EXPECT_EQ(check(good, sim::kNow, "nonce-2").error().check, Check::kEvidenceFormat);
  EXPECT_TRUE(check(good, sim::kNow, std::nullopt).ok());

  json other_profile = good, no_nonce = good, better = good, two = good, none = good, odd = good;
  other_profile["eat_profile"] = "tag:github.com,2024:confidential-containers/Trustee";
  no_nonce.erase("eat_nonce");
  better["submods"]["cpu0"]["ear.trustworthiness-vector"]["hardware"] = 32;
  for (const json& bad : {other_profile, no_nonce, better})
    EXPECT_EQ(check(bad).error().check, Check::kEvidenceFormat) << bad.dump();
  two["submods"]["gpu0"] = two["submods"]["cpu0"];
  two["submods"]["gpu0"]["ear.status"] = "contraindicated";
  EXPECT_EQ(check(two)->status, Tier::kContraindicated) << "the worst of them counts";
  none["submods"] = json::object();
  odd["submods"]["cpu0"]["ear.status"] = "excellent";
  for (const json& bad : {none, odd, json::object()})
    EXPECT_EQ(check(bad).error().check, Check::kEvidenceFormat) << bad.dump();
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
  const auto summary = CheckEar(*claims, sim::kNow, std::nullopt);
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

TEST_F(EarServiceTest, KeepsItsKeyToItself) {
  const std::string path = w_.files / "result-key.pem";
  const auto first = ResultSigner::AtFile(path);
  ASSERT_TRUE(first.ok()) << first.error().message;
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(ResultSigner::AtFile(path)->jwks(), first->jwks());
  EXPECT_NE(ResultSigner::InMemory().jwks(), first->jwks());
  ::chmod(path.c_str(), 0644);
  EXPECT_EQ(ResultSigner::AtFile(path).error().check, Check::kStoreIo);
  const std::string junk = w_.files.Write("junk.pem", "junk");
  ::chmod(junk.c_str(), 0600);
  EXPECT_EQ(ResultSigner::AtFile(junk).error().check, Check::kStoreIo);
}

TEST_F(EarServiceTest, IsCheckedFromTheCommandLine) {
  w_.Start();
  const json result = Post({{"evidence", QuoteWith({})}, {"ear", true}});
  const std::string token = w_.files.Write("result.jwt", result["ear"].get<std::string>());
  const std::string whole = w_.files.Write("result.json", result.dump());
  const std::string keys = w_.files.Write("jwks.json", test::Get(w_.port(), "/.well-known/jwks.json").body);
  const std::string others = w_.files.Write("others.json", JwksJson({KeyOf(9)}));
  const std::string now = FormatRfc3339(sim::kNow), server = StrCat("http://127.0.0.1:", w_.port());
  const auto good = RunThimble({"verify-result", token, "--jwks", keys, "--at", now, "--json"});
  EXPECT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(json::parse(good.out)["submods"]["cpu0"]["ear.status"], "affirming");
  EXPECT_EQ(RunThimble({"verify-result", whole, "--server", server, "--at", now}).exit_code, 0);
  EXPECT_EQ(RunThimble({"verify-result", token, "--jwks", others, "--at", now}).exit_code, 1);
  EXPECT_EQ(RunThimble({"verify-result", token, "--jwks", keys}).exit_code, 1) << "it has long expired";
  EXPECT_EQ(RunThimble({"verify-result", token, "--jwks", keys, "--at", now, "--nonce", "5a5a5a5a5a5a5a5a"})
                .exit_code,
            1);
  EXPECT_EQ(RunThimble({"verify-result", keys, "--jwks", keys, "--at", now}).exit_code, 4);
  EXPECT_EQ(RunThimble({"verify-result", token, "--at", now}).exit_code, 2);
}

}  // namespace
}  // namespace thimble
