// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_pcs.h"

#include <gtest/gtest.h>

#include "fetchers/intel_urls.h"
#include "fetchers/vendor_answer.h"
#include "tcb/collateral.h"
#include "tcb/pki/pem.h"
#include "tests/fetchers/fakes.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using sim::SimIntel;
using test::FakeHttp;
using test::Response;

const IntelUpstream kUpstream{"http://127.0.0.1:1/sgx/certification/v4/", false, {}};
const CollateralKey kTcb = TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(sim::kServerFmspc), {}};
const CollateralKey kPckCrl = PckCrlKey{intel::PckCa::kPlatform};

const SimIntel& Intel() {
  static const SimIntel intel = SimIntel::Make();
  return intel;
}

// As encodeURIComponent() does, which leaves no "+" and no line break.
std::string PercentEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
    out += plain ? std::string(1, c) : "%" + HexUpper(AsBytes(std::string_view(&c, 1)));
  }
  return out;
}

std::string Text(const Bytes& bytes) { return std::string(AsText(bytes)); }

// One fetch of `key` that is answered by `response`.
Result<Fetched> FetchWith(const CollateralKey& key, const HttpResponse& response) {
  FakeHttp http;
  http.On(IntelUrl(kUpstream.base, key), response);
  return FetchIntel(http, kUpstream, key, SteadyTime::max());
}

Check CheckOf(const Result<Fetched>& result) { return result.ok() ? Check::kNone : result.error().check; }

TEST(IntelPcs, BringsBodyAndChainOfEachJsonItem) {
  struct Case {
    CollateralKey key;
    std::string header;
    Bytes body;
  };
  const std::vector<Case> cases = {
      {kTcb, "tcb-info-issuer-chain", Intel().TcbInfo(IntelTee::kSgx)},
      {EnclaveIdentityKey{EnclaveId::kTdQe, {}}, "sgx-enclave-identity-issuer-chain",
       Intel().Identity(EnclaveId::kTdQe)},
      {EvaluationNumbersKey{IntelTee::kTdx}, "tcb-evaluation-data-numbers-issuer-chain",
       Intel().EvaluationNumbers(IntelTee::kTdx)},
  };
  for (const auto& [key, header, body] : cases) {
    const std::string chain = Intel().TcbSigningChain();
    const auto fetched = FetchWith(key, Response(200, Text(body), {{header, PercentEncode(chain)}}));
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_EQ(fetched->bytes.body, body) << "byte for byte";
    EXPECT_EQ(fetched->bytes.issuer_chain, chain);
    EXPECT_EQ(fetched->source, IntelUrl(kUpstream.base, key));
    EXPECT_TRUE(AuthenticateItem(key, fetched->bytes, Intel().Anchors()).ok());
    EXPECT_EQ(CheckOf(FetchWith(key, Response(200, Text(body)))), Check::kUpstreamAnswer) << "no chain";
  }
}

TEST(IntelPcs, TakesTheOldNameOfTheTcbInfoChainAsWell) {
  const std::string body = Text(Intel().TcbInfo(IntelTee::kSgx)), chain = Intel().TcbSigningChain();
  const auto old_name =
      FetchWith(kTcb, Response(200, body, {{"sgx-tcb-info-issuer-chain", PercentEncode(chain)}}));
  ASSERT_TRUE(old_name.ok());
  EXPECT_EQ(old_name->bytes.issuer_chain, chain);
  const auto both = FetchWith(
      kTcb, Response(200, body,
                     {{"sgx-tcb-info-issuer-chain", PercentEncode("-----BEGIN CERTIFICATE-----old")},
                      {"tcb-info-issuer-chain", PercentEncode(chain)}}));
  ASSERT_TRUE(both.ok());
  EXPECT_EQ(both->bytes.issuer_chain, chain) << "the new name comes first";
}

TEST(IntelPcs, ARawPlusInTheChainStaysAPlus) {
  const auto fetched = FetchWith(
      kTcb, Response(200, "{}", {{"tcb-info-issuer-chain", "-----BEGIN%20CERTIFICATE-----a+b%2Bc"}}));
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->bytes.issuer_chain, "-----BEGIN CERTIFICATE-----a+b+c");
}

TEST(IntelPcs, A200ThatIsNotTheAnswer) {
  const std::string chain = PercentEncode(Intel().TcbSigningChain()),
                    good = Text(Intel().TcbInfo(IntelTee::kSgx));
  const auto with = [&](const std::string& body, const std::string& header) {
    return CheckOf(FetchWith(kTcb, Response(200, body, {{"tcb-info-issuer-chain", header}})));
  };
  EXPECT_EQ(with(good, chain), Check::kNone);
  EXPECT_EQ(with("<html>Sign in</html>", chain), Check::kUpstreamAnswer);
  EXPECT_EQ(with("", chain), Check::kUpstreamAnswer);
  EXPECT_EQ(with(good.substr(0, good.size() - 1), chain), Check::kUpstreamAnswer);
  EXPECT_EQ(with(good, "hello"), Check::kUpstreamAnswer);
  EXPECT_EQ(with(good, chain + "%2"), Check::kUpstreamAnswer);
}

TEST(IntelPcs, Statuses) {
  EXPECT_EQ(CheckOf(FetchWith(kTcb, Response(404))), Check::kUpstreamNotFound);
  EXPECT_EQ(CheckOf(FetchWith(kTcb, Response(410))), Check::kUpstreamNotFound);
  for (const int status : {204, 302, 400, 401, 429, 500, 502, 503, 461}) {
    EXPECT_EQ(CheckOf(FetchWith(kTcb, Response(status))), Check::kUpstreamStatus) << status;
  }
  EXPECT_TRUE(IsRetired(FetchWith(kTcb, Response(410)).error()));
  EXPECT_FALSE(IsRetired(FetchWith(kTcb, Response(404)).error()));
  EXPECT_FALSE(IsRetired(FetchWith(kTcb, Response(503)).error()));
}

TEST(IntelPcs, CrlsInEveryEncodingAreStoredAsDer) {
  const Bytes der = Intel().PckCrl(intel::PckCa::kPlatform);
  const std::string header = PercentEncode(Intel().CaChain(intel::PckCa::kPlatform));
  for (const std::string& body :
       {Text(der), EncodePem(der, "X509 CRL"), HexLower(der), HexUpper(der) + "\n", HexLower(der) + '\0'}) {
    const auto fetched = FetchWith(kPckCrl, Response(200, body, {{"sgx-pck-crl-issuer-chain", header}}));
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_EQ(fetched->bytes.body, der);
    EXPECT_TRUE(AuthenticateItem(kPckCrl, fetched->bytes, Intel().Anchors()).ok());
  }
  EXPECT_EQ(CheckOf(FetchWith(kPckCrl, Response(200, "<html>", {{"sgx-pck-crl-issuer-chain", header}}))),
            Check::kUpstreamAnswer);
  EXPECT_EQ(CheckOf(FetchWith(kPckCrl, Response(200, Text(der)))), Check::kUpstreamAnswer) << "no chain";
}

TEST(IntelPcs, TheRootCaCrlGetsItsIssuerFromTheChainOfAPckCrl) {
  const CollateralKey key = RootCaCrlKey{};
  const std::string pck_crl_url = IntelUrl(kUpstream.base, kPckCrl);
  const std::string chain = PercentEncode(Intel().CaChain(intel::PckCa::kPlatform));
  FakeHttp http;
  http.On(IntelUrl(kUpstream.base, key), Response(200, HexLower(Intel().RootCaCrl())));
  http.On(pck_crl_url, Response(200, Text(Intel().PckCrl(intel::PckCa::kPlatform)),
                                {{"sgx-pck-crl-issuer-chain", chain}}));
  const auto fetched = FetchIntel(http, kUpstream, key, SteadyTime::max());
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->bytes.body, Intel().RootCaCrl());
  EXPECT_EQ(fetched->bytes.issuer_chain, Intel().RootPem());
  EXPECT_TRUE(AuthenticateItem(key, fetched->bytes, Intel().Anchors()).ok());

  const std::string no_root =
      PercentEncode(EncodePem(Intel().CaCertificate(intel::PckCa::kPlatform), "CERTIFICATE"));
  http.On(pck_crl_url, Response(200, "", {{"sgx-pck-crl-issuer-chain", no_root}}));
  EXPECT_EQ(CheckOf(FetchIntel(http, kUpstream, key, SteadyTime::max())), Check::kUpstreamAnswer);
  http.On(pck_crl_url, Response(503));
  EXPECT_EQ(CheckOf(FetchIntel(http, kUpstream, key, SteadyTime::max())), Check::kUpstreamStatus);
}

// An upstream whose PCK CRL and chain are as Intel's, and that has the root CA CRL at none of the three places.
struct RootCrlWorld {
  explicit RootCrlWorld(const std::string& base = kUpstream.base) : upstream{base, false, {}} {
    const auto root =
        Certificate::Parse(Intel().Certificate(sim::IntelCertificate::kRoot), Check::kNone).value();
    upstream.root_crls.Add(*root);
    address = root->crl_url();
    places = {base + "rootcacrl", CrlUrl(base, address), address};
    http.On(
        IntelUrl(base, kPckCrl),
        Response(200, Text(Intel().PckCrl(intel::PckCa::kPlatform)),
                 {{"sgx-pck-crl-issuer-chain", PercentEncode(Intel().CaChain(intel::PckCa::kPlatform))}}));
  }
  Result<Fetched> Fetch() {
    http.requests.clear();
    return FetchIntel(http, upstream, RootCaCrlKey{}, SteadyTime::max());
  }
  // Without the one for the root's certificate.
  std::vector<std::string> Asked() const {
    std::vector<std::string> urls;
    for (const HttpRequest& request : http.requests) {
      if (request.url.find("pckcrl?ca=") == std::string::npos) urls.push_back(request.url);
    }
    return urls;
  }

  IntelUpstream upstream;
  std::string address;
  std::vector<std::string> places;
  FakeHttp http;
};

TEST(IntelPcs, TheRootCaCrlIsSoughtInThreePlacesInOrder) {
  const HttpResponse good = Response(200, HexLower(Intel().RootCaCrl()));
  for (size_t has = 0; has < 3; ++has) {
    for (const HttpResponse& without :
         {Response(404), Response(400), Response(500), Response(200, "<html>")}) {
      RootCrlWorld world;
      for (size_t i = 0; i < has; ++i) world.http.On(world.places[i], without);
      world.http.On(world.places[has], good);
      const auto fetched = world.Fetch();
      ASSERT_TRUE(fetched.ok()) << fetched.error().message;
      EXPECT_EQ(fetched->source, world.places[has]);
      EXPECT_EQ(world.Asked(), std::vector(world.places.begin(),
                                           world.places.begin() + 1 + static_cast<std::ptrdiff_t>(has)));
      EXPECT_TRUE(AuthenticateItem(RootCaCrlKey{}, fetched->bytes, Intel().Anchors()).ok());
    }
  }
}

TEST(IntelPcs, TheRootCaCrlIsNotThereWhenNoPlaceHasIt) {
  RootCrlWorld world;
  EXPECT_EQ(CheckOf(world.Fetch()), Check::kUpstreamNotFound);
  EXPECT_EQ(world.Asked(), world.places);
  world.http.On(world.places[1], Response(500));
  EXPECT_EQ(CheckOf(world.Fetch()), Check::kUpstreamStatus) << "who failed might have had it";
}

// Whether an upstream is left out for a while depends on itself alone.
TEST(IntelPcs, OnlyItsOwnHostMakesAnUpstreamUnreachable) {
  RootCrlWorld world;
  world.http.On(world.places[2], test::Unreachable);
  const auto refused = world.Fetch();
  EXPECT_EQ(CheckOf(refused), Check::kUpstreamStatus);
  EXPECT_NE(refused.error().message.find(world.address), std::string::npos) << refused.error().message;
  world.http.On(world.places[0], test::Unreachable);
  EXPECT_EQ(CheckOf(world.Fetch()), Check::kUpstreamUnreachable);
  EXPECT_EQ(world.Asked(), std::vector{world.places[0]}) << "a host that is down is not asked twice";
}

TEST(IntelPcs, IntelsOwnHasTheRootCaCrlAtItsPlaceAlone) {
  RootCrlWorld world("https://api.trustedservices.intel.com/sgx/certification/v4/");
  world.http.On(world.address, Response(200, Text(Intel().RootCaCrl())));
  EXPECT_TRUE(world.Fetch().ok());
  EXPECT_EQ(world.Asked(), std::vector{world.address});
}

// What a chain says of itself leads nowhere.
TEST(IntelPcs, TheDistributionPointOfAnUnknownRootIsNotAsked) {
  RootCrlWorld world;
  world.upstream.root_crls = {};
  EXPECT_EQ(CheckOf(world.Fetch()), Check::kUpstreamNotFound);
  EXPECT_EQ(world.Asked(), std::vector{world.places[0]});
  RootCrlWorld own("https://api.trustedservices.intel.com/sgx/certification/v4/");
  own.upstream.root_crls = {};
  EXPECT_EQ(CheckOf(own.Fetch()), Check::kUpstreamAnswer);
  EXPECT_TRUE(own.Asked().empty());
}

TEST(IntelPcs, PassesDeadlineLimitAndPermissionOn) {
  FakeHttp http;
  const SteadyTime deadline(std::chrono::seconds(7));
  (void)FetchIntel(http, {kUpstream.base, true, {}}, kTcb, deadline);
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].deadline, deadline);
  EXPECT_EQ(http.requests[0].max_body, 1u << 20);
  EXPECT_TRUE(http.requests[0].allow_http);
}

TEST(IntelPcs, RefusesAmdsItems) {
  FakeHttp http;
  const CollateralKey key = AmdCrlKey{amd::Product::kMilan, amd::SigningKey::kVcek};
  EXPECT_EQ(CheckOf(FetchIntel(http, kUpstream, key, SteadyTime::max())), Check::kRequest);
  EXPECT_TRUE(http.requests.empty());
}

}  // namespace
}  // namespace thimble
