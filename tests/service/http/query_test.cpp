// SPDX-License-Identifier: Apache-2.0
#include "service/http/query.h"

#include <gtest/gtest.h>

#include "service/dialects/crl_urls.h"

namespace thimble {
namespace {

using http::Query;

TEST(Query, DecodesPercentAndNothingElse) {
  const auto query = Query::Parse("a=1+2%2B&b=%C3%A4&c&&d=x=y");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->Get("a"), "1+2+");
  EXPECT_EQ(query->Get("b"), "\xC3\xA4");
  EXPECT_EQ(query->Get("c"), "");
  EXPECT_EQ(query->Get("d"), "x=y");
  EXPECT_FALSE(query->Get("e"));
}

TEST(Query, RefusesBadEscapesAndRepetition) {
  for (const char* bad : {"a=%", "a=%2", "a=%zz", "%=1", "a=1&a=2", "a=1&%61=2"}) {
    EXPECT_FALSE(Query::Parse(bad)) << bad;
  }
  EXPECT_TRUE(Query::Parse(""));
}

bool IsRoot(std::string_view uri) {
  const auto key = KeyOfCrlUrl(uri);
  return key && *key == CollateralKey(RootCaCrlKey{});
}
bool IsPck(std::string_view uri, intel::PckCa ca) {
  const auto key = KeyOfCrlUrl(uri);
  return key && *key == CollateralKey(PckCrlKey{ca});
}

TEST(CrlUrls, KnowsIntelsOwnInBothSpellings) {
  EXPECT_TRUE(IsRoot("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"));
  EXPECT_TRUE(IsRoot("https://certificates.trustedservices.intel.com/IntelSGXRootCA.crl"));
  EXPECT_TRUE(IsRoot("https%3a%2f%2fcertificates.trustedservices.intel.com%2fintelsgxrootca.crl"));
  const auto platform = intel::PckCa::kPlatform;
  const auto processor = intel::PckCa::kProcessor;
  EXPECT_TRUE(
      IsPck("https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform", platform));
  EXPECT_TRUE(
      IsPck("https://api.trustedservices.intel.com/sgx/certification/v3/pckcrl?ca=processor&encoding=der",
            processor));
  EXPECT_TRUE(
      IsPck("https%3A%2F%2Fapi.trustedservices.intel.com%2Fsgx%2Fcertification%2Fv4%2Fpckcrl%3Fca%3Dplatform",
            platform));
}

// Each looks like a good one and is another place, or is encoded once more than any client does.
TEST(CrlUrls, KnowsNothingElse) {
  for (const char* bad : {
           "",
           "http://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA.derx",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA",
           "https://certificates.trustedservices.intel.com:443/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com.evil.example/IntelSGXRootCA.der",
           "https://user@certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://evil.example/?https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/../IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der#",
           "https://sbx-certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://api.trustedservices.intel.com/sgx/certification/v5/pckcrl?ca=platform",
           "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=",
           "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&x=1",
           "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00606A000000",
           "https%253a%252f%252fcertificates.trustedservices.intel.com%252fintelsgxrootca.crl",
           "file:///etc/passwd",
           "IntelSGXRootCA.der",
       }) {
    EXPECT_FALSE(KeyOfCrlUrl(bad)) << bad;
  }
}

}  // namespace
}  // namespace thimble
