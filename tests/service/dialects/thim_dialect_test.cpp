// SPDX-License-Identifier: Apache-2.0
//
// AMD certificates in Azure's form: of one host, and of any chip.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/upstreams/host_vcek.h"
#include "service/upstreams/tcb_number.h"
#include "tcb/amd/product.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_pki.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* kHost = "/metadata/THIM/amd/certification";
constexpr const char* kMetadata = "Metadata: true\r\n";

// A Thimble that holds the VCEK of a chip.
struct ThimWorld : World {
  explicit ThimWorld(amd::Product product) : platform(sim::SnpPlatform::Of(product)) {
    config.server.anchors.push_back(files.Write("amd-root.pem", amd.ArksPem()));
    config.amd_upstreams = {};
  }
  VcekKey key() const { return {platform.product, platform.hwid(), platform.tcb}; }
  void StartWithVcek() {
    Start(sim::kAmdNow);
    const CollateralBytes bytes{amd.Leaf(platform), amd.ChainPem(platform.product, platform.kind)};
    ASSERT_TRUE(app->cache().Put(key(), {bytes, "test"}, sim::kAmdNow, false).ok());
  }
  std::string Chip(std::string_view query = "") const {
    return StrCat("/SevSnpVM/certificates/", HexLower(platform.hwid()), "/", TcbNumber(platform.tcb), query);
  }

  sim::SimAmd amd = sim::SimAmd::Make();
  sim::SnpPlatform platform;
};

size_t CertificatesIn(std::string_view pem) {
  size_t count = 0;
  for (size_t at = pem.find("-----BEGIN C"); at != std::string_view::npos;
       at = pem.find("-----BEGIN C", at + 1))
    ++count;
  return count;
}

TEST(TcbNumber, IsTheEightBytesLastFirst) {
  // spec/azure-thim.md section 1: bytes 03 00 00 00 00 00 08 73.
  amd::TcbVersion tcb;
  tcb.bootloader = 3;
  tcb.snp = 8;
  tcb.microcode = 0x73;
  EXPECT_EQ(TcbNumber(tcb), "7308000000000003");
  tcb.microcode = 0xdb;
  EXPECT_EQ(TcbNumber(tcb), "DB08000000000003") << "in upper case";
  tcb.microcode = 0x73;
  EXPECT_EQ(amd::TcbVersion::Decode(amd::Product::kMilan, *ParseTcbNumber("7308000000000003")), tcb);
  EXPECT_EQ(ParseTcbNumber("3"), ParseTcbNumber("0000000000000003"));
  EXPECT_EQ(ParseTcbNumber("AB"), ParseTcbNumber("ab"));
  for (const char* const bad : {"", "-1", "0x3", "g", "17308000000000003", " 3"})
    EXPECT_FALSE(ParseTcbNumber(bad)) << bad;
}

TEST(ThimHost, IsADocumentOfStrings) {
  ThimWorld w(amd::Product::kMilan);
  w.config.thim.host = w.key();
  w.StartWithVcek();
  const RawAnswer answer = Get(w.port(), kHost, kMetadata);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.Header("Cache-Control"));
  const auto document = json::parse(answer.body);
  ASSERT_EQ(document.size(), 4u);
  EXPECT_EQ(document.at("tcbm"), TcbNumber(w.platform.tcb));
  EXPECT_EQ(document.at("cacheControl"), "86400");
  EXPECT_EQ(CertificatesIn(document.at("vcekCert").get<std::string>()), 1u);
  EXPECT_EQ(CertificatesIn(document.at("certificateChain").get<std::string>()), 2u);
}

TEST(ThimHost, IsAskedOfAThimUpstreamWhenNoneIsConfigured) {
  ThimWorld azure(amd::Product::kGenoa);
  azure.config.thim.host = azure.key();
  azure.StartWithVcek();
  ThimWorld w(amd::Product::kGenoa);
  w.config.amd_upstreams = {{.url = StrCat("http://", azure.app->address()), .kind = UpstreamKind::kThim}};
  w.Start(sim::kAmdNow);
  const RawAnswer answer = Get(w.port(), kHost, kMetadata);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, Get(azure.port(), kHost, kMetadata).body);
  azure.Stop();
  EXPECT_EQ(Get(w.port(), kHost, kMetadata).status, 200) << "it is held";
}

// On a machine of Azure's without a way to the KDS. Leaf and chain are in one answer, and IMDS is not as slow as the KDS.
TEST(ThimHost, IsEnoughToVerifyByAndIsAskedOnce) {
  ThimWorld azure(amd::Product::kGenoa);
  azure.config.thim.host = azure.key();
  azure.StartWithVcek();
  ThimWorld w(amd::Product::kGenoa);
  w.config.amd_upstreams = {{.url = StrCat("http://", azure.app->address()), .kind = UpstreamKind::kThim}};
  w.config.policies["default"].amd_crl = AmdCrlMode::kIfAvailable;
  w.Start(sim::kAmdNow);
  for (int i = 0; i < 3; ++i) {
    const RawAnswer answer =
        Post(w.port(), "/v1/verify", "application/octet-stream", AsText(w.amd.Report(w.platform)));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body)["decision"], "accept") << answer.body;
  }
  const std::string metrics = Get(azure.port(), "/metrics").body;
  EXPECT_NE(metrics.find(StrCat("route=\"", kHost, "\",code=\"200\"} 1\n")), std::string::npos) << metrics;
}

// The chain comes with the leaf, and is held from then on: nothing else brings it where there is no way to the KDS.
TEST(ThimHost, BringsTheChain) {
  ThimWorld azure(amd::Product::kGenoa);
  azure.config.thim.host = azure.key();
  azure.StartWithVcek();
  ThimWorld w(amd::Product::kGenoa);
  w.config.amd_upstreams = {{.url = StrCat("http://", azure.app->address()), .kind = UpstreamKind::kThim}};
  w.Start(sim::kAmdNow);
  EXPECT_EQ(Get(w.port(), w.Chip()).status, 200);
  azure.Stop();
  const RawAnswer chain = Get(w.port(), "/vcek/v1/Genoa/cert_chain");
  EXPECT_EQ(chain.status, 200) << chain.body;
  EXPECT_EQ(CertificatesIn(chain.body), 2u);
  EXPECT_NE(Get(w.port(), "/vcek/v1/Milan/cert_chain").status, 200) << "of this product alone";
}

// As clients of Azure's containers ask.
TEST(ThimHost, MayBeNamedByTheRequest) {
  for (const amd::Product product : {amd::Product::kMilan, amd::Product::kGenoa, amd::Product::kTurin}) {
    ThimWorld w(product);
    w.StartWithVcek();  // no host is configured
    const std::string chip = HexLower(w.platform.hwid()), tcb = LowerCase(TcbNumber(w.platform.tcb)),
                      name(amd::TraitsOf(product).name);
    const auto ask = [&](std::string_view query) { return Get(w.port(), StrCat(kHost, query), kMetadata); };
    const std::string named = StrCat("?platformId=", chip, "&tcbVersion=", tcb);
    const RawAnswer answer = ask(named);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body).at("tcbm"), TcbNumber(w.platform.tcb)) << "in upper case";
    EXPECT_EQ(ask(StrCat(named, "&productName=", name)).body, answer.body);
    EXPECT_EQ(ask(StrCat(named, "&productName=", name, "-B0")).body, answer.body);
    EXPECT_EQ(ask(StrCat(named, "&productName=Rome")).status, 400);
    EXPECT_EQ(ask(StrCat("?platformId=", chip)).status, 400);
    EXPECT_EQ(ask(StrCat("?tcbVersion=", tcb)).status, 400);
    EXPECT_EQ(ask(StrCat("?platformId=", chip.substr(2), "&tcbVersion=", tcb)).status, 400);
    EXPECT_EQ(ask(StrCat("?platformId=", std::string(128, '0'), "&tcbVersion=", tcb)).status, 400);
    EXPECT_EQ(ask(StrCat("?platformId=", chip, "&tcbVersion=xyz")).status, 400);
    EXPECT_EQ(ask(StrCat(named, "&other=1")).status, 400);
    EXPECT_EQ(ask("").status, 404) << "the host itself is not known";
    EXPECT_EQ(Get(w.port(), StrCat(kHost, named)).status, 400) << "without the header";
  }
}

TEST(ThimHost, MayBeAskedForByItsProduct) {
  ThimWorld w(amd::Product::kMilan);
  w.config.thim.host = w.key();
  w.StartWithVcek();
  EXPECT_EQ(Get(w.port(), StrCat(kHost, "?productName=Milan"), kMetadata).status, 200);
  EXPECT_EQ(Get(w.port(), StrCat(kHost, "?productName=Genoa"), kMetadata).status, 404);
}

TEST(ThimChip, IsVcekAndChainInPem) {
  for (const amd::Product product : {amd::Product::kMilan, amd::Product::kGenoa, amd::Product::kTurin}) {
    ThimWorld w(product);
    w.StartWithVcek();
    const RawAnswer answer =
        Get(w.port(), w.Chip("?api-version=2020-10-15-preview&clientId=ConfidentialACI"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/x-pem-file");
    EXPECT_TRUE(answer.Header("Cache-Control"));
    EXPECT_EQ(CertificatesIn(answer.body), 3u);
    EXPECT_TRUE(answer.body.starts_with(sim::ToPem(w.amd.Leaf(w.platform), "CERTIFICATE")));
  }
}

TEST(ThimHost, NeedsTheHeaderThatNoBrowserSends) {
  World w;
  w.Start();
  for (const char* const headers : {"", "Metadata: false\r\n"}) {
    const RawAnswer answer = Get(w.port(), kHost, headers);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(json::parse(answer.body).at("error"), "Bad request. Required metadata header not specified");
    EXPECT_TRUE(answer.Header("Cache-Control"));
  }
  const RawAnswer none = Get(w.port(), kHost, kMetadata);
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.Header("X-Thimble-Cause"), "pck.not_registered");
}

TEST(ThimChip, WhatIsNoneIsRefusedBeforeAnybodyIsAsked) {
  World w;
  w.config.amd_upstreams = {{.url = w.vendor.BaseUrl()}};
  w.Start();
  const std::string prefix = "/SevSnpVM/certificates/", chip = std::string(128, 'a');
  for (const std::string& target : {prefix, StrCat(prefix, chip), StrCat(prefix, chip, "/"),
                                    StrCat(prefix, chip, "/xyz"), StrCat(prefix, chip.substr(2), "/73"),
                                    StrCat(prefix, chip, "/73?other=1"), StrCat(prefix, "zz/73")}) {
    EXPECT_EQ(Get(w.port(), target).status, 400) << target;
  }
  const RawAnswer masked = Get(w.port(), StrCat(prefix, std::string(128, '0'), "/73"));
  EXPECT_EQ(masked.status, 400);
  EXPECT_EQ(masked.Header("X-Thimble-Cause"), "snp.chip_id_masked");
  EXPECT_EQ(w.vendor.Count(), 0u);
  const RawAnswer unknown =
      Get(w.port(), StrCat(prefix, chip, "/73?api-version=2020-10-15-preview&clientId=x"));
  EXPECT_EQ(unknown.status, 404) << "asked of the KDS, as a Milan and as a Genoa";
  EXPECT_EQ(unknown.Header("X-Thimble-Cause"), "upstream.not_found");
  EXPECT_TRUE(unknown.Header("Cache-Control"));
  EXPECT_GE(w.vendor.Count("/vcek/v1/Milan/"), 1u);
  EXPECT_GE(w.vendor.Count("/vcek/v1/Genoa/"), 1u);
}

TEST(ThimConfig, NamesAHost) {
  EXPECT_TRUE(ParseHost("Milan", std::string(128, 'a'), "7308000000000003").ok());
  EXPECT_TRUE(ParseHost("Turin", std::string(16, 'a'), "3").ok());
  EXPECT_FALSE(ParseHost("Rome", std::string(128, 'a'), "3").ok());
  EXPECT_FALSE(ParseHost("Milan", std::string(16, 'a'), "3").ok());
  EXPECT_FALSE(ParseHost("Milan", std::string(128, 'a'), "").ok());
}

}  // namespace
}  // namespace thimble
