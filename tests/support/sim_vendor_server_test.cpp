// SPDX-License-Identifier: Apache-2.0
//
// The loopback vendor seen by the production fetcher, and its items judged by the core: every mode does what
// it says, and without one everything is good.
#include "tests/support/sim_vendor_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "fetchers/curl_http_client.h"
#include "fetchers/intel_pcs.h"
#include "fetchers/intel_urls.h"
#include "tcb/collateral.h"
#include "tests/support/paths.h"
#include "tests/support/sim_files.h"
#include "tests/support/sim_pcs_pck.h"
#include "tests/support/temp_dir.h"

namespace thimble::sim {
namespace {

using namespace std::chrono_literals;

const intel::Fmspc kServer = *intel::Fmspc::FromHex(kServerFmspc);
const CollateralKey kTcbKey = TcbInfoKey{IntelTee::kTdx, kServer, {}};
const CollateralKey kQeKey = EnclaveIdentityKey{EnclaveId::kTdQe, {}};
const CollateralKey kPckCrlKey = PckCrlKey{intel::PckCa::kPlatform};
const CollateralKey kRootCrlKey = RootCaCrlKey{};
const CollateralKey kNumbersKey = EvaluationNumbersKey{IntelTee::kTdx};

CollateralKey TcbKey(uint32_t number) {
  return TcbInfoKey{IntelTee::kTdx, kServer, {Selector::Kind::kNumber, number}};
}

class SimVendorServerTest : public ::testing::Test {
 protected:
  Result<HttpResponse> Send(const std::string& method, const std::string& url) {
    HttpRequest request;
    request.method = method;
    request.url = url;
    request.deadline = Soon();
    return client.Send(request);
  }
  HttpResponse Get(const std::string& target) {
    auto response = Send("GET", server.BaseUrl() + target);
    EXPECT_TRUE(response.ok()) << response.error().message;
    return response.ok() ? *response : HttpResponse{};
  }
  Result<Fetched> Fetch(const CollateralKey& key) {
    return FetchIntel(client, {.base = *NormalizeIntelBase(server.PcsUrl()), .root_crls = {}}, key, Soon());
  }
  // The fetched item, authenticated; its check when that fails.
  Result<ItemPtr> Obtain(const CollateralKey& key) {
    TRY_ASSIGN(const Fetched fetched, Fetch(key));
    return AuthenticateItem(key, fetched.bytes, world.Anchors());
  }
  std::string CheckOf(const CollateralKey& key) {
    const auto item = Obtain(key);
    return item.ok() ? "" : std::string(CheckName(item.error().check));
  }
  static std::chrono::steady_clock::time_point Soon() { return std::chrono::steady_clock::now() + 5s; }

  const SimIntel world = SimIntel::Make();
  SimVendorServer server{world};
  CurlHttpClient client{CurlOptions{}};
};

TEST_F(SimVendorServerTest, EveryItemIsGood) {
  for (const CollateralKey& key : {kTcbKey, kQeKey, kPckCrlKey, kRootCrlKey, kNumbersKey}) {
    EXPECT_EQ(CheckOf(key), "") << KeyName(key);
  }
  EXPECT_EQ(CheckOf(TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(kClientFmspc), {}}), "");
  EXPECT_EQ(CheckOf(EnclaveIdentityKey{EnclaveId::kQve, {}}), "");
  EXPECT_EQ(CheckOf(PckCrlKey{intel::PckCa::kProcessor}), "");
}

TEST_F(SimVendorServerTest, AnswersAsThePcsDoes) {
  const HttpResponse tcb = Get("/tdx/certification/v4/tcb?fmspc=00806f050000");
  EXPECT_EQ(tcb.status, 200);
  EXPECT_EQ(tcb.Header("content-type"), "application/json");
  EXPECT_EQ(tcb.Header("tcb-info-issuer-chain"), PercentEncode(world.TcbSigningChain()));
  EXPECT_EQ(tcb.Header("tcb-info-issuer-chain")->substr(0, 33), "-----BEGIN%20CERTIFICATE-----%0AM");
  EXPECT_EQ(tcb.Header("request-id")->size(), 32u);
  EXPECT_EQ(Get("/sgx/certification/v4/pckcrl?ca=platform").Header("content-type"), "application/x-pem-file");
  EXPECT_EQ(Get("/IntelSGXRootCA.der").body, world.RootCaCrl());
  EXPECT_EQ(AsText(Get("/sgx/certification/v4/rootcacrl").body), HexLower(world.RootCaCrl()));
  EXPECT_EQ(Get("/sgx/certification/v4/crl?uri=https%3A%2F%2Fx%2FIntelSGXRootCA.der").body,
            world.RootCaCrl());
  EXPECT_EQ(nlohmann::json::parse(Get("/sgx/certification/v4/fmspcs?platform=E5").body).size(), 1u);
}

TEST_F(SimVendorServerTest, RefusesAsThePcsDoes) {
  EXPECT_EQ(
      Get("/sgx/certification/v4/tcb?fmspc=00806F050000&update=early&tcbEvaluationDataNumber=17").status,
      400);
  EXPECT_EQ(Get("/sgx/certification/v4/tcb").status, 400);
  EXPECT_EQ(Get("/sgx/certification/v4/tcb?fmspc=000000000000").status, 404);
  EXPECT_EQ(Get("/tdx/certification/v4/tcb?fmspc=00A067110000").status, 404);
  EXPECT_EQ(Get("/sgx/certification/v4/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=15").status, 410);
  EXPECT_EQ(Get("/sgx/certification/v4/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=16").status, 200);
  EXPECT_EQ(Get("/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=19").status, 404);
  EXPECT_EQ(Get("/sgx/certification/v4/unknown").status, 404);
  EXPECT_EQ(Get("/elsewhere").status, 404);
}

TEST_F(SimVendorServerTest, PckCertificateIsTheBestThatThePlatformCovers) {
  const std::string base =
      "/sgx/certification/v4/pckcert?pceid=0000&encrypted_ppid=" + EncryptedPpid(ServerPlatform());
  const auto with_tcb = [&](Tcb tcb, const char* pce_svn) {
    return Get(base + "&cpusvn=" + HexUpper(SgxComponents(tcb)) + "&pcesvn=" + pce_svn);
  };
  const HttpResponse newest = with_tcb(Tcb::kNewest, "0D00");
  EXPECT_EQ(newest.Header("sgx-tcbm"), HexUpper(SgxComponents(Tcb::kGood)) + "0D00");
  EXPECT_EQ(AsText(newest.body), ToPem(world.PckCertificate(ServerPlatform()), "CERTIFICATE"));
  EXPECT_EQ(newest.Header("sgx-pck-certificate-ca-type"), "platform");
  EXPECT_EQ(newest.Header("sgx-fmspc"), kServerFmspc);
  EXPECT_EQ(with_tcb(Tcb::kGood, "0500").Header("sgx-tcbm"), HexUpper(SgxComponents(Tcb::kRevoked)) + "0500");
  EXPECT_EQ(with_tcb(Tcb::kUnsupported, "0D00").status, 404);
  EXPECT_EQ(Get(base).status, 400);
}

TEST_F(SimVendorServerTest, PckCertificatesAreListedWithOneNotAvailable) {
  const std::string base = "/sgx/certification/v4/pckcerts?pceid=0000&encrypted_ppid=";
  const HttpResponse list = Get(base + EncryptedPpid(ClientPlatform()));
  const auto json = nlohmann::json::parse(list.body);
  ASSERT_EQ(json.size(), 4u);
  EXPECT_EQ(json.at(0).at("cert"), "Not available");
  EXPECT_EQ(json.at(1).at("cert"),
            PercentEncode(ToPem(world.PckCertificate(ClientPlatform()), "CERTIFICATE")));
  EXPECT_EQ(list.Header("sgx-pck-certificate-ca-type"), "processor");
  EXPECT_EQ(Get(base + std::string(768, '0')).status, 404);
}

TEST_F(SimVendorServerTest, StandardCanBeRaisedAndTimeGoesOn) {
  EXPECT_EQ(Obtain(kTcbKey).value()->order_number(), 17u);
  EXPECT_EQ(Obtain(TcbInfoKey{IntelTee::kTdx, kServer, {Selector::Kind::kEarly, 0}}).value()->order_number(),
            18u);
  server.SetStandard(18);
  EXPECT_EQ(Obtain(kTcbKey).value()->order_number(), 18u);

  const Instant issued = Obtain(kTcbKey).value()->issued();
  server.SetNow(kNow + 24h);
  EXPECT_EQ(Obtain(kTcbKey).value()->issued(), issued + 24h);
}

TEST_F(SimVendorServerTest, ContentModes) {
  const auto check_in = [this](const char* mode, const CollateralKey& key) {
    server.SetMode(mode);
    return CheckOf(key);
  };
  EXPECT_EQ(check_in("wrong-fmspc", kTcbKey), "collateral.mismatch");
  EXPECT_EQ(check_in("wrong-tee", kTcbKey), "collateral.mismatch");
  EXPECT_EQ(check_in("wrong-tee", kQeKey), "collateral.mismatch");
  EXPECT_EQ(check_in("wrong-tee", kNumbersKey), "collateral.mismatch");
  EXPECT_EQ(check_in("wrong-ca", kPckCrlKey), "collateral.mismatch");
  EXPECT_EQ(check_in("bad-signature", kTcbKey), "tcb_info.signature");
  EXPECT_EQ(check_in("bad-content", kTcbKey), "tcb_info.signature");
  EXPECT_EQ(check_in("bad-signature", kQeKey), "qe_identity.signature");
  EXPECT_EQ(check_in("bad-signature", kPckCrlKey), "crl.pck.signature");
  EXPECT_EQ(check_in("bad-content", kRootCrlKey), "crl.root.signature");
  EXPECT_EQ(check_in("no-chain", kTcbKey), "upstream.answer");
  EXPECT_EQ(check_in("wrong-chain", kTcbKey), "signing_chain.untrusted");
  EXPECT_EQ(check_in("forged", kTcbKey), "signing_chain.untrusted");
  EXPECT_EQ(check_in("ok", kTcbKey), "");
}

TEST_F(SimVendorServerTest, OlderAndExpiredItemsAreAuthentic) {
  const auto in_mode = [this](const char* mode, const CollateralKey& key) {
    server.SetMode(mode);
    return Obtain(key).value();
  };
  for (const CollateralKey& key : {kTcbKey, kQeKey, kPckCrlKey, kRootCrlKey}) {
    const ItemPtr good = in_mode("ok", key), older = in_mode("rollback", key);
    EXPECT_LT(older->issued(), good->issued()) << KeyName(key);
    EXPECT_EQ(older->next_update(), good->next_update()) << KeyName(key);
    EXPECT_FALSE(NotOlder(*older, *good)) << KeyName(key);
    EXPECT_EQ(in_mode("expired", key)->next_update(), kNow - 24h) << KeyName(key);
  }
  EXPECT_EQ(in_mode("lower-number", kTcbKey)->order_number(), 16u);
  EXPECT_EQ(in_mode("lower-number", kPckCrlKey)->order_number(), 1u);
}

TEST_F(SimVendorServerTest, TransportModes) {
  server.SetMode("429:7");
  EXPECT_EQ(Get("/sgx/certification/v4/rootcacrl").status, 429);
  EXPECT_EQ(Get("/sgx/certification/v4/rootcacrl").Header("retry-after"), "7");
  server.SetMode("429");
  EXPECT_EQ(Get("/sgx/certification/v4/rootcacrl").Header("retry-after"), std::nullopt);
  server.SetMode("503");
  EXPECT_EQ(Get("/sgx/certification/v4/rootcacrl").status, 503);
  server.SetMode("html");
  EXPECT_EQ(CheckOf(kTcbKey), "upstream.answer");
  server.SetMode("truncate");
  EXPECT_EQ(CheckOf(kTcbKey), "upstream.unreachable");
  server.SetMode("endless");
  EXPECT_EQ(CheckOf(kTcbKey), "upstream.answer");
}

TEST_F(SimVendorServerTest, DelayAndHang) {
  server.SetMode("delay:150");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(CheckOf(kTcbKey), "");
  EXPECT_GE(std::chrono::steady_clock::now() - start, 150ms);

  server.SetMode("hang", "/tcb");
  auto hanging = std::async(std::launch::async, [this] { return CheckOf(kTcbKey); });
  EXPECT_EQ(hanging.wait_for(300ms), std::future_status::timeout);
  server.SetMode("ok", "/tcb");
  EXPECT_EQ(hanging.get(), "");
}

TEST_F(SimVendorServerTest, ServerEndsWhileARequestHangs) {
  auto own = std::make_unique<SimVendorServer>(world);
  own->SetMode("hang");
  const std::string url = own->PcsUrl() + "rootcacrl";
  auto hanging = std::async(std::launch::async, [&] { return Send("GET", url); });
  while (own->Count() == 0) std::this_thread::sleep_for(1ms);
  const auto start = std::chrono::steady_clock::now();
  own.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  hanging.wait();
}

TEST_F(SimVendorServerTest, ModesHoldForTheirPathAndTheLastOneWins) {
  server.SetMode("500", "/qe/identity");
  EXPECT_EQ(CheckOf(kQeKey), "upstream.status");
  EXPECT_EQ(CheckOf(kTcbKey), "");
  server.SetMode("bad-signature", "identity");
  EXPECT_EQ(CheckOf(kQeKey), "qe_identity.signature");
  server.SetMode("404");
  EXPECT_EQ(CheckOf(kQeKey), "upstream.not_found");
  EXPECT_THROW(server.SetMode("no-such-mode"), std::invalid_argument);
  EXPECT_THROW(server.SetMode("delay:soon"), std::invalid_argument);
}

TEST_F(SimVendorServerTest, CountsRequests) {
  Get("/sgx/certification/v4/rootcacrl");
  Get("/sgx/certification/v4/rootcacrl");
  Get("/sgx/certification/v4/qe/identity");
  EXPECT_EQ(server.Count(), 3u);
  EXPECT_EQ(server.Count("/rootcacrl"), 2u);
  EXPECT_EQ(AsText(Get("/_count?path=/rootcacrl").body), "2");
  EXPECT_EQ(server.MaxConcurrent(), 1u);
  server.ResetCounts();
  EXPECT_EQ(server.Count(), 0u);
}

TEST_F(SimVendorServerTest, CountsHowManyAreInAtOnce) {
  server.SetMode("delay:200");
  std::vector<std::future<HttpResponse>> requests;
  for (int i = 0; i < 8; ++i) {
    requests.push_back(
        std::async(std::launch::async, [this] { return Get("/sgx/certification/v4/rootcacrl"); }));
  }
  for (auto& request : requests) EXPECT_EQ(request.get().status, 200);
  EXPECT_GT(server.MaxConcurrent(), 1u);
  EXPECT_LE(server.MaxConcurrent(), 8u);
}

TEST_F(SimVendorServerTest, IsDrivenOverHttp) {
  const auto post = [this](const std::string& target) {
    return Send("POST", server.BaseUrl() + target).value().status;
  };
  EXPECT_EQ(post("/_mode?m=429:7&path=/tcb"), 200);
  EXPECT_EQ(Get("/tdx/certification/v4/tcb?fmspc=00806F050000").status, 429);
  EXPECT_EQ(post("/_mode?m=ok"), 200);
  EXPECT_EQ(post("/_mode?m=unheard-of"), 400);
  EXPECT_EQ(post("/_standard?n=18"), 200);
  EXPECT_EQ(Obtain(kTcbKey).value()->order_number(), 18u);
  EXPECT_EQ(post("/_standard?n=19"), 400);
}

TEST_F(SimVendorServerTest, RecordedCollateralIsServedByteForByte) {
  const test::TempDir files;
  const std::filesystem::path directory = files / "recorded";
  const SimIntel other = SimIntel::Make({.seed = "recorded"});
  const auto set = other.Collateral({.tee = IntelTee::kTdx});
  WriteCollateral(directory, set);
  server.ServeRecorded(directory);
  const auto fetched = Fetch(kTcbKey).value();
  EXPECT_EQ(fetched.bytes.body, set.tcb_info);
  EXPECT_EQ(fetched.bytes.issuer_chain, set.tcb_info_issuer_chain);
  EXPECT_EQ(Fetch(kQeKey).value().bytes.body, set.qe_identity);
  EXPECT_EQ(Fetch(kPckCrlKey).value().bytes.body, set.pck_crl);
  EXPECT_EQ(Fetch(TcbKey(17)).value().bytes.body, set.tcb_info);
  EXPECT_EQ(CheckOf(TcbKey(18)), "upstream.not_found");
  EXPECT_EQ(CheckOf(PckCrlKey{intel::PckCa::kProcessor}), "upstream.not_found");
  EXPECT_THROW(server.ServeRecorded(directory / "nowhere"), std::runtime_error);
}

// The corpus of real inputs lies beside the project, where it is present at all.
TEST_F(SimVendorServerTest, CorpusIsServedByteForByte) {
  const std::filesystem::path corpus = test::CorpusDir() / "intel";
  if (!std::filesystem::exists(corpus / "cases.json")) GTEST_SKIP() << "no corpus at " << corpus;
  std::ifstream in(corpus / "cases.json");
  size_t served = 0;
  for (const auto& entry : nlohmann::json::parse(in)) {
    const std::filesystem::path directory = corpus / entry.at("dir").get<std::string>();
    if (!std::filesystem::exists(directory / "tcb_info.json") || !entry.at("fmspc").is_string()) continue;
    server.ServeRecorded(directory);  // in place of the one before
    const IntelTee tee = entry.at("tee") == "TDX" ? IntelTee::kTdx : IntelTee::kSgx;
    const auto fmspc = intel::Fmspc::FromHex(entry.at("fmspc").get<std::string>());
    const auto fetched = Fetch(TcbInfoKey{tee, fmspc.value(), {}});
    ASSERT_TRUE(fetched.ok()) << directory << ": " << fetched.error().message;
    std::ifstream file(directory / "tcb_info.json", std::ios::binary);
    EXPECT_EQ(fetched->bytes.body, Bytes(std::istreambuf_iterator<char>(file), {})) << directory;
    ++served;
  }
  EXPECT_GT(served, 0u);
}

}  // namespace
}  // namespace thimble::sim
