// SPDX-License-Identifier: Apache-2.0
#include "service/results/jwt.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using nlohmann::json;

EcSigningKey KeyOf(uint8_t seed) { return *EcSigningKey::FromScalar(Bytes(32, seed)); }
std::vector<Jwk> SetOf(const EcSigningKey& key) { return *ParseJwks(JwksJson({key.point()})); }
std::string Encoded(std::string_view header, std::string_view claims) {
  return StrCat(Base64Url(AsBytes(header)), ".", Base64Url(AsBytes(claims)));
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

// RFC 8725: the attacks that other readers of tokens fell for.
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

}  // namespace
}  // namespace thimble
