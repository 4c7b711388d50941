// SPDX-License-Identifier: Apache-2.0
#include "fetchers/azure_thim.h"

#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/fetchers/pck_answers.h"
#include "tests/support/sim_amd.h"

namespace thimble {
namespace {

using namespace test;
using sim::SimAmd;
using sim::SnpPlatform;

// ---- AMD ----

const ThimUpstream kImds{"http://169.254.169.254", false};
const std::string kAmdUrl = "http://169.254.169.254/metadata/THIM/amd/certification";
const SnpPlatform kHost = SnpPlatform::Of(amd::Product::kMilan);
const VcekKey kVcek{kHost.product, kHost.hwid(), kHost.tcb};

const SimAmd& Amd() {
  static const SimAmd amd = SimAmd::Make();
  return amd;
}

std::string Certification(const std::string& vcek, const std::string& chain, bool number = false) {
  std::string out;
  json::Writer writer(&out);
  writer.BeginObject().Key("vcekCert").String(vcek).Key("tcbm").String("7308000000000003");
  writer.Key("certificateChain").String(chain).Key("cacheControl");
  number ? writer.Unsigned(86400) : writer.String("86400");
  writer.Key("new").Null().EndObject();
  return out;
}
std::string Vcek(const SnpPlatform& platform = kHost) {
  return EncodePem(Amd().Leaf(platform), "CERTIFICATE");
}
std::string Chain() { return Amd().ChainPem(kHost.product, amd::SigningKey::kVcek); }

Result<Fetched> FetchAmdWith(const HttpResponse& response, const CollateralKey& key = kVcek) {
  FakeHttp http;
  http.On(kAmdUrl, response);
  return FetchThimAmd(http, kImds, key, SteadyTime::max());
}

TEST(ThimAmd, BringsTheVcekOfThisHost) {
  FakeHttp http;
  http.On(kAmdUrl, Response(200, Certification(Vcek(), Chain())));
  const auto fetched = FetchThimAmd(http, kImds, kVcek, SteadyTime::max());
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(AuthenticateItem(kVcek, fetched->bytes, Amd().Anchors()).ok());
  EXPECT_EQ(fetched->source, kAmdUrl);
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].headers,
            (std::vector<std::pair<std::string, std::string>>{{"Metadata", "true"}}));
  EXPECT_FALSE(http.requests[0].allow_http) << "link-local needs no permission";
}

TEST(ThimHost, IsWhateverThisHostIs) {
  const SnpPlatform other = SnpPlatform::Of(amd::Product::kGenoa);
  for (const SnpPlatform& host : {kHost, other}) {
    FakeHttp http;
    http.On(kAmdUrl,
            Response(200, Certification(Vcek(host), Amd().ChainPem(host.product, amd::SigningKey::kVcek))));
    const auto fetched = FetchThimHost(http, kImds, SteadyTime::max());
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    const auto item = AuthenticateAny(ItemKind::kVcek, fetched->bytes, Amd().Anchors());
    ASSERT_TRUE(item.ok()) << item.error().message;
    EXPECT_EQ((*item)->name(), KeyName(VcekKey{host.product, host.hwid(), host.tcb}));
  }
}

TEST(ThimAmd, AndItsChain) {
  const CollateralKey key = AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek};
  const auto fetched = FetchAmdWith(Response(200, Certification(Vcek(), Chain())), key);
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(AuthenticateItem(key, fetched->bytes, Amd().Anchors()).ok());
  const CollateralKey genoa = AmdChainKey{amd::Product::kGenoa, amd::SigningKey::kVcek};
  EXPECT_EQ(CheckOf(FetchAmdWith(Response(200, Certification(Vcek(), Chain())), genoa)),
            Check::kUpstreamNotFound);
}

TEST(ThimAmd, AnotherChipOrTcbIsNotFound) {
  const auto with = [](const std::function<void(SnpPlatform&)>& bend) {
    SnpPlatform host = kHost;
    bend(host);
    return CheckOf(FetchAmdWith(Response(200, Certification(Vcek(host), Chain()))));
  };
  EXPECT_EQ(with([](SnpPlatform&) {}), Check::kNone);
  EXPECT_EQ(with([](SnpPlatform& p) { p.chip_id[5] ^= 1; }), Check::kUpstreamNotFound);
  EXPECT_EQ(with([](SnpPlatform& p) { ++*p.tcb.microcode; }), Check::kUpstreamNotFound);
}

TEST(ThimAmd, IsReadLiberallyButNotAnyhow) {
  const auto with = [](const std::string& body) { return CheckOf(FetchAmdWith(Response(200, body))); };
  EXPECT_EQ(with(Certification(Vcek(), Chain(), true)), Check::kNone) << "cacheControl as a number";
  EXPECT_EQ(with(Certification("", Chain())), Check::kUpstreamAnswer);
  EXPECT_EQ(with(Certification(Vcek() + Vcek(), Chain())), Check::kUpstreamAnswer);
  EXPECT_EQ(with(Certification(EncodePem(Amd().Ark(kHost.product), "CERTIFICATE"), Chain())),
            Check::kUpstreamAnswer)
      << "not a VCEK";
  EXPECT_EQ(with(R"({"vcekCert":"a"})"), Check::kUpstreamAnswer);
  EXPECT_EQ(with(R"({"vcekCert":1,"certificateChain":"b"})"), Check::kUpstreamAnswer);
  EXPECT_EQ(with("[]"), Check::kUpstreamAnswer);
  EXPECT_EQ(with("<html>"), Check::kUpstreamAnswer);
  EXPECT_EQ(CheckOf(FetchAmdWith(Response(500))), Check::kUpstreamStatus);
  EXPECT_EQ(CheckOf(FetchAmdWith(Response(302))), Check::kUpstreamStatus);
}

TEST(ThimAmd, HasNothingElse) {
  for (const CollateralKey& key :
       {CollateralKey(AmdCrlKey{kHost.product, amd::SigningKey::kVcek}),
        CollateralKey(AmdChainKey{kHost.product, amd::SigningKey::kVlek}), CollateralKey(RootCaCrlKey{})}) {
    EXPECT_EQ(CheckOf(FetchAmdWith(Response(200, Certification(Vcek(), Chain())), key)), Check::kRequest);
  }
}

TEST(ThimBase, IsAnOrigin) {
  EXPECT_EQ(NormalizeThimBase("http://169.254.169.254"), "http://169.254.169.254");
  EXPECT_EQ(NormalizeThimBase("http://169.254.169.254/"), "http://169.254.169.254");
  EXPECT_EQ(NormalizeThimBase("http://10.0.0.4:2377"), "http://10.0.0.4:2377");
  EXPECT_FALSE(NormalizeThimBase("http://169.254.169.254/metadata"));
  EXPECT_FALSE(NormalizeThimBase("169.254.169.254"));
}

// ---- Intel ----

const ThimUpstream kLocal{"http://169.254.169.254/metadata/THIM/sgx/certification/v4/", false};
const intel::PckTcb kRaw = TcbOf(sim::ServerPlatform(sim::Tcb::kNewest));
const std::string kPckUrl = kLocal.base +
                            "pckcert?qeid=0102030405060708090A0B0C0D0E0F10&cpusvn=" + kRaw.CpuSvnHexUpper() +
                            "&pcesvn=" + kRaw.PceSvnHexUpper() + "&pceid=0000";
const std::string kExtras = "&clientid=production_client&api-version=2021-07-22-preview";

Result<Fetched> FetchPckWith(const std::string& body) {
  FakeHttp http;
  http.On(kPckUrl + kExtras, Response(200, body));
  return FetchThimPck(http, kLocal, {kPlatform, {}, kRaw}, SteadyTime::max());
}

TEST(ThimPck, BringsASetOfOne) {
  const auto fetched = FetchPckWith(ThimPck());
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_TRUE(Authentic(*fetched));
  EXPECT_EQ(fetched->source, kLocal.base + "pckcert");
}

TEST(ThimPck, PassesTheEncryptedPpidOnButNeverShowsIt) {
  FakeHttp http;
  http.Otherwise([](const HttpRequest& request) { return Unreachable(request); });
  const auto failed = FetchThimPck(http, kLocal, {kPlatform, kPpid, kRaw}, SteadyTime::max());
  ASSERT_EQ(http.requests.size(), 1u);
  EXPECT_EQ(http.requests[0].url, kPckUrl + "&encrypted_ppid=" + kPpid.HexUpper() + kExtras);
  EXPECT_EQ(http.requests[0].headers[0].first, "Metadata");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message.find(kPpid.HexUpper()), std::string::npos);
}

TEST(ThimPck, AsksForATcbOrNotAtAll) {
  FakeHttp http;
  EXPECT_EQ(CheckOf(FetchThimPck(http, kLocal, {kPlatform, kPpid, {}}, SteadyTime::max())),
            Check::kUpstreamNotFound);
  EXPECT_TRUE(http.requests.empty());
}

TEST(ThimPck, AnswersThatAreNotACertificate) {
  const auto replaced = [](std::string_view what, std::string_view by) {
    std::string body = ThimPck();
    body.replace(body.find(what), what.size(), by);
    return CheckOf(FetchPckWith(body));
  };
  EXPECT_EQ(replaced("86400", "86400"), Check::kNone);
  EXPECT_EQ(replaced("pckCert", "pckcert"), Check::kUpstreamAnswer);
  EXPECT_EQ(replaced("BEGIN CERTIFICATE", "BEGIN SOMETHING"), Check::kUpstreamAnswer);
  EXPECT_EQ(replaced("sgx-Tcbm\":\"", "sgx-Tcbm\":\"0"), Check::kUpstreamAnswer);
  EXPECT_EQ(replaced("%20CERTIFICATE", "%2 CERTIFICATE"), Check::kUpstreamAnswer);
  EXPECT_EQ(CheckOf(FetchPckWith("-----BEGIN CERTIFICATE-----")), Check::kUpstreamAnswer);
}

}  // namespace
}  // namespace thimble
