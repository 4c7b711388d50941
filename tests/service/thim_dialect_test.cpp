// SPDX-License-Identifier: Apache-2.0
//
// AMD certificates in Azure's form: of one host, and of any chip.
#include <gtest/gtest.h>

#include "service/host_vcek.h"
#include "service/tcb_number.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tests/service/amd_world.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* kHost = "/metadata/THIM/amd/certification";
constexpr const char* kMetadata = "Metadata: true\r\n";

VcekKey Vcek(amd::Product product) { return std::get<VcekKey>(VcekKeyOf(sim::SnpPlatform::Of(product))); }
std::string ChipTarget(const VcekKey& key) {
  return StrCat("/SevSnpVM/certificates/", HexLower(key.hwid), "/", TcbNumber(key.tcb));
}
size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(TcbNumber, IsTheEightBytesLastFirst) {
  // spec/azure-thim.md section 1: bytes 03 00 00 00 00 00 08 73.
  amd::TcbVersion tcb{.product = amd::Product::kMilan, .bootloader = 3, .snp = 8, .microcode = 0x73};
  EXPECT_EQ(TcbNumber(tcb), "7308000000000003");
  EXPECT_EQ(amd::TcbVersion::Decode(amd::Product::kMilan, *ParseTcbNumber("7308000000000003")), tcb);
  EXPECT_EQ(ParseTcbNumber("3"), ParseTcbNumber("0000000000000003"));
  EXPECT_EQ(ParseTcbNumber("AB"), ParseTcbNumber("ab"));
  for (const char* const bad : {"", "-1", "0x3", "g", "17308000000000003", " 3"})
    EXPECT_FALSE(ParseTcbNumber(bad)) << bad;
}

TEST(ThimHost, IsADocumentOfStrings) {
  AmdWorld w;
  w.config.thim.host = Vcek(amd::Product::kMilan);
  w.Start(sim::kAmdNow);
  const RawAnswer answer = test::Get(w.port(), kHost, kMetadata);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_TRUE(answer.Header("Cache-Control"));
  const auto document = json::parse(answer.body);
  ASSERT_EQ(document.size(), 4u);
  EXPECT_EQ(document.at("tcbm"), TcbNumber(w.config.thim.host->tcb));
  EXPECT_EQ(document.at("cacheControl"), "86400");
  EXPECT_EQ(CountOf(document.at("vcekCert").get<std::string>(), "BEGIN CERTIFICATE"), 1u);
  EXPECT_EQ(CountOf(document.at("certificateChain").get<std::string>(), "BEGIN CERTIFICATE"), 2u);
}

TEST(ThimHost, NeedsTheHeaderThatNoBrowserSends) {
  AmdWorld w;
  w.config.thim.host = Vcek(amd::Product::kMilan);
  w.Start(sim::kAmdNow);
  for (const char* const headers : {"", "Metadata: false\r\n"}) {
    const RawAnswer answer = test::Get(w.port(), kHost, headers);
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(json::parse(answer.body).at("error"), "Bad request. Required metadata header not specified");
    EXPECT_TRUE(answer.Header("Cache-Control"));
  }
  EXPECT_EQ(w.vendor.Count(), 0u);
}

TEST(ThimHost, IsAskedOfAThimUpstreamWhenNoneIsConfigured) {
  AmdWorld azure;
  azure.config.thim.host = Vcek(amd::Product::kGenoa);
  azure.Start(sim::kAmdNow);
  AmdWorld w;
  w.config.amd_upstreams = {{.url = StrCat("http://", azure.app->address()), .kind = UpstreamKind::kThim}};
  w.Start(sim::kAmdNow);
  const RawAnswer answer = test::Get(w.port(), kHost, kMetadata);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, test::Get(azure.port(), kHost, kMetadata).body);
  azure.Stop();
  EXPECT_EQ(test::Get(w.port(), kHost, kMetadata).status, 200) << "it is held";

  AmdWorld nobody;
  nobody.Start(sim::kAmdNow);
  const RawAnswer none = test::Get(nobody.port(), kHost, kMetadata);
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.Header("X-Thimble-Cause"), "not_registered");
}

TEST(ThimChip, IsVcekAndChainInPem) {
  for (const amd::Product product : {amd::Product::kMilan, amd::Product::kGenoa, amd::Product::kTurin}) {
    AmdWorld w;
    w.Start(sim::kAmdNow);
    const RawAnswer answer = test::Get(
        w.port(),
        StrCat(ChipTarget(Vcek(product)), "?api-version=2020-10-15-preview&clientId=ConfidentialACI"));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/x-pem-file");
    EXPECT_TRUE(answer.Header("Cache-Control"));
    EXPECT_EQ(CountOf(answer.body, "BEGIN CERTIFICATE"), 3u);
  }
}

TEST(ThimChip, WhatIsNoneIsRefusedBeforeAnybodyIsAsked) {
  AmdWorld w;
  w.Start(sim::kAmdNow);
  const std::string chip = HexLower(Vcek(amd::Product::kMilan).hwid), prefix = "/SevSnpVM/certificates/";
  for (const std::string& target : {prefix, StrCat(prefix, chip), StrCat(prefix, chip, "/"),
                                    StrCat(prefix, chip, "/xyz"), StrCat(prefix, chip.substr(2), "/73"),
                                    StrCat(prefix, chip, "/73?other=1"), StrCat(prefix, "zz/73")}) {
    EXPECT_EQ(test::Get(w.port(), target).status, 400) << target;
  }
  const RawAnswer masked = test::Get(w.port(), StrCat(prefix, std::string(128, '0'), "/73"));
  EXPECT_EQ(masked.status, 400);
  EXPECT_EQ(masked.Header("X-Thimble-Cause"), "chip_id_masked");
  EXPECT_EQ(w.vendor.Count(), 0u);
  const RawAnswer unknown = test::Get(w.port(), StrCat(prefix, std::string(128, 'a'), "/73"));
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.Header("X-Thimble-Cause"), "upstream_404");
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
