// SPDX-License-Identifier: Apache-2.0
//
// The dialect of Intel's PCS and PCCS, as bytes on the wire (spec/intel-pccs-api.md sections 3 and 4).
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/ascii.h"
#include "tcb/base/crypto.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using sim::kServerFmspc;
using test::Get;
using test::RawAnswer;

constexpr const char* kSgx = "/sgx/certification/v4";
constexpr const char* kTdx = "/tdx/certification/v4";
constexpr const char* kHtml = "text/html; charset=utf-8";

class IntelDialectTest : public testing::Test {
 protected:
  RawAnswer Ask(std::string_view target, std::string_view headers = "") {
    return Get(w_.port(), target, headers);
  }
  RawAnswer Tcb(std::string_view query) { return Ask(StrCat(kSgx, "/tcb?", query)); }

  static uint32_t NumberOf(const RawAnswer& answer) {
    return nlohmann::json::parse(answer.body)["tcbInfo"]["tcbEvaluationDataNumber"];
  }
  void ExpectRefusal(const RawAnswer& answer, int status, std::string_view body) {
    EXPECT_EQ(answer.status, status);
    EXPECT_EQ(answer.body, body);
    EXPECT_TRUE(answer.Header("Request-ID"));
    EXPECT_TRUE(answer.Header("X-Thimble-Cause"));
  }

  test::World w_;
};

TEST_F(IntelDialectTest, SendsTcbInfosToTheByteWithTheirChain) {
  w_.Start();
  const RawAnswer sgx = Tcb(StrCat("fmspc=", kServerFmspc));
  EXPECT_EQ(sgx.status, 200);
  EXPECT_EQ(sgx.body, AsText(w_.intel.TcbInfo(IntelTee::kSgx)));
  EXPECT_EQ(sgx.Header("Content-Type"), "application/json");
  EXPECT_EQ(PercentDecode(sgx.Header("TCB-Info-Issuer-Chain").value_or("")), w_.intel.TcbSigningChain());
  const RawAnswer tdx = Ask(StrCat(kTdx, "/tcb?fmspc=00806f050000"));  // hex of either case
  EXPECT_EQ(tdx.body, AsText(w_.intel.TcbInfo(IntelTee::kTdx)));
}

TEST_F(IntelDialectTest, EncodesChainsAsTheOriginalDoes) {
  w_.Start();
  const std::string chain = Tcb(StrCat("fmspc=", kServerFmspc)).Header("TCB-Info-Issuer-Chain").value_or("");
  EXPECT_TRUE(chain.starts_with("-----BEGIN%20CERTIFICATE-----%0AMII")) << chain.substr(0, 60);
  EXPECT_TRUE(chain.ends_with("%0A-----END%20CERTIFICATE-----%0A"));
  EXPECT_EQ(chain.find_first_of(" +/=\n"), std::string::npos);
  const auto certificates = DecodePem(*PercentDecode(chain), "CERTIFICATE", 4, Check::kNone);
  ASSERT_TRUE(certificates.ok());
  ASSERT_EQ(certificates->size(), 2u);
  EXPECT_EQ(certificates->at(0), w_.intel.Certificate(sim::IntelCertificate::kTcbSigning));
  EXPECT_EQ(certificates->at(1), w_.intel.Certificate(sim::IntelCertificate::kRoot));
}

TEST_F(IntelDialectTest, SendsEveryKindOfSignedJson) {
  w_.Start();
  const std::tuple<std::string, Bytes, const char*> routes[] = {
      {StrCat(kSgx, "/qe/identity"), w_.intel.Identity(EnclaveId::kQe), "SGX-Enclave-Identity-Issuer-Chain"},
      {StrCat(kTdx, "/qe/identity"), w_.intel.Identity(EnclaveId::kTdQe),
       "SGX-Enclave-Identity-Issuer-Chain"},
      {StrCat(kSgx, "/qve/identity"), w_.intel.Identity(EnclaveId::kQve),
       "SGX-Enclave-Identity-Issuer-Chain"},
      {StrCat(kSgx, "/tcbevaluationdatanumbers"), w_.intel.EvaluationNumbers(IntelTee::kSgx),
       "TCB-Evaluation-Data-Numbers-Issuer-Chain"},
      {StrCat(kTdx, "/tcbevaluationdatanumbers"), w_.intel.EvaluationNumbers(IntelTee::kTdx),
       "TCB-Evaluation-Data-Numbers-Issuer-Chain"},
  };
  for (const auto& [target, body, chain_header] : routes) {
    const RawAnswer answer = Ask(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body, AsText(body)) << target;
    EXPECT_TRUE(answer.Header(chain_header)) << target;
    EXPECT_EQ(Ask(target + "/").status, 200) << target;  // PCCS takes a trailing slash
  }
}

TEST_F(IntelDialectTest, SendsPckCrlsInThreeEncodings) {
  w_.Start();
  for (const auto& [ca, name] :
       {std::pair(intel::PckCa::kProcessor, "processor"), std::pair(intel::PckCa::kPlatform, "PLATFORM")}) {
    const Bytes der = w_.intel.PckCrl(ca);
    const std::string target = StrCat(kSgx, "/pckcrl?ca=", name);
    const RawAnswer hex = Ask(target);
    EXPECT_EQ(hex.body, HexLower(der));
    EXPECT_EQ(hex.Header("Content-Type"), "application/x-pem-file; charset=utf-8");
    EXPECT_EQ(PercentDecode(hex.Header("SGX-PCK-CRL-Issuer-Chain").value_or("")), w_.intel.CaChain(ca));
    const RawAnswer raw = Ask(target + "&encoding=DER");
    EXPECT_EQ(raw.body, AsText(der));
    EXPECT_EQ(raw.Header("Content-Type"), "application/pkix-crl");
    EXPECT_TRUE(raw.Header("SGX-PCK-CRL-Issuer-Chain"));
    const RawAnswer pem = Ask(target + "&encoding=pem");
    EXPECT_EQ(pem.body, EncodePem(der, "X509 CRL"));
    EXPECT_TRUE(pem.Header("SGX-PCK-CRL-Issuer-Chain"));
  }
}

TEST_F(IntelDialectTest, SendsTheRootCaCrlAsHexAndByItsUrlAsDer) {
  w_.Start();
  const Bytes der = w_.intel.RootCaCrl();
  const RawAnswer hex = Ask(StrCat(kSgx, "/rootcacrl"));
  EXPECT_EQ(hex.body, HexLower(der));
  EXPECT_EQ(hex.Header("Content-Type"), "application/pkix-crl; charset=utf-8");
  EXPECT_EQ(PercentDecode(hex.Header("SGX-PCK-CRL-Issuer-Chain").value_or("")), w_.intel.RootPem());
  for (const char* uri :
       {"https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
        "https%3A%2F%2Fcertificates.trustedservices.intel.com%2FIntelSGXRootCA.der",
        "https%253a%252f%252fcertificates.trustedservices.intel.com%252fintelsgxrootca.crl"}) {
    const RawAnswer answer = Ask(StrCat(kSgx, "/crl?uri=", uri));
    EXPECT_EQ(answer.body, AsText(der)) << uri;
    EXPECT_EQ(answer.Header("Content-Type"), "application/pkix-crl");
  }
}

// Who replaces the host alone asks at the path of Intel's distribution point.
TEST_F(IntelDialectTest, SendsTheRootCaCrlAtThePathThatIntelHasItAt) {
  w_.Start();
  for (const char* path : {"/IntelSGXRootCA.der", "/IntelSGXRootCA.crl"}) {
    const RawAnswer answer = Ask(path);
    EXPECT_EQ(answer.body, AsText(w_.intel.RootCaCrl())) << path;
    EXPECT_EQ(answer.Header("Content-Type"), "application/pkix-crl");
    EXPECT_EQ(answer.Header("X-Thimble-Freshness"), "fresh");
  }
}

// Real PCK certificates name v1 and v2. Clients send the address as it is, escaped once, or in lower case twice.
TEST_F(IntelDialectTest, KnowsTheCrlsAddressesOfEveryVersion) {
  w_.Start();
  for (const char* version : {"v1", "v2", "v3", "v4"}) {
    for (const auto& [ca, name] :
         {std::pair(intel::PckCa::kProcessor, "processor"), std::pair(intel::PckCa::kPlatform, "platform")}) {
      const Bytes der = w_.intel.PckCrl(ca);
      const std::string address =
          StrCat("https://api.trustedservices.intel.com/sgx/certification/", version, "/pckcrl?ca=", name);
      const std::string once = PercentEncode(address), twice = PercentEncode(LowerCase(once));
      for (const std::string& uri : {address, once, twice}) {
        EXPECT_EQ(Ask(StrCat(kSgx, "/crl?uri=", uri)).body, AsText(der)) << uri;
        const RawAnswer answer = Ask(StrCat(kSgx, "/pckcrl?uri=", uri, "&clientid=x"));
        EXPECT_EQ(answer.body, EncodePem(der, "X509 CRL")) << uri;
        EXPECT_TRUE(answer.Header("SGX-PCK-CRL-Issuer-Chain")) << uri;
      }
      EXPECT_EQ(Ask(StrCat(kSgx, "/pckcrl?uri=", address, "&encoding=der")).body, AsText(der));
      EXPECT_EQ(Ask(StrCat(kSgx, "/pckcrl?uri=", address, "&encoding=pem")).body, EncodePem(der, "X509 CRL"));
    }
  }
  EXPECT_EQ(Ask(StrCat(kSgx,
                       "/crl?uri=https://sbx.api.trustedservices.intel.com/sgx/certification/v4/"
                       "pckcrl?ca=platform"))
                .status,
            400)
      << "the sandbox's is another one";
}

// Whoever trusts the sandbox's root has the sandbox's collateral.
TEST(IntelSandbox, KnowsItsOwnAddressesAlone) {
  const std::string own = "https://sbx-certificates.trustedservices.intel.com/IntelSGXRootCA.der";
  test::World w(sim::SimIntel::Make({.root_crl_url = own}));
  w.Start();
  const auto ask = [&](const std::string& uri) { return Get(w.port(), StrCat(kSgx, "/crl?uri=", uri)); };
  EXPECT_EQ(ask(own).body, AsText(w.intel.RootCaCrl()));
  EXPECT_EQ(ask("https://sbx.api.trustedservices.intel.com/sgx/certification/v2/pckcrl?ca=platform").body,
            AsText(w.intel.PckCrl(intel::PckCa::kPlatform)));
  EXPECT_EQ(ask("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der").status, 400);
}

// A plain mirror of the PCS has no rootcacrl.
TEST_F(IntelDialectTest, GetsTheRootCaCrlFromAnUpstreamThatHasItByAddressAlone) {
  w_.vendor.SetMode("404", "/rootcacrl");
  w_.Start();
  EXPECT_EQ(Ask(StrCat(kSgx, "/rootcacrl")).body, HexLower(w_.intel.RootCaCrl()));
  EXPECT_EQ(w_.vendor.Count("/crl?uri="), 1u);
}

TEST_F(IntelDialectTest, SendsPckCrlsByTheirUrlWithASecondQuestionMark) {
  w_.Start();
  const RawAnswer answer = Ask(StrCat(kSgx,
                                      "/crl?uri=https://api.trustedservices.intel.com/sgx/certification/v4/"
                                      "pckcrl?ca=platform&encoding=der"));
  EXPECT_EQ(answer.body, AsText(w_.intel.PckCrl(intel::PckCa::kPlatform)));
}

TEST_F(IntelDialectTest, FetchesNothingForAUrlThatIsNotInTheTable) {
  w_.Start();
  ExpectRefusal(Ask(StrCat(kSgx, "/crl?uri=", w_.vendor.BaseUrl(), "/IntelSGXRootCA.der")), 400,
                "Invalid request parameters.");
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(IntelDialectTest, TakesUpdateStandardForNoChoice) {
  w_.config.baselines.at("default").intel.selector = Selector{Selector::Kind::kNumber, 16};
  w_.Start();
  const std::string fmspc = StrCat("fmspc=", kServerFmspc);
  EXPECT_EQ(NumberOf(Tcb(fmspc)), 16u);
  EXPECT_EQ(NumberOf(Tcb(fmspc + "&update=standard")), 16u);
  EXPECT_EQ(NumberOf(Tcb(fmspc + "&update=EARLY")), sim::kEarlyNumber);
  EXPECT_EQ(NumberOf(Tcb(fmspc + "&tcbEvaluationDataNumber=17")), 17u);
}

TEST_F(IntelDialectTest, HonoursUpdateWhenToldTo) {
  w_.config.baselines.at("default").intel.selector = Selector{Selector::Kind::kNumber, 16};
  w_.config.honour_update = true;
  w_.Start();
  EXPECT_EQ(NumberOf(Tcb(StrCat("fmspc=", kServerFmspc, "&update=Standard"))), sim::kStandardNumber);
}

TEST_F(IntelDialectTest, RefusesBadParametersWithPccsBody) {
  w_.Start();
  const std::string bads[] = {
      StrCat(kSgx, "/tcb"),
      StrCat(kSgx, "/tcb?fmspc="),
      StrCat(kSgx, "/tcb?fmspc=00806F05000"),
      StrCat(kSgx, "/tcb?fmspc=00806F05000G"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&update=latest"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&update=standard&tcbEvaluationDataNumber=17"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=x"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=-1"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&unknown=1"),
      StrCat(kSgx, "/tcb?fmspc=00806F050000&fmspc=00806F050000"),
      StrCat(kSgx, "/tcb?fmspc=%zz"),
      StrCat(kSgx, "/qe/identity?fmspc=00806F050000"),
      StrCat(kSgx, "/pckcrl"),
      StrCat(kSgx, "/pckcrl?ca=root"),
      StrCat(kSgx, "/pckcrl?ca=platform&encoding=base64"),
      StrCat(kSgx, "/crl"),
      StrCat(kSgx, "/rootcacrl?encoding=der"),
      StrCat(kSgx, "/tcbevaluationdatanumbers?fmspc=00806F050000"),
  };
  for (const std::string& target : bads) {
    SCOPED_TRACE(target);
    ExpectRefusal(Ask(target), 400, "Invalid request parameters.");
  }
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

TEST_F(IntelDialectTest, TakesAzuresExtras) {
  w_.Start();
  EXPECT_EQ(
      Ask(StrCat(kTdx, "/qe/identity?clientid=production_client&api-version=2018-10-01-preview")).status,
      200);
}

TEST_F(IntelDialectTest, SaysNotFoundAsPccsDoes) {
  w_.Start();
  ExpectRefusal(Tcb("fmspc=112233445566"), 404, "No cache data for this platform.");
  EXPECT_EQ(Tcb("fmspc=112233445566").Header("Content-Type"), kHtml);
  EXPECT_EQ(Tcb("fmspc=112233445566").Header("X-Thimble-Cause"), "upstream.not_found");
}

TEST_F(IntelDialectTest, TellsANumberThatIsRetiredFromOneThatIsUnknown) {
  w_.Start();
  const std::string base = StrCat("fmspc=", kServerFmspc, "&tcbEvaluationDataNumber=");
  EXPECT_EQ(Tcb(base + "16").status, 200);
  EXPECT_EQ(Tcb(base + "15").status, 410);
  EXPECT_EQ(Tcb(base + "19").status, 404);
}

TEST_F(IntelDialectTest, HasAnEmptyBodyAndALengthWhenNoUpstreamAnswers) {
  w_.vendor.SetMode("500");
  w_.Start();
  const RawAnswer answer = Tcb(StrCat("fmspc=", kServerFmspc));
  ExpectRefusal(answer, 503, "");
  EXPECT_EQ(answer.Header("Content-Length"), "0");
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), "upstream.status");
}

TEST_F(IntelDialectTest, NeverSends200ForWhatIsNotAuthentic) {
  for (const char* mode : {"forged", "bad-signature", "no-chain", "wrong-chain", "wrong-fmspc", "html"}) {
    SCOPED_TRACE(mode);
    test::World world;
    world.vendor.SetMode(mode);
    world.Start();
    const RawAnswer answer = Get(world.port(), StrCat(kSgx, "/tcb?fmspc=", kServerFmspc));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body, "");
  }
}

TEST_F(IntelDialectTest, AsksOnceAndAnswersFromThenOn) {
  w_.Start();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Tcb(StrCat("fmspc=", kServerFmspc)).status, 200);
  EXPECT_EQ(w_.vendor.Count("/tcb"), 1u);
  w_.vendor.SetMode("503");
  EXPECT_EQ(Tcb(StrCat("fmspc=", kServerFmspc)).status, 200);
}

TEST_F(IntelDialectTest, SaysHowLongAndHowFresh) {
  w_.Start();
  const RawAnswer answer = Tcb(StrCat("fmspc=", kServerFmspc));
  EXPECT_EQ(answer.Header("Cache-Control"), "max-age=86400");  // 21 days left, and a day is the most
  EXPECT_EQ(answer.Header("Age"), "0");
  EXPECT_EQ(answer.Header("X-Thimble-Freshness"), "fresh");
  EXPECT_FALSE(answer.Header("Warning"));
  EXPECT_EQ(answer.Header("ETag"), StrCat("\"", Sha256(AsBytes(answer.body)).hex(), "\""));
}

TEST_F(IntelDialectTest, BoundsMaxAgeByTheTimeLeft) {
  const Instant nearly =
      sim::DefaultTcbInfo(IntelTee::kSgx, kServerFmspc, sim::kStandardNumber, sim::kNow).next_update -
      Seconds(100);
  w_.Start(nearly);
  EXPECT_EQ(Tcb(StrCat("fmspc=", kServerFmspc)).Header("Cache-Control"), "max-age=100");
}

TEST_F(IntelDialectTest, MarksWhatIsStale) {
  const Instant after =
      sim::DefaultTcbInfo(IntelTee::kSgx, kServerFmspc, sim::kStandardNumber, sim::kNow).next_update +
      Seconds(3600);
  w_.Start(after);
  const RawAnswer answer = Tcb(StrCat("fmspc=", kServerFmspc));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("X-Thimble-Freshness"), "stale");
  EXPECT_EQ(answer.Header("Cache-Control"), "max-age=0");
  EXPECT_TRUE(answer.Header("Warning").value_or("").starts_with("110 "));
}

TEST_F(IntelDialectTest, AnswersNotModified) {
  w_.Start();
  const std::string target = StrCat(kSgx, "/tcb?fmspc=", kServerFmspc);
  const std::string tag = Ask(target).Header("ETag").value_or("");
  for (const std::string& value : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const RawAnswer answer = Ask(target, StrCat("If-None-Match: ", value, "\r\n"));
    EXPECT_EQ(answer.status, 304) << value;
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.Header("ETag"), tag);
    EXPECT_TRUE(answer.Header("Cache-Control"));
    EXPECT_FALSE(answer.Header("Content-Type"));
  }
  EXPECT_EQ(Ask(target, "If-None-Match: \"x\"\r\n").status, 200);
}

TEST_F(IntelDialectTest, AnswersHead) {
  w_.Start();
  test::RawConnection connection(w_.port());
  connection.Send(StrCat("HEAD ", kSgx, "/tcb?fmspc=", kServerFmspc, " HTTP/1.1\r\nHost: a\r\n\r\n"));
  const RawAnswer answer = connection.Receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.Header("TCB-Info-Issuer-Chain"));
  EXPECT_EQ(answer.Header("Content-Length"), std::to_string(w_.intel.TcbInfo(IntelTee::kSgx).size()));
}

TEST_F(IntelDialectTest, AnswersUnknownRoutesWithTheOriginalsPage) {
  w_.Start();
  const RawAnswer unknown = Ask(StrCat(kSgx, "/<script>"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.Header("Content-Type"), kHtml);
  EXPECT_NE(unknown.body.find("<pre>Cannot GET /sgx/certification/v4/&#60;script&#62;</pre>"),
            std::string::npos);
  EXPECT_EQ(Ask("/tdx/certification/v3/tcb?fmspc=00806F050000").status, 404);
  test::RawConnection connection(w_.port());
  connection.Send(StrCat("DELETE ", kSgx, "/tcb HTTP/1.1\r\nHost: a\r\n\r\n"));
  const RawAnswer wrong = connection.Receive();
  EXPECT_EQ(wrong.status, 404);
  EXPECT_NE(wrong.body.find("Cannot DELETE /sgx/certification/v4/tcb"), std::string::npos);
}

TEST_F(IntelDialectTest, IgnoresAcceptEncodingAndRange) {
  w_.Start();
  const RawAnswer answer =
      Ask(StrCat(kSgx, "/tcb?fmspc=", kServerFmspc), "Accept-Encoding: br, gzip\r\nRange: bytes=0-9\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, AsText(w_.intel.TcbInfo(IntelTee::kSgx)));
  EXPECT_FALSE(answer.Header("Content-Encoding"));
}

}  // namespace
}  // namespace thimble
