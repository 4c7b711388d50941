// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor.h"

#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using sim::SnpPlatform;

// A world in which Genoa and Genoa-X, one model, count their microcode differently.
FloorTable Table() {
  return {.name = "test-1",
          .entries = {
              {.family = 0x19,
               .models = {0x11, 0x11},
               .steppings = {1, 1},
               .bulletin = "AMD-SB-1",
               .fmc = {},
               .bootloader = {},
               .tee = {},
               .snp = 0x17,
               .microcode = 0x54},
              {.family = 0x19,
               .models = {0x11, 0x11},
               .steppings = {1, 1},
               .bulletin = "AMD-SB-2",
               .fmc = {},
               .bootloader = {},
               .tee = {},
               .snp = 0x1b,
               .microcode = 0x56},
              {.family = 0x19,
               .models = {0x11, 0x11},
               .steppings = {2, 2},
               .bulletin = "AMD-SB-2",
               .fmc = {},
               .bootloader = {},
               .tee = {},
               .snp = 0x1b,
               .microcode = 0x51},
              {.family = 0x1a,
               .models = {0x00, 0x0f},
               .steppings = {0, 15},
               .bulletin = "AMD-SB-3",
               .fmc = 1,
               .bootloader = 1,
               .tee = 2,
               .snp = 4,
               .microcode = 0x50},
          }};
}

Verdict Judged(const SnpPlatform& platform, uint32_t version = 3) {
  return Judge(World().Report(platform, {.version = version}), World().Endorsements(platform)).value();
}

Verdict WithFloor(const SnpPlatform& platform, AmdFloorMode mode = AmdFloorMode::kRequire) {
  Verdict verdict = Judged(platform);
  ApplyFloor(verdict, Table(), mode);
  return verdict;
}

std::vector<std::string> Components(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Shortfall& s : verdict.shortfalls) {
    out.push_back(s.component + " " + std::to_string(s.have) + "<" + std::to_string(s.need));
  }
  return out;
}

TEST(Floor, AtTheFloorIsUpToDate) {
  SnpPlatform genoa = SnpPlatform::Of(Product::kGenoa);
  genoa.tcb.snp = 0x1b;
  genoa.tcb.microcode = 0x56;
  const Verdict verdict = WithFloor(genoa);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.status_source, StatusSource::kLocalFloor);
  EXPECT_EQ(verdict.floor, "test-1");
  EXPECT_TRUE(verdict.shortfalls.empty());
  EXPECT_TRUE(verdict.advisories.empty());
  EXPECT_EQ(verdict.checks.Get(Check::kSnpFloorUnknown), CheckResult::kPassed);
}

TEST(Floor, BelowIsOutOfDateWithWhatIsShortAndWhoSaysSo) {
  SnpPlatform genoa = SnpPlatform::Of(Product::kGenoa);
  genoa.tcb.snp = 0x1a;
  genoa.tcb.microcode = 0x55;
  Verdict verdict = WithFloor(genoa);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(Components(verdict), (std::vector<std::string>{"snp.snp 26<27", "snp.microcode 85<86"}));
  EXPECT_EQ(verdict.advisories, (std::vector<std::string>{"AMD-SB-2"}));
  EXPECT_TRUE(verdict.authentic);
  genoa.tcb.snp = 0x16;
  verdict = WithFloor(genoa);
  EXPECT_EQ(Components(verdict), (std::vector<std::string>{"snp.snp 22<27", "snp.microcode 85<86"}));
  EXPECT_EQ(verdict.advisories, (std::vector<std::string>{"AMD-SB-1", "AMD-SB-2"}));
}

TEST(Floor, EachComponent) {
  const SnpPlatform good = SnpPlatform::Of(Product::kTurin);
  ASSERT_EQ(WithFloor(good).tcb_status, TcbStatus::kUpToDate);
  const auto components_with = [&](const std::function<void(TcbVersion&)>& bend) {
    SnpPlatform platform = good;
    bend(platform.tcb);
    return Components(WithFloor(platform));
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(components_with([](TcbVersion& t) { t.fmc = 0; }), Names{"snp.fmc 0<1"});
  EXPECT_EQ(components_with([](TcbVersion& t) { t.bootloader = 0; }), Names{"snp.bootloader 0<1"});
  EXPECT_EQ(components_with([](TcbVersion& t) { t.tee = 1; }), Names{"snp.tee 1<2"});
  EXPECT_EQ(components_with([](TcbVersion& t) { t.snp = 3; }), Names{"snp.snp 3<4"});
  EXPECT_EQ(components_with([](TcbVersion& t) { t.microcode = 0x4f; }), Names{"snp.microcode 79<80"});
}

TEST(Floor, MicrocodeCountsPerStepping) {
  SnpPlatform genoa_x = SnpPlatform::Of(Product::kGenoa);
  genoa_x.tcb.microcode = 0x51;
  EXPECT_EQ(WithFloor(genoa_x).tcb_status, TcbStatus::kOutOfDate);
  genoa_x.cpuid.stepping = 2;
  EXPECT_EQ(WithFloor(genoa_x).tcb_status, TcbStatus::kUpToDate);
}

TEST(Floor, UnknownCpuIsAFindingAndNoStatus) {
  SnpPlatform bergamo = SnpPlatform::Of(Product::kGenoa);
  bergamo.cpuid = {0x19, 0xa0, 2};
  const Verdict required = WithFloor(bergamo);
  ExpectOnly(required, Check::kSnpFloorUnknown, Severity::kSoft);
  EXPECT_EQ(required.tcb_status, std::nullopt);
  const Verdict if_known = WithFloor(bergamo, AmdFloorMode::kIfKnown);
  EXPECT_TRUE(FindingsOf(if_known).empty());
  EXPECT_EQ(if_known.tcb_status, std::nullopt);
  EXPECT_EQ(if_known.checks.Get(Check::kSnpFloorUnknown), CheckResult::kNotRun);
}

TEST(Floor, Version2HasNoFloor) {
  Verdict verdict = Judged(SnpPlatform::Of(Product::kGenoa), 2);
  ApplyFloor(verdict, Table(), AmdFloorMode::kRequire);
  ExpectOnly(verdict, Check::kSnpFloorUnknown, Severity::kSoft);
}

TEST(Floor, NoTableIsUnknown) {
  Verdict verdict = Judged(SnpPlatform::Of(Product::kGenoa));
  ApplyFloor(verdict, {}, AmdFloorMode::kRequire);
  ExpectOnly(verdict, Check::kSnpFloorUnknown, Severity::kSoft);
}

TEST(Floor, WhatIsNotAuthenticGetsNoStatus) {
  const SnpPlatform genoa = SnpPlatform::Of(Product::kGenoa);
  const Bytes report = World().Report(genoa, {.bend_signed = [](Bytes& r) { r[0x90] ^= 1; }});
  Verdict verdict = Judge(report, World().Endorsements(genoa)).value();
  ApplyFloor(verdict, Table(), AmdFloorMode::kRequire);
  EXPECT_EQ(verdict.tcb_status, std::nullopt);
  ExpectOnly(verdict, Check::kSnpSignature, Severity::kHard);
}

}  // namespace
}  // namespace thimble::amd
