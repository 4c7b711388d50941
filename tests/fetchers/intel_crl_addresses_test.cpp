// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_crl_addresses.h"

#include <gtest/gtest.h>

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using Found = std::optional<CollateralKey>;

const CollateralKey kRoot = RootCaCrlKey{}, kProcessorCrl = PckCrlKey{intel::PckCa::kProcessor},
                    kPlatformCrl = PckCrlKey{intel::PckCa::kPlatform};
const std::string kSandboxRootCrl = "https://sbx-certificates.trustedservices.intel.com/IntelSGXRootCA.der";

struct Row {
  std::string address;
  CollateralKey key;
};

// Every address of the production site; the sandbox's differ in the host alone.
std::vector<Row> Rows() {
  const std::string certificates = "https://certificates.trustedservices.intel.com/";
  std::vector<Row> rows = {
      {certificates + "IntelSGXRootCA.der", kRoot},
      {certificates + "IntelSGXRootCA.crl", kRoot},
      {"https://certprx.adsdcsp.com/IntelSGXRootCA.der", kRoot},
      {certificates + "IntelSGXPCKProcessor.crl", kProcessorCrl},
      {certificates + "IntelSGXPCKPlatform.crl", kPlatformCrl},
  };
  for (const char* version : {"v1", "v2", "v3", "v4"}) {
    for (const auto& [ca, key] :
         {std::pair("processor", kProcessorCrl), std::pair("platform", kPlatformCrl)}) {
      for (const char* encoding : {"", "&encoding=der", "&encoding=pem"}) {
        rows.push_back({StrCat("https://api.trustedservices.intel.com/sgx/certification/", version,
                               "/pckcrl?ca=", ca, encoding),
                        key});
      }
    }
  }
  return rows;
}

std::string InSandbox(std::string address) {
  const auto replace = [&](std::string_view from, std::string_view to) {
    if (const size_t at = address.find(from); at != std::string::npos) address.replace(at, from.size(), to);
  };
  replace("//certificates.", "//sbx-certificates.");
  replace("//api.", "//sbx.api.");
  return address;
}

// As a parameter of a query has them once it is decoded: not escaped, or escaped once more; in the certificate's letters
// or all in lower case.
TEST(IntelCrlAddresses, AreKnownInEverySpellingAtTheirSiteAlone) {
  for (const auto& [address, key] : Rows()) {
    for (const std::string& cased : {address, LowerCase(address)}) {
      for (const std::string& spelled : {cased, PercentEncode(cased), LowerCase(PercentEncode(cased))}) {
        EXPECT_EQ(KeyOfCrlAddress(spelled, IntelSite::kProduction), Found(key)) << spelled;
        EXPECT_EQ(KeyOfCrlAddress(spelled, IntelSite::kSandbox), Found()) << spelled;
        const std::string other = InSandbox(spelled);
        if (other == spelled) continue;
        EXPECT_EQ(KeyOfCrlAddress(other, IntelSite::kSandbox), Found(key)) << other;
        EXPECT_EQ(KeyOfCrlAddress(other, IntelSite::kProduction), Found()) << other;
      }
    }
  }
}

// Each looks like a good one and is another place, or is encoded once more than any client does.
TEST(IntelCrlAddresses, AreNothingElse) {
  for (const char* bad : {
           "",
           "http://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA.derx",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA.pem",
           "https://certificates.trustedservices.intel.com:443/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com.evil.example/IntelSGXRootCA.der",
           "https://user@certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://evil.example/?https://certificates.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/../IntelSGXRootCA.der",
           "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der#",
           "https://certificates.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform",
           "https://x.certprx.adsdcsp.com/IntelSGXRootCA.der",
           "https://a.az.sgxprod.adsdcsp.com/sgx/certification/v4/pckcrl?ca=platform",
           "https://api.trustedservices.intel.com/IntelSGXRootCA.der",
           "https://api.trustedservices.intel.com/sgx/certification/v0/pckcrl?ca=platform",
           "https://api.trustedservices.intel.com/sgx/certification/v5/pckcrl?ca=platform",
           "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=",
           "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=root",
           "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca=platform&x=1",
           "https://api.trustedservices.intel.com/sgx/certification/v4/tcb?fmspc=00606A000000",
           "https%3a%2f%2fcertificates%2etrustedservices.intel.com%2fintelsgxrootca.crl",
           "https%253a%252f%252fcertificates.trustedservices.intel.com%252fintelsgxrootca.crl",
           "file:///etc/passwd",
           "IntelSGXRootCA.der",
       }) {
    EXPECT_EQ(KeyOfCrlAddress(bad, IntelSite::kProduction), Found()) << bad;
    EXPECT_EQ(KeyOfCrlAddress(bad, IntelSite::kSandbox), Found()) << bad;
  }
}

CertificatePtr RootNaming(std::string_view crl_url) {
  const auto intel = sim::SimIntel::Make({.root_crl_url = std::string(crl_url)});
  return Certificate::Parse(intel.Certificate(sim::IntelCertificate::kRoot), Check::kNone).value();
}

TEST(RootCrlAddresses, AreThoseThatTheOperatorsRootsName) {
  RootCrlAddresses addresses;
  const auto own = RootNaming("http://crl.example/root.crl");
  EXPECT_EQ(addresses.Of(*own), "") << "a root that nobody has vouched for says nothing";
  addresses.Add(*own);
  EXPECT_EQ(addresses.Of(*own), "http://crl.example/root.crl");
  // The same key in another certificate, as an upstream may show it: the operator's counts.
  EXPECT_EQ(addresses.Of(*RootNaming("http://elsewhere.example/root.crl")), "http://crl.example/root.crl");
  EXPECT_EQ(addresses.site(), IntelSite::kProduction);
}

TEST(RootCrlAddresses, TellTheSandboxByItsRoot) {
  RootCrlAddresses addresses;
  addresses.Add(*RootNaming(kSandboxRootCrl));
  EXPECT_EQ(addresses.site(), IntelSite::kSandbox);
  EXPECT_EQ(addresses.Of(*RootNaming(kSandboxRootCrl)), kSandboxRootCrl);
}

}  // namespace
}  // namespace thimble
