// SPDX-License-Identifier: Apache-2.0
//
// Which level a platform has (DCAP 3.1, 3.2, 4.6), over levels written down here; the statuses are in status_test.cpp.
#include "tcb/intel/tcb_level.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/check.h"

namespace thimble::intel {
namespace {

constexpr TcbComponents kLow = {1, 1, 1}, kMiddle = {2, 2, 2}, kHigh = {3, 3, 3};

TcbLevel Level(const TcbComponents& sgx, uint16_t pce_svn, const TcbComponents& tdx, TcbStatus status) {
  TcbLevel level;
  level.sgx = sgx;
  level.pce_svn = static_cast<PceSvn>(pce_svn);
  level.tdx = tdx;
  level.status = status;
  return level;
}
IsvLevel Isv(uint16_t svn, TcbStatus status) {
  IsvLevel level;
  level.isv_svn = svn;
  level.status = status;
  return level;
}

TcbInfo Info(IntelTee tee, std::vector<TcbLevel> levels) {
  TcbInfo info;
  info.tee = tee;
  info.levels = std::move(levels);
  return info;
}
PlatformTcb Platform(const TcbComponents& svns, uint16_t pce_svn) {
  PlatformTcb tcb;
  tcb.cpu_svn = svns;
  tcb.pce_svn = static_cast<PceSvn>(pce_svn);
  tcb.qe_isv_svn = 8;
  return tcb;
}
// Which of the levels, by its place; -1 for none.
ptrdiff_t Matched(const TcbInfo& info, const PlatformTcb& tcb) {
  const TcbLevel* level = MatchTcbLevel(info, tcb);
  return level == nullptr ? -1 : level - info.levels.data();
}

TEST(Covers, IsTrueOnlyWhenEveryComponentReaches) {
  EXPECT_TRUE(Covers(kMiddle, kMiddle));
  EXPECT_TRUE(Covers(kHigh, kMiddle));
  EXPECT_FALSE(Covers(kLow, kMiddle));
  for (size_t i = 0; i < kMiddle.size(); ++i) {
    TcbComponents required = {};
    required[i] = 4;
    TcbComponents platform = {};
    platform.fill(255);
    platform[i] = 3;
    EXPECT_FALSE(Covers(platform, required)) << i;
    platform[i] = 4;
    EXPECT_TRUE(Covers(platform, required)) << i;
  }
  EXPECT_TRUE(Covers(static_cast<PceSvn>(256), static_cast<PceSvn>(255)));
  EXPECT_FALSE(Covers(static_cast<PceSvn>(255), static_cast<PceSvn>(256)));
}

TEST(TcbLevel, FirstThatThePlatformCovers) {
  const TcbInfo info =
      Info(IntelTee::kSgx,
           {Level(kHigh, 10, {}, TcbStatus::kUpToDate), Level(kMiddle, 10, {}, TcbStatus::kOutOfDate),
            Level(kMiddle, 5, {}, TcbStatus::kOutOfDate), Level(kLow, 5, {}, TcbStatus::kRevoked)});
  EXPECT_EQ(Matched(info, Platform(kHigh, 10)), 0);
  EXPECT_EQ(Matched(info, Platform({9, 9, 9}, 99)), 0);
  EXPECT_EQ(Matched(info, Platform({3, 3, 2}, 10)), 1);
  EXPECT_EQ(Matched(info, Platform(kLow, 5)), 3);
  EXPECT_EQ(Matched(info, Platform({1, 1, 0}, 99)), -1);
  EXPECT_EQ(Matched(info, Platform(kHigh, 4)), -1);
}

TEST(TcbLevel, PceSvnBelowEqualAndAbove) {
  const TcbInfo info = Info(IntelTee::kSgx, {Level(kHigh, 10, {}, TcbStatus::kUpToDate),
                                             Level(kHigh, 5, {}, TcbStatus::kOutOfDate)});
  EXPECT_EQ(Matched(info, Platform(kHigh, 11)), 0);
  EXPECT_EQ(Matched(info, Platform(kHigh, 10)), 0);
  EXPECT_EQ(Matched(info, Platform(kHigh, 9)), 1);
  EXPECT_EQ(Matched(info, Platform(kHigh, 5)), 1);
  EXPECT_EQ(Matched(info, Platform(kHigh, 4)), -1);
}

TEST(TcbLevel, TdxComponentsCountToo) {
  const TcbInfo info = Info(IntelTee::kTdx, {Level(kHigh, 5, {5, 0, 3}, TcbStatus::kUpToDate),
                                             Level(kMiddle, 5, {4, 0, 2}, TcbStatus::kOutOfDate)});
  const auto with = [](const TcbComponents& tee_tcb_svn) {
    PlatformTcb tcb = Platform(kHigh, 5);
    tcb.tee_tcb_svn = tee_tcb_svn;
    return tcb;
  };
  EXPECT_EQ(Matched(info, with({5, 0, 3})), 0);
  EXPECT_EQ(Matched(info, with({5, 0, 2})), 1);  // SGX and PCE reach the first, TDX does not: go on
  EXPECT_EQ(Matched(info, with({4, 0, 3})), 1);
  EXPECT_EQ(Matched(info, with({4, 0, 1})), -1);
  EXPECT_EQ(Matched(info, with({3, 0, 3})), -1);
}

// With a module version, bytes 0 and 1 are the module's, and TDX_xx judges them (DCAP 3.1).
TEST(TcbLevel, ComponentsZeroAndOneAreSkippedWithAModuleVersion) {
  const TcbInfo info = Info(IntelTee::kTdx, {Level(kHigh, 5, {5, 9, 3}, TcbStatus::kUpToDate)});
  const auto with = [](const TcbComponents& tee_tcb_svn) {
    PlatformTcb tcb = Platform(kHigh, 5);
    tcb.tee_tcb_svn = tee_tcb_svn;
    return tcb;
  };
  EXPECT_EQ(Matched(info, with({0, 1, 3})), 0);
  EXPECT_EQ(Matched(info, with({4, 1, 3})), 0);
  EXPECT_EQ(Matched(info, with({4, 255, 3})), 0);
  EXPECT_EQ(Matched(info, with({0, 1, 2})), -1);
  EXPECT_EQ(Matched(info, with({255, 0, 3})), -1);  // version 0: component 1 is compared, and short
  const TcbInfo version0 = Info(IntelTee::kTdx, {Level(kHigh, 5, {5, 0, 3}, TcbStatus::kUpToDate)});
  EXPECT_EQ(Matched(version0, with({5, 0, 3})), 0);
  EXPECT_EQ(Matched(version0, with({4, 0, 3})), -1);
  for (size_t i = 2; i < 16; ++i) {
    TcbComponents required = {}, have;
    have.fill(7);
    required[i] = 8;
    EXPECT_EQ(Matched(Info(IntelTee::kTdx, {Level(kHigh, 5, required, TcbStatus::kUpToDate)}), with(have)),
              -1)
        << i;
  }
}

TEST(IsvLevel, FirstThatIsNotAboveIt) {
  const std::vector<IsvLevel> levels = {Isv(8, TcbStatus::kUpToDate), Isv(6, TcbStatus::kOutOfDate),
                                        Isv(2, TcbStatus::kRevoked)};
  const auto matched = [&](uint16_t svn) {
    const IsvLevel* level = MatchIsvLevel(levels, svn);
    return level == nullptr ? -1 : level->isv_svn;
  };
  EXPECT_EQ(matched(65535), 8);
  EXPECT_EQ(matched(8), 8);
  EXPECT_EQ(matched(7), 6);
  EXPECT_EQ(matched(6), 6);
  EXPECT_EQ(matched(5), 2);
  EXPECT_EQ(matched(2), 2);
  EXPECT_EQ(matched(1), -1);
  EXPECT_EQ(matched(0), -1);
}

TEST(Module, IsFoundByItsVersionInHex) {
  TcbInfo info;
  for (const char* id : {"TDX_01", "TDX_0A", "TDX_10", "TDX_FF"})
    info.tdx_module_identities.push_back({id, {}, {}});
  const auto found = [&](uint8_t version) {
    const TdxModuleIdentity* identity = FindModuleIdentity(info, version);
    return identity == nullptr ? std::string("none") : identity->id;
  };
  EXPECT_EQ(found(1), "TDX_01");
  EXPECT_EQ(found(10), "TDX_0A");
  EXPECT_EQ(found(16), "TDX_10");
  EXPECT_EQ(found(255), "TDX_FF");
  EXPECT_EQ(found(2), "none");
  EXPECT_EQ(found(11), "none");
}

// -- what converges (DCAP 6.1) --

constexpr TcbStatus kU = TcbStatus::kUpToDate, kS = TcbStatus::kSWHardeningNeeded,
                    kC = TcbStatus::kConfigurationNeeded, kB = TcbStatus::kConfigurationAndSWHardeningNeeded,
                    kO = TcbStatus::kOutOfDate, kOC = TcbStatus::kOutOfDateConfigurationNeeded,
                    kR = TcbStatus::kRevoked;

struct ConvergeRow {
  TcbStatus platform, up_to_date, out_of_date, revoked;
};
constexpr ConvergeRow kConverge[] = {{kU, kU, kO, kR},  {kS, kS, kO, kR}, {kC, kC, kOC, kR},
                                     {kB, kB, kOC, kR}, {kO, kO, kO, kR}, {kOC, kOC, kOC, kR},
                                     {kR, kR, kR, kR}};

TEST(Converge, IsTheWholeTable) {
  for (const auto& row : kConverge) {
    SCOPED_TRACE(TcbStatusName(row.platform));
    for (const auto& [component, wanted] :
         {std::pair(kU, row.up_to_date), std::pair(kO, row.out_of_date), std::pair(kR, row.revoked)}) {
      EXPECT_EQ(Converge(row.platform, std::nullopt, component), wanted);  // the QE alone
      EXPECT_EQ(Converge(row.platform, component, kU), wanted);            // the module alone
      EXPECT_EQ(Converge(row.platform, kU, component), wanted);
    }
    EXPECT_EQ(Converge(row.platform, kO, kO), row.out_of_date);
    EXPECT_EQ(Converge(row.platform, kR, kO), row.revoked);  // the worse of the two
    EXPECT_EQ(Converge(row.platform, kO, kR), row.revoked);
    // A QE level may say these, and they do not act.
    EXPECT_EQ(Converge(row.platform, std::nullopt, kC), row.platform);
    EXPECT_EQ(Converge(row.platform, std::nullopt, kOC), row.platform);
  }
}

// -- relaunch (DCAP 6.3) --

TEST(Relaunch, IsAdvisedWhenTheLaunchIsOldAndThePresentIsGood) {
  constexpr TcbStatus kAdvised = TcbStatus::kTDRelaunchAdvised,
                      kAdvisedC = TcbStatus::kTDRelaunchAdvisedConfigurationNeeded;
  constexpr TcbStatus kAll[] = {kU, kS, kC, kB, kO, kOC, kR};
  for (const TcbStatus launch : kAll) {
    for (const TcbStatus current : kAll) {
      const bool good = current == kU || current == kS || current == kC || current == kB;
      TcbStatus wanted = launch;
      if (launch == kO && good) wanted = current == kC || current == kB ? kAdvisedC : kAdvised;
      if (launch == kOC && good) wanted = kAdvisedC;
      EXPECT_EQ(RelaunchStatus(launch, current), wanted)
          << TcbStatusName(launch) << ", " << TcbStatusName(current);
    }
  }
}

}  // namespace
}  // namespace thimble::intel
