// SPDX-License-Identifier: Apache-2.0
#include "fetchers/amd_kds.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "fetchers/amd_urls.h"
#include "tcb/collateral.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/trust_anchors.h"
#include "tests/fetchers/fakes.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using amd::Product;
using amd::SigningKey;
using test::FakeHttp;
using test::Response;

const AmdUpstream kUpstream{"http://127.0.0.1:1", false};
const CollateralKey kChain = AmdChainKey{Product::kMilan, SigningKey::kVcek};
const CollateralKey kCrl = AmdCrlKey{Product::kMilan, SigningKey::kVcek};
const CollateralKey kVcek =
    VcekKey{Product::kMilan, amd::HwId(64, 7), {Product::kMilan, 4, 0, 24, 219, std::nullopt}};

// Not certificates: what matters here is that they are brought over unchanged. 0x30 begins DER.
const Bytes kDer = {0x30, 0x03, 0x02, 0x01, 0x07};
const std::string kPem = EncodePem(kDer, "CERTIFICATE");
const std::string kChainPem = EncodePem(kDer, "CERTIFICATE") + EncodePem({{0x30, 0x00}}, "CERTIFICATE");

Result<Fetched> Fetch(FakeHttp& http, const CollateralKey& key, const AmdChainFunction& chain = {}) {
  return FetchAmd(http, kUpstream, chain, key, SteadyTime::max());
}
Check CheckOf(const Result<Fetched>& result) { return result.ok() ? Check::kNone : result.error().check; }

TEST(AmdKds, AVcekComesWithItsChain) {
  for (const std::string& body : {std::string(AsText(kDer)), kPem}) {
    FakeHttp http;
    http.On(KdsUrl(kUpstream.base, kVcek), Response(200, body));
    http.On(KdsUrl(kUpstream.base, kChain), Response(200, kChainPem));
    const auto fetched = Fetch(http, kVcek);
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_EQ(fetched->bytes.body, kDer);
    EXPECT_EQ(fetched->bytes.issuer_chain, kChainPem);
    EXPECT_EQ(fetched->source, KdsUrl(kUpstream.base, kVcek));
  }
}

TEST(AmdKds, TheChainCanComeFromElsewhere) {
  FakeHttp http;
  http.On(KdsUrl(kUpstream.base, kVcek), Response(200, kPem));
  const auto fetched = Fetch(http, kVcek, [](const AmdChainKey& key, SteadyTime) -> Result<std::string> {
    EXPECT_EQ(CollateralKey(key), kChain);
    return std::string("kept");
  });
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->bytes.issuer_chain, "kept");
  EXPECT_EQ(http.requests.size(), 1u);
}

TEST(AmdKds, WithoutAChainTheVcekIsNotAskedFor) {
  FakeHttp http;
  http.On(KdsUrl(kUpstream.base, kVcek), Response(200, kPem));
  http.On(KdsUrl(kUpstream.base, kChain), Response(503));
  EXPECT_EQ(CheckOf(Fetch(http, kVcek)), Check::kUpstreamStatus);
  EXPECT_EQ(http.requests.size(), 1u);
}

TEST(AmdKds, AMaskedChipIsNotAskedFor) {
  FakeHttp http;
  const CollateralKey masked =
      VcekKey{Product::kMilan, amd::HwId(64, 0), {Product::kMilan, 4, 0, 24, 219, std::nullopt}};
  EXPECT_EQ(CheckOf(Fetch(http, masked)), Check::kUpstreamNotFound);
  EXPECT_TRUE(http.requests.empty());
}

TEST(AmdKds, ACrlComesWithTheChainOfItsKind) {
  const CollateralKey vlek_crl = AmdCrlKey{Product::kGenoa, SigningKey::kVlek};
  FakeHttp http;
  http.On(KdsUrl(kUpstream.base, vlek_crl), Response(200, HexLower(kDer)));
  http.On(KdsUrl(kUpstream.base, AmdChainKey{Product::kGenoa, SigningKey::kVlek}), Response(200, kChainPem));
  const auto fetched = Fetch(http, vlek_crl);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->bytes.body, kDer);
  EXPECT_EQ(fetched->bytes.issuer_chain, kChainPem);
}

TEST(AmdKds, AnswersThatAreNotTheItem) {
  const auto with = [](const CollateralKey& key, const std::string& body) {
    FakeHttp http;
    http.On(KdsUrl(kUpstream.base, kChain), Response(200, kChainPem));
    http.On(KdsUrl(kUpstream.base, key), Response(200, body));
    return CheckOf(Fetch(http, key));
  };
  EXPECT_EQ(with(kVcek, kPem), Check::kNone);
  EXPECT_EQ(with(kVcek, "<html>"), Check::kUpstreamAnswer);
  EXPECT_EQ(with(kVcek, kChainPem), Check::kUpstreamAnswer) << "two certificates";
  EXPECT_EQ(with(kChain, kChainPem), Check::kNone);
  EXPECT_EQ(with(kChain, kPem), Check::kUpstreamAnswer) << "one certificate";
  EXPECT_EQ(with(kChain, kChainPem + kPem), Check::kUpstreamAnswer) << "three certificates";
  EXPECT_EQ(with(kCrl, std::string(AsText(kDer))), Check::kNone);
  EXPECT_EQ(with(kCrl, "<html>"), Check::kUpstreamAnswer);
}

TEST(AmdKds, RefusesIntelsItems) {
  FakeHttp http;
  EXPECT_EQ(CheckOf(Fetch(http, RootCaCrlKey{})), Check::kRequest);
}

// A real VCEK with its chain, as the KDS delivers them.
TEST(AmdKds, ARealVcekAuthenticates) {
  const std::filesystem::path dir = test::CorpusDir() / "amd/05b7438a";
  if (!std::filesystem::exists(dir)) GTEST_SKIP() << "no corpus";
  const auto read = [&](const char* name) {
    std::ifstream in(dir / name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string vcek = read("vcek.der"), chain = read("chain.pem");
  const auto any =
      AuthenticateAny(ItemKind::kVcek, {Bytes(vcek.begin(), vcek.end()), chain}, TrustAnchors::Pinned());
  ASSERT_TRUE(any.ok()) << any.error().message;
  const auto key = ParseKeyName((*any)->name());
  ASSERT_TRUE(key);

  FakeHttp http;
  http.On(KdsUrl(kUpstream.base, *key), Response(200, vcek));
  const auto product = std::get<VcekKey>(*key).product;
  http.On(KdsUrl(kUpstream.base, AmdChainKey{product, SigningKey::kVcek}), Response(200, chain));
  const auto fetched = Fetch(http, *key);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(AuthenticateItem(*key, fetched->bytes, TrustAnchors::Pinned()).ok());
}

}  // namespace
}  // namespace thimble
