// SPDX-License-Identifier: Apache-2.0
//
// A caller keeps what was good of him, and brings it when the vendor has revoked him: what the server holds is newer, and
// decides.
#include <gtest/gtest.h>

#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/collateral_form.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::FindingsOf;
using Names = std::set<std::string>;

class OlderCollateralTest : public testing::Test {
 protected:
  static sim::CrlSpec& Clean(sim::CrlSpec& crl, Instant now) {
    crl.window.not_before = now - std::chrono::hours(48);
    crl.number = 1;
    crl.revoked.clear();
    return crl;
  }
  test::AmdWorld w_;
};

TEST_F(OlderCollateralTest, AnOlderCrlHidesNoRevocation) {
  w_.Start();
  sim::PckSpec platform = sim::ServerPlatform();
  platform.certificate = [](sim::CertificateSpec& spec) { spec.serial = sim::RevokedSerial(); };
  const Bytes quote = w_.intel.Quote({.platform = platform});
  const json older = test::CollateralFormOf(
      w_.intel.Collateral({.pck_crl = [](sim::CrlSpec& crl) { Clean(crl, sim::kNow); }}));
  const json at = FormatRfc3339(sim::kNow);
  EXPECT_EQ(w_.Verify(quote, {{"collateral", older}, {"at", at}})["decision"], "accept")
      << "by that CRL alone";
  for (const bool held : {false, true}) {  // fetched for this decision, and in the cache since
    const json result = w_.Verify(quote, {{"collateral", older}, {"ear", true}});
    EXPECT_EQ(result["decision"], "reject") << held;
    EXPECT_TRUE(FindingsOf(result).contains("pck.revoked")) << result.dump(1);
  }
}

TEST_F(OlderCollateralTest, AnOlderCrlOfAmdsHidesNoRevocation) {
  w_.vendor.SetMode("revoked", "/crl");
  w_.Start(sim::kAmdNow);
  const sim::SnpPlatform milan = sim::SnpPlatform::Of(amd::Product::kMilan);
  const Bytes report = w_.amd.Report(milan);
  const json older = {Base64(w_.amd.Leaf(milan)), w_.amd.ChainPem(milan.product, milan.kind),
                      Base64(w_.amd.Crl(milan.product, [](sim::CrlSpec& crl) { Clean(crl, sim::kAmdNow); }))};
  const json at = FormatRfc3339(sim::kAmdNow);
  EXPECT_EQ(w_.Verify(report, {{"endorsements", older}, {"at", at}})["decision"], "accept")
      << "by that CRL alone";
  for (const bool held : {false, true}) {
    const json result = w_.Verify(report, {{"endorsements", older}, {"ear", true}});
    EXPECT_EQ(result["decision"], "reject") << held;
    EXPECT_EQ(FindingsOf(result), Names{"snp.revoked"}) << result.dump(1);
  }
}

}  // namespace
}  // namespace thimble
