// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_urls.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

const std::string kIntel = "https://api.trustedservices.intel.com/sgx/certification/v4/";
const std::string kMirror = "http://127.0.0.1:8081/sgx/certification/v4/";
const intel::Fmspc kFmspc = *intel::Fmspc::FromHex("00a067110000");
constexpr Selector kStandard{}, kEarly{Selector::Kind::kEarly, 0}, kNumber17{Selector::Kind::kNumber, 17};

struct Case {
  CollateralKey key;
  std::string tail;  // after the base, TDX's base when it starts with "tdx:"
};

const std::vector<Case>& Cases() {
  static const std::vector<Case> cases = {
      {RootCaCrlKey{}, "rootcacrl"},
      {PckCrlKey{intel::PckCa::kProcessor}, "pckcrl?ca=processor&encoding=der"},
      {PckCrlKey{intel::PckCa::kPlatform}, "pckcrl?ca=platform&encoding=der"},
      {TcbInfoKey{IntelTee::kSgx, kFmspc, kStandard}, "tcb?fmspc=00A067110000"},
      {TcbInfoKey{IntelTee::kSgx, kFmspc, kEarly}, "tcb?fmspc=00A067110000&update=early"},
      {TcbInfoKey{IntelTee::kTdx, kFmspc, kNumber17},
       "tdx:tcb?fmspc=00A067110000&tcbEvaluationDataNumber=17"},
      {EnclaveIdentityKey{EnclaveId::kQe, kStandard}, "qe/identity"},
      {EnclaveIdentityKey{EnclaveId::kTdQe, kEarly}, "tdx:qe/identity?update=early"},
      {EnclaveIdentityKey{EnclaveId::kQve, kNumber17}, "qve/identity?tcbEvaluationDataNumber=17"},
      {EvaluationNumbersKey{IntelTee::kSgx}, "tcbevaluationdatanumbers"},
      {EvaluationNumbersKey{IntelTee::kTdx}, "tdx:tcbevaluationdatanumbers"},
  };
  return cases;
}

TEST(IntelUrls, RoundTrip) {
  for (const auto& [key, tail] : Cases()) {
    const bool tdx = tail.starts_with("tdx:");
    const std::string path =
        (tdx ? "/tdx/certification/v4/" : "/sgx/certification/v4/") + tail.substr(tdx ? 4 : 0);
    EXPECT_EQ(IntelUrl(kMirror, key), "http://127.0.0.1:8081" + path);
    const auto parsed = ParseIntelUrl(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(*parsed, key) << path;
  }
}

TEST(IntelUrls, IntelsOwnIsToldByItsHost) {
  EXPECT_TRUE(IsIntelsOwn(kIntel));
  EXPECT_TRUE(IsIntelsOwn("https://sbx.api.trustedservices.intel.com/sgx/certification/v4/"));
  for (const char* host : {"api.trustedservices.intel.com.example", "trustedservices.intel.com.example",
                           "nottrustedservices.intel.com"}) {
    EXPECT_FALSE(IsIntelsOwn(std::string("https://") + host + "/sgx/certification/v4/")) << host;
  }
  EXPECT_FALSE(IsIntelsOwn(kMirror));
}

TEST(IntelUrls, CachesHaveCrlsByTheirAddress) {
  const std::string own = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
  EXPECT_EQ(CrlUrl(kMirror, own),
            kMirror + "crl?uri=https%3A%2F%2Fcertificates.trustedservices.intel.com%2FIntelSGXRootCA.der");
  EXPECT_EQ(ParseIntelUrl("/IntelSGXRootCA.der"), CollateralKey(RootCaCrlKey{}));
}

TEST(IntelUrls, TdxReplacesTheFirstSgxOfThePath) {
  const CollateralKey key = EnclaveIdentityKey{EnclaveId::kTdQe, kStandard};
  EXPECT_EQ(IntelUrl("https://sgx/a/sgx/b/sgx/", key), "https://sgx/a/tdx/b/sgx/qe/identity");
}

TEST(IntelUrls, ParsesWhatClientsSend) {
  const CollateralKey tcb = TcbInfoKey{IntelTee::kSgx, kFmspc, kStandard};
  for (const char* url : {"/sgx/certification/v4/tcb?fmspc=00a067110000",
                          "/sgx/certification/v4/tcb?fmspc=00A067110000&update=standard",
                          "/sgx/certification/v4/tcb?update=STANDARD&fmspc=00A067110000"}) {
    EXPECT_EQ(ParseIntelUrl(url), tcb) << url;
  }
  EXPECT_EQ(ParseIntelUrl("/sgx/certification/v4/pckcrl?ca=PROCESSOR"),
            CollateralKey(PckCrlKey{intel::PckCa::kProcessor}));
}

TEST(IntelUrls, RefusesWhatNamesNoItem) {
  for (const char* bad :
       {"",
        "/",
        "/sgx/certification/v4/",
        "/sgx/certification/v3/tcb?fmspc=00a067110000",
        "/sgx/certification/v4/tcb",
        "/sgx/certification/v4/tcb?fmspc=00a0671100",
        "/sgx/certification/v4/tcb?fmspc=00a06711000g",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&update=late",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&update=early&tcbEvaluationDataNumber=17",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&tcbEvaluationDataNumber=",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&tcbEvaluationDataNumber=-1",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&tcbEvaluationDataNumber=4294967296",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&fmspc=00a067110000",
        "/sgx/certification/v4/tcb?fmspc=00a067110000&other=1",
        "/sgx/certification/v4/pckcrl",
        "/sgx/certification/v4/pckcrl?ca=root",
        "/sgx/certification/v4/rootcacrl?x=1",
        "/tdx/certification/v4/qve/identity",
        "/tdx/certification/v4/pckcrl?ca=platform",
        "/tdx/certification/v4/rootcacrl",
        "/sgx/certification/v4/tcb/?fmspc=00a067110000"}) {
    EXPECT_FALSE(ParseIntelUrl(bad)) << bad;
  }
}

TEST(IntelUrls, BaseIsNormalised) {
  EXPECT_EQ(NormalizeIntelBase("https://Host:443/sgx/certification/v4"),
            "https://host/sgx/certification/v4/");
  EXPECT_EQ(NormalizeIntelBase(kIntel), kIntel);
  for (const char* bad : {"", "host/sgx/certification/v4/", "https://sgx/certification/v4/", "https://host/",
                          "https://host/sgx/?x=1", "https://user@host/sgx/certification/v4/"}) {
    EXPECT_FALSE(NormalizeIntelBase(bad)) << bad;
  }
}

}  // namespace
}  // namespace thimble
