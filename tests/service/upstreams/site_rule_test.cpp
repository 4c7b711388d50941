// SPDX-License-Identifier: Apache-2.0
//
// What Intel's production signed does not come into a store of its sandbox, by any way from outside.
#include "service/upstreams/site_rule.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/sim_bundle.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

const std::string kSandboxRootCrl = "https://sbx-certificates.trustedservices.intel.com/IntelSGXRootCA.der";

std::string TextOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A recorded TCB info of SGX with its chain, which the pinned root signed.
class SiteRuleTest : public testing::Test {
 protected:
  void SetUp() override {
    std::error_code absent;
    for (const auto& entry : fs::directory_iterator(test::CorpusDir() / "intel", absent)) {
      const std::string info = TextOf(entry.path() / "tcb_info.json");
      if (info.find("\"id\":\"SGX\",\"version\":3") == std::string::npos) continue;
      info_ = info;
      chain_ = TextOf(entry.path() / "tcb_info_chain.pem");
      return;
    }
    GTEST_SKIP() << "no recorded collateral beside the checkout";
  }

  std::string info_, chain_;
};

TEST_F(SiteRuleTest, KnowsWhatIsOfTheOtherSite) {
  const auto sandbox = sim::SimIntel::Make({.root_crl_url = kSandboxRootCrl});
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(AsBytes(sandbox.RootPem())).ok());
  const std::string own = sandbox.RootPem();
  EXPECT_TRUE(SiteRule(IntelSite::kProduction, anchors).CheckChain("item", chain_).ok());
  EXPECT_TRUE(SiteRule(IntelSite::kProduction, anchors).CheckChain("item", own).ok());
  EXPECT_TRUE(SiteRule(IntelSite::kSandbox, anchors).CheckChain("item", own).ok());
  const Status mixed = SiteRule(IntelSite::kSandbox, anchors).CheckChain("item", chain_);
  ASSERT_FALSE(mixed.ok());
  EXPECT_EQ(mixed.error().check, Check::kCollateralMismatch);
  EXPECT_NE(mixed.error().message.find("production"), std::string::npos);
}

TEST_F(SiteRuleTest, HoldsForUploads) {
  for (const bool of_sandbox : {false, true}) {
    const auto intel =
        of_sandbox ? sim::SimIntel::Make({.root_crl_url = kSandboxRootCrl}) : sim::SimIntel::Make();
    test::World w(intel);
    w.config.pccs.mode = CachingMode::kOffline;
    w.config.roles = {
        {.role = Role::kAdmin, .token_sha512 = TokenDigest("admin secret"), .client_sha256 = {}}};
    w.Start(*ParseRfc3339("2028-01-01T00:00:00Z"));  // after all that is recorded
    auto bundle = test::BundleOf(w.intel, test::kQeId);
    auto& collaterals = bundle["collaterals"];
    const auto info = nlohmann::ordered_json::parse(info_);
    collaterals["tcbinfos"] = {{{"fmspc", info["tcbInfo"]["fmspc"]}, {"sgx_tcbinfo", info}}};
    collaterals["certificates"]["TCB-Info-Issuer-Chain"] = PercentEncode(chain_);
    test::RawConnection connection(w.port());
    const std::string body = bundle.dump();
    connection.Send(StrCat("PUT ", test::kV4, "/platformcollateral HTTP/1.1\r\nHost: t\r\n",
                           "Content-Type: application/json\r\nadmin-token: admin secret\r\nContent-Length: ",
                           body.size(), "\r\n\r\n", body));
    const auto answer = connection.Receive();
    EXPECT_EQ(answer.status, of_sandbox ? 460 : 200) << answer.Header("X-Thimble-Refused").value_or("");
    EXPECT_EQ(answer.Header("X-Thimble-Cause").value_or(""), of_sandbox ? "collateral.mismatch" : "");
  }
}

}  // namespace
}  // namespace thimble
