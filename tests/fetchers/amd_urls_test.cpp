// SPDX-License-Identifier: Apache-2.0
#include "fetchers/amd_urls.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using amd::Product;
using amd::SigningKey;

const std::string kBase = "https://kdsintf.amd.com";
const amd::HwId kHwId(64, 0xab), kTurinHwId(8, 0xcd);
const std::string kHex = HexLower(kHwId), kTurinHex = HexLower(kTurinHwId);

VcekKey Milan() { return {Product::kMilan, kHwId, {Product::kMilan, 4, 0, 24, 219, std::nullopt}}; }
VcekKey Turin() { return {Product::kTurin, kTurinHwId, {Product::kTurin, 1, 2, 3, 4, uint8_t{5}}}; }

TEST(KdsUrls, RoundTrip) {
  const std::vector<std::pair<CollateralKey, std::string>> cases = {
      {Milan(), "/vcek/v1/Milan/" + kHex + "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219"},
      {Turin(), "/vcek/v1/Turin/" + kTurinHex + "?fmcSPL=05&blSPL=01&teeSPL=02&snpSPL=03&ucodeSPL=04"},
      {AmdChainKey{Product::kGenoa, SigningKey::kVcek}, "/vcek/v1/Genoa/cert_chain"},
      {AmdChainKey{Product::kMilan, SigningKey::kVlek}, "/vlek/v1/Milan/cert_chain"},
      {AmdCrlKey{Product::kTurin, SigningKey::kVcek}, "/vcek/v1/Turin/crl"},
      {AmdCrlKey{Product::kGenoa, SigningKey::kVlek}, "/vlek/v1/Genoa/crl"},
  };
  for (const auto& [key, path] : cases) {
    EXPECT_EQ(KdsUrl(kBase, key), kBase + path);
    const auto parsed = ParseKdsUrl(path);
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(*parsed, key) << path;
  }
}

TEST(KdsUrls, LenientAsTheKdsIs) {
  const CollateralKey milan = Milan();
  EXPECT_EQ(ParseKdsUrl("/vcek/v1/Milan/" + HexUpper(kHwId) + "?ucodeSPL=219&snpSPL=024&teeSPL=0&blSPL=4"),
            milan);
  EXPECT_EQ(ParseKdsUrl("/vcek/v1/Milan/" + kHex + "?blSPL=4&snpSPL=24&ucodeSPL=219"), milan)
      << "an absent SPL is 0";
  for (const char* alias : {"Siena", "Bergamo"}) {
    EXPECT_EQ(ParseKdsUrl("/vcek/v1/" + std::string(alias) + "/crl"),
              CollateralKey(AmdCrlKey{Product::kGenoa, SigningKey::kVcek}));
  }
}

TEST(KdsUrls, RefusesWhatNamesNoItem) {
  const std::string svns = "?blSPL=4&teeSPL=0&snpSPL=24&ucodeSPL=219";
  for (const std::string& bad : {std::string(""),
                                 std::string("/"),
                                 std::string("/vcek/v1/Milan"),
                                 std::string("/vcek/v1/Milan/"),
                                 "/vcek/v1/Rome/" + kHex + svns,
                                 "/vcek/v1/Venice/" + kTurinHex + svns,
                                 "/vcek/v2/Milan/" + kHex + svns,
                                 "/cek/v1/Milan/" + kHex + svns,
                                 "/vcek/v1/Milan/" + kHex + "/x" + svns,
                                 "/vcek/v1/Milan/" + kTurinHex + svns,
                                 "/vcek/v1/Milan/" + kHex.substr(1) + svns,
                                 "/vcek/v1/Milan/" + kHex.substr(2) + "zz" + svns,
                                 "/vcek/v1/Milan/" + kHex + svns + "&fmcSPL=1",
                                 "/vcek/v1/Milan/" + kHex + svns + "&blSPL=4",
                                 "/vcek/v1/Milan/" + kHex + svns + "&x=1",
                                 "/vcek/v1/Milan/" + kHex + "?blSPL=256",
                                 "/vcek/v1/Milan/" + kHex + "?blSPL=",
                                 "/vcek/v1/Milan/" + kHex + "?blSPL=-1",
                                 "/vcek/v1/Milan/" + kHex + "?blSPL=0004",
                                 "/vcek/v1/Milan/" + kHex + "?blSPL=0x4",
                                 "/vcek/v1/Turin/" + kTurinHex + svns /* no fmcSPL */,
                                 "/vcek/v1/Turin/" + kHex + svns + "&fmcSPL=1",
                                 std::string("/vcek/v1/Milan/crl?x=1"),
                                 std::string("/vlek/v1/Milan/cert?blSPL=4"),
                                 "/vlek/v1/Milan/" + kHex + svns}) {
    EXPECT_FALSE(ParseKdsUrl(bad)) << bad;
  }
}

TEST(KdsUrls, BaseIsNormalised) {
  EXPECT_EQ(NormalizeAmdBase("https://KDSintf.amd.com/"), kBase);
  EXPECT_EQ(NormalizeAmdBase("http://127.0.0.1:99/kds/"), "http://127.0.0.1:99/kds");
  for (const char* bad : {"", "kdsintf.amd.com", "https://a/?x=1", "ftp://a"})
    EXPECT_FALSE(NormalizeAmdBase(bad)) << bad;
}

}  // namespace
}  // namespace thimble
