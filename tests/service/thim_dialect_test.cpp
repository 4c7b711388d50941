// SPDX-License-Identifier: Apache-2.0
//
// AMD certificates in Azure's form: of one host, and of any chip.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/host_vcek.h"
#include "service/tcb_number.h"
#include "tests/service/world.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* kHost = "/metadata/THIM/amd/certification";
constexpr const char* kMetadata = "Metadata: true\r\n";

TEST(TcbNumber, IsTheEightBytesLastFirst) {
  // spec/azure-thim.md section 1: bytes 03 00 00 00 00 00 08 73.
  amd::TcbVersion tcb;
  tcb.bootloader = 3;
  tcb.snp = 8;
  tcb.microcode = 0x73;
  EXPECT_EQ(TcbNumber(tcb), "7308000000000003");
  EXPECT_EQ(amd::TcbVersion::Decode(amd::Product::kMilan, *ParseTcbNumber("7308000000000003")), tcb);
  EXPECT_EQ(ParseTcbNumber("3"), ParseTcbNumber("0000000000000003"));
  EXPECT_EQ(ParseTcbNumber("AB"), ParseTcbNumber("ab"));
  for (const char* const bad : {"", "-1", "0x3", "g", "17308000000000003", " 3"})
    EXPECT_FALSE(ParseTcbNumber(bad)) << bad;
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
  EXPECT_EQ(none.Header("X-Thimble-Cause"), "not_registered");
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
