// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_pcs.h"

#include <gtest/gtest.h>

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

const IntelUpstream kUpstream{"http://127.0.0.1:1/sgx/certification/v4/", false};
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

TEST(IntelPcs, PassesDeadlineLimitAndPermissionOn) {
  FakeHttp http;
  const SteadyTime deadline(std::chrono::seconds(7));
  (void)FetchIntel(http, {kUpstream.base, true}, kTcb, deadline);
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
