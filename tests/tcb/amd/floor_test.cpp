// SPDX-License-Identifier: Apache-2.0
//
// The judgement, on a small document: status words, views, what cannot be proved, levels, time.
#include "tcb/amd/floor.h"

#include "tcb/check.h"
#include "tcb/policy.h"
#include "tests/tcb/amd/floor_world.h"
#include "tests/tcb/amd/world.h"

namespace thimble::amd {
namespace {

using Names = std::vector<std::string>;

constexpr CpuId kG1{0x19, 0x11, 1}, kG2{0x19, 0x11, 2}, kTurin{0x1a, 0x02, 1};

FloorsPtr Small() {
  static const FloorsPtr floors = Parsed(SmallFloors());
  return floors;
}

SnpClaims Genoa(const std::function<void(SnpClaims&)>& bend = {}) {
  SnpClaims claims = BestClaims(kG1);
  SetInAll(claims, TcbComponent::kSnp, 27);
  SetInAll(claims, TcbComponent::kMicrocode, 86);
  claims.committed_version = claims.current_version = {1, 55, 49};
  claims.platform_info = 1u << 5;
  claims.current_mit_vector = claims.launch_mit_vector = 1u << 1;
  if (bend) bend(claims);
  return claims;
}
Verdict Bent(const std::function<void(SnpClaims&)>& bend) { return Judged(Genoa(bend), Small()); }
std::optional<TcbStatus> StatusOf(const std::function<void(SnpClaims&)>& bend) {
  return Bent(bend).tcb_status;
}

const Finding* Find(const Verdict& verdict, Check check) {
  const auto found = std::ranges::find(verdict.findings, check, &Finding::check);
  return found == verdict.findings.end() ? nullptr : &*found;
}

TEST(Floor, AtTheFloorIsUpToDate) {
  const Verdict verdict = Judged(Genoa(), Small());
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.floors->document, Small());
  EXPECT_EQ(verdict.floors->line, "G1");
  EXPECT_EQ(verdict.floors->meets, (Names{"first", "both", "all"}));
  EXPECT_TRUE(verdict.shortfalls.empty());
  EXPECT_TRUE(verdict.advisories.empty());
  EXPECT_TRUE(verdict.advisories_unproven.empty());
  EXPECT_TRUE(verdict.findings.empty());
  for (const Check check : {Check::kSnpFloorUnknown, Check::kSnpFloorUnproven, Check::kSnpFloorStale})
    EXPECT_EQ(verdict.checks.Get(check), CheckResult::kPassed);
  EXPECT_EQ(FormatRfc3339(*verdict.tcb_date), "2026-05-01T00:00:00Z");  // the document's
  EXPECT_EQ(FloorSummary(verdict), "meets all");
}

TEST(Floor, EachComponentIsShortByItself) {
  const auto lower = [](TcbComponent component, uint8_t value) {
    return ShortOf(Bent([=](SnpClaims& c) { SetInAll(c, component, value); }));
  };
  EXPECT_EQ(lower(TcbComponent::kSnp, 26), Names{"B-2 reported snp.snp 26<27"});
  EXPECT_EQ(lower(TcbComponent::kSnp, 22),
            (Names{"B-1 reported snp.snp 22<23", "B-2 reported snp.snp 22<27"}));
  EXPECT_EQ(lower(TcbComponent::kMicrocode, 85), Names{"B-3 reported snp.microcode 85<86"});
  SnpClaims turin = BestClaims(kTurin);
  for (const TcbComponent component :
       {TcbComponent::kFmc, TcbComponent::kBootloader, TcbComponent::kTee, TcbComponent::kSnp}) {
    SnpClaims claims = turin;
    SetInAll(claims, component, 0);
    const Verdict verdict = Judged(claims, Small());
    ASSERT_EQ(verdict.shortfalls.size(), 1u);
    EXPECT_EQ(verdict.shortfalls[0].component, "snp." + std::string(ComponentName(component)));
    EXPECT_EQ(verdict.tcb_status, TcbStatus::kOutOfDate);
  }
}

TEST(Floor, TheLowestOfTheFourViewsCountsAndIsNamed) {
  struct View {
    std::optional<TcbVersion> SnpClaims::*tcb;
    const char* name;
    TcbStatus status;
  };
  for (const View& view : {View{&SnpClaims::reported_tcb, "reported", TcbStatus::kOutOfDate},
                           View{&SnpClaims::committed_tcb, "committed", TcbStatus::kOutOfDate},
                           View{&SnpClaims::current_tcb, "current", TcbStatus::kOutOfDate},
                           View{&SnpClaims::launch_tcb, "launch", TcbStatus::kRelaunchAdvised}}) {
    const Verdict verdict = Bent([&](SnpClaims& c) { (c.*view.tcb)->snp = 26; });
    EXPECT_EQ(verdict.tcb_status, view.status) << view.name;
    EXPECT_EQ(ShortOf(verdict), Names{"B-2 " + std::string(view.name) + " snp.snp 26<27"});
  }
}

TEST(Floor, SaysWhatCuresIt) {
  const auto cure = [](const std::function<void(SnpClaims&)>& bend) {
    return Bent(bend).shortfalls.at(0).update;
  };
  EXPECT_EQ(cure([](SnpClaims& c) { SetInAll(c, TcbComponent::kSnp, 26); }), "SEV firmware 1.55.49");
  EXPECT_EQ(cure([](SnpClaims& c) { SetInAll(c, TcbComponent::kMicrocode, 83); }),
            "CPU microcode 0x0A101154 (GenoaPI 1)");
  EXPECT_NE(cure([](SnpClaims& c) { c.reported_tcb->snp = 26; }).find("SNP_SET_CONFIG"), std::string::npos);
  EXPECT_NE(cure([](SnpClaims& c) { c.launch_tcb->snp = 26; }).find("relaunch"), std::string::npos);
  EXPECT_NE(cure([](SnpClaims& c) { c.platform_info = 0; }).find("BIOS"), std::string::npos);
  EXPECT_NE(cure([](SnpClaims& c) { c.current_mit_vector = 0; }).find("SNP_VERIFY_MITIGATION"),
            std::string::npos);
  EXPECT_NE(cure([](SnpClaims& c) { c.launch_mit_vector = 0; }).find("relaunch"), std::string::npos);
}

TEST(Floor, StatusWords) {
  EXPECT_EQ(StatusOf([](SnpClaims& c) { c.committed_version = {1, 55, 48}; }), TcbStatus::kOutOfDate);
  EXPECT_EQ(StatusOf([](SnpClaims& c) { c.current_version = {1, 55, 48}; }), TcbStatus::kOutOfDate);
  EXPECT_EQ(StatusOf([](SnpClaims& c) { c.platform_info = 0xdf; }), TcbStatus::kConfigurationNeeded);
  EXPECT_EQ(StatusOf([](SnpClaims& c) { c.current_mit_vector = 0xd; }), TcbStatus::kConfigurationNeeded);
  EXPECT_EQ(StatusOf([](SnpClaims& c) { c.launch_mit_vector = 0xd; }), TcbStatus::kRelaunchAdvised);
  EXPECT_EQ(StatusOf([](SnpClaims& c) {
              c.platform_info = 0;
              c.launch_tcb->snp = 1;
            }),
            TcbStatus::kRelaunchAdvisedConfigurationNeeded);
  EXPECT_EQ(StatusOf([](SnpClaims& c) {
              c.platform_info = 0;
              c.reported_tcb->snp = 1;
            }),
            TcbStatus::kOutOfDateConfigurationNeeded);
  EXPECT_EQ(StatusOf([](SnpClaims& c) {
              c.launch_tcb->snp = 1;
              c.reported_tcb->snp = 1;
            }),
            TcbStatus::kOutOfDate);
}

TEST(Floor, VersionsAndBitsAreShownAsText) {
  const auto texts = [](const std::function<void(SnpClaims&)>& bend) { return ShortOf(Bent(bend)); };
  EXPECT_EQ(texts([](SnpClaims& c) {
              c.committed_version = {1, 55, 48};
            }),
            Names{"B-2 committed snp.firmware 1.55.48<1.55.49"});
  EXPECT_EQ(texts([](SnpClaims& c) {
              c.current_version = {1, 55, 40};
            }),
            Names{"B-2 current snp.firmware 1.55.40<1.55.49"});
  EXPECT_EQ(texts([](SnpClaims& c) { c.platform_info = 0x5; }),
            Names{"B-2 current snp.platform_info 0x5<bit 5"});
  EXPECT_EQ(texts([](SnpClaims& c) { c.current_mit_vector = 0; }),
            Names{"B-2 current snp.mit_vector 0x0<bit 1"});
  EXPECT_EQ(texts([](SnpClaims& c) { c.launch_mit_vector = 0; }),
            Names{"B-2 launch snp.mit_vector 0x0<bit 1"});
}

// Firmware versions and components do not compare as text or as one number.
TEST(Floor, VersionsCompareByTheirParts) {
  EXPECT_EQ(StatusOf([](SnpClaims& c) {
              c.committed_version = c.current_version = {1, 58, 3};
            }),
            TcbStatus::kUpToDate);
  EXPECT_EQ(StatusOf([](SnpClaims& c) {
              c.committed_version = c.current_version = {1, 49, 90};
            }),
            TcbStatus::kOutOfDate);
}

// What the guest's owner can make up for is milder than a platform that he cannot help.
TEST(Floor, AGuestPolicyMayMakeUpForIt) {
  const auto low = [](SnpClaims& c) { SetInAll(c, TcbComponent::kMicrocode, 85); };
  EXPECT_EQ(StatusOf(low), TcbStatus::kSWHardeningNeeded);
  EXPECT_EQ(StatusOf([&](SnpClaims& c) { low(c), c.platform_info = 0; }),
            TcbStatus::kConfigurationAndSWHardeningNeeded);
  EXPECT_EQ(StatusOf([&](SnpClaims& c) { low(c), c.policy = 0; }), TcbStatus::kUpToDate);
  EXPECT_EQ(StatusOf([&](SnpClaims& c) { low(c), c.reported_tcb->snp = 1; }), TcbStatus::kOutOfDate);
}

// Neither set nor clear: version 3 and 4 have no vectors, and their bytes are not to be read as "no mitigation".
TEST(Floor, BitsThatAReportCannotShowAreUnproven) {
  const Verdict verdict = Bent([](SnpClaims& c) {
    c.version = 3;
    c.current_mit_vector.reset();
    c.launch_mit_vector.reset();
  });
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.advisories_unproven, Names{"B-2"});
  EXPECT_TRUE(verdict.advisories.empty());
}

TEST(Floor, UnknownWithholdsTheStatusAndIsANote) {
  const Verdict verdict = Judged(BestClaims(kG2), Small());
  EXPECT_EQ(verdict.tcb_status, std::nullopt);
  EXPECT_EQ(verdict.advisories_unproven, (Names{"B-2", "B-3"}));
  const Finding* note = Find(verdict, Check::kSnpFloorUnproven);
  ASSERT_NE(note, nullptr);
  EXPECT_EQ(note->severity, Severity::kNote);
  EXPECT_NE(note->message.find("B-2: not seen"), std::string::npos) << note->message;
  EXPECT_EQ(verdict.floors->meets, Names{"first"});
  EXPECT_EQ(FloorSummary(verdict), "nothing known is short of all");
  // A shortfall beats it, and a level without the bulletin has a status.
  SnpClaims low = BestClaims(kG2);
  SetInAll(low, TcbComponent::kSnp, 1);
  EXPECT_EQ(Judged(low, Small()).tcb_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(Find(Judged(low, Small()), Check::kSnpFloorUnproven), nullptr);
  EXPECT_EQ(Judged(BestClaims(kG2), Small(), "first").tcb_status, TcbStatus::kUpToDate);
}

TEST(Floor, WhereNothingIsJudgedNothingIsUpToDate) {
  EXPECT_EQ(Judged(BestClaims(kTurin), Small(), "first").tcb_status, std::nullopt);
  EXPECT_EQ(Judged(BestClaims(kTurin), Small(), "both").tcb_status, TcbStatus::kUpToDate);
}

TEST(Floor, ThePolicyAnswersForTheNote) {
  Policy policy;
  const Verdict verdict = Judged(BestClaims(kG2), Small());
  EXPECT_TRUE(Appraise(verdict, policy, kFloorNow).accept);
  policy.amd_floor = AmdFloorMode::kIfKnown;
  EXPECT_TRUE(Appraise(verdict, policy, kFloorNow).accept);
  policy.amd_floor = AmdFloorMode::kComplete;
  EXPECT_FALSE(Appraise(verdict, policy, kFloorNow).accept);
  EXPECT_TRUE(Appraise(Judged(Genoa(), Small()), policy, kFloorNow).accept);
}

TEST(Floor, ALevelLowersTheBarAndSaysWhatIsOpen) {
  const SnpClaims claims = Genoa([](SnpClaims& c) { SetInAll(c, TcbComponent::kSnp, 24); });
  const Verdict verdict = Judged(claims, Small(), "first");
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.advisories, Names{"B-2"});
  EXPECT_EQ(ShortOf(verdict), Names{"B-2 reported snp.snp 24<27"});
  EXPECT_EQ(FloorSummary(verdict), "meets first; behind on B-2 (snp 24, needs 27)");
  EXPECT_EQ(FormatRfc3339(*verdict.tcb_date), "2025-10-13T00:00:00Z");  // fixes complete up to
  Policy policy;
  policy.amd_level = "first";
  EXPECT_TRUE(Appraise(verdict, policy, kFloorNow).accept);
  EXPECT_FALSE(Appraise(Judged(claims, Small()), Policy{}, kFloorNow).accept);
}

// A level that is spelled wrong asks for more, not for less, and is refused by name.
TEST(Floor, ALevelThatIsNotThereIsAll) {
  const Verdict verdict = Judged(Genoa([](SnpClaims& c) { c.reported_tcb->snp = 24; }), Small(), "frist");
  EXPECT_EQ(verdict.floors->level, "all");
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kOutOfDate);
  Policy policy;
  policy.amd_level = "frist";
  const Decision decision = Appraise(Judged(Genoa(), Small(), "frist"), policy, kFloorNow);
  EXPECT_FALSE(decision.accept);
  for (const RuleOutcome& rule : decision.rules) EXPECT_EQ(rule.ok, rule.rule != "amd_level") << rule.rule;
}

TEST(Floor, BulletinsOfLaterDoNotCount) {
  const Instant before = std::chrono::sys_days{std::chrono::year{2025} / 10 / 13};
  SnpClaims claims = Genoa([](SnpClaims& c) { SetInAll(c, TcbComponent::kSnp, 23); });
  const Verdict verdict = Judged(claims, Small(), kAllLevel, before);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  EXPECT_EQ(verdict.floors->left_out, (Names{"B-2", "B-3"}));
  EXPECT_EQ(*verdict.tcb_date, before);
  EXPECT_EQ(Judged(claims, Small(), kAllLevel, before + std::chrono::days(1)).tcb_status,
            TcbStatus::kOutOfDate);
}

TEST(Floor, StaleFloorsRejectUnlessThePolicyAllows) {
  const Instant last = Small()->stale_after;
  EXPECT_FALSE(Judged(Genoa(), Small(), kAllLevel, last).floors->stale);
  const Verdict verdict = Judged(Genoa(), Small(), kAllLevel, last + Seconds(1));
  EXPECT_TRUE(verdict.floors->stale);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kUpToDate);
  ASSERT_NE(Find(verdict, Check::kSnpFloorStale), nullptr);
  EXPECT_EQ(Find(verdict, Check::kSnpFloorStale)->severity, Severity::kSoft);
  Policy policy;
  EXPECT_FALSE(Appraise(verdict, policy, verdict.at).accept);
  EXPECT_NE(Find(verdict, Check::kSnpFloorStale)->message.find("allow_stale_floor = true"),
            std::string::npos);
  policy.allow_stale_floor = true;
  EXPECT_TRUE(Appraise(verdict, policy, verdict.at).accept);
}

TEST(Floor, ACpuInNoRangeHasNoStatus) {
  const Verdict required = Judged(BestClaims({0x19, 0x11, 3}), Small());
  EXPECT_EQ(required.tcb_status, std::nullopt);
  ASSERT_NE(Find(required, Check::kSnpFloorUnknown), nullptr);
  EXPECT_EQ(Find(required, Check::kSnpFloorUnknown)->severity, Severity::kSoft);
  EXPECT_FALSE(Appraise(required, Policy{}, kFloorNow).accept);
  Policy policy;
  policy.amd_floor = AmdFloorMode::kIfKnown;
  const Verdict if_known =
      Judged(BestClaims({0x19, 0x11, 3}), Small(), kAllLevel, kFloorNow, policy.amd_floor);
  EXPECT_TRUE(if_known.findings.empty());
  EXPECT_EQ(if_known.checks.Get(Check::kSnpFloorUnknown), CheckResult::kNotRun);
  EXPECT_TRUE(Appraise(if_known, policy, kFloorNow).accept);
}

TEST(Floor, VeniceHasNoFloorAndIsNamed) {
  const Verdict verdict =
      Judged(BestClaims({0x1a, 0x50, 0}), std::make_shared<const FloorDocument>(Builtin()));
  ASSERT_NE(Find(verdict, Check::kSnpFloorUnknown), nullptr);
  EXPECT_NE(Find(verdict, Check::kSnpFloorUnknown)->message.find("(Venice)"), std::string::npos);
}

TEST(Floor, NoFloorsAreUnknown) {
  const Verdict verdict = Judged(Genoa(), nullptr);
  EXPECT_EQ(verdict.tcb_status, std::nullopt);
  EXPECT_NE(Find(verdict, Check::kSnpFloorUnknown), nullptr);
  EXPECT_FALSE(verdict.floors);
}

// It can miss what all lines of its product ask, but not be known to meet them.
TEST(Floor, Version2IsHeldToWhatAllLinesAsk) {
  const auto judged = [](uint8_t microcode) {
    return Judged(Genoa([=](SnpClaims& c) {
                    c.version = 2;
                    c.cpuid.reset();
                    c.current_mit_vector.reset();
                    c.launch_mit_vector.reset();
                    SetInAll(c, TcbComponent::kMicrocode, microcode);
                  }),
                  Small());
  };
  const Verdict low = judged(78);
  EXPECT_EQ(low.tcb_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(ShortOf(low), Names{"B-1 reported snp.microcode 78<79"});
  EXPECT_TRUE(low.floors->meets.empty());
  const Verdict enough = judged(79);
  EXPECT_EQ(enough.tcb_status, std::nullopt);
  EXPECT_TRUE(enough.shortfalls.empty());
  EXPECT_NE(Find(enough, Check::kSnpFloorUnknown), nullptr);
  EXPECT_EQ(Find(enough, Check::kSnpFloorUnproven), nullptr);
  EXPECT_FALSE(Appraise(enough, Policy{}, kFloorNow).accept);
}

// ALIAS_CHECK_COMPLETE came with version 3: before, a clear bit says nothing.
TEST(Floor, Version2CannotShowPlatformBits) {
  Json document = SmallFloors();
  Json& cell = document["bulletins"][1]["require"]["G2"];
  cell = {{"min", {{{"platform_bits", {5}}, {"grade", "A"}, {"sources", {"amd"}}}}}};
  SnpClaims claims = Genoa([](SnpClaims& c) {
    c.version = 2;
    c.cpuid.reset();
    c.platform_info = 0;
  });
  EXPECT_EQ(Judged(claims, Parsed(document)).tcb_status, std::nullopt);
  claims.version = 3;
  EXPECT_EQ(Judged(claims, Parsed(document)).tcb_status, TcbStatus::kConfigurationNeeded);
}

TEST(Floor, SomeBulletinsBelongToEveryVerdictOfTheirLine) {
  const FloorsPtr builtin = std::make_shared<const FloorDocument>(Builtin());
  const auto unproven = [&](const CpuId& cpuid) {
    return Judged(BestClaims(cpuid), builtin, "entrysign").advisories_unproven;
  };
  EXPECT_EQ(unproven({0x19, 0x01, 1}), (Names{"AMD-SB-7033", "AMD-SB-3045"}));
  EXPECT_EQ(unproven(kG1), Names{"AMD-SB-7033"});
}

TEST(Floor, WhatIsNotAuthenticGetsNoStatus) {
  Verdict verdict;
  verdict.tee = Tee::kSnp;
  verdict.claims = Genoa();
  ApplyFloors(verdict, Small(), kAllLevel, AmdFloorMode::kRequire);
  EXPECT_EQ(verdict.tcb_status, std::nullopt);
  EXPECT_FALSE(verdict.floors);
  EXPECT_TRUE(verdict.findings.empty());
}

// Every line of the simulated AMD meets what is known, with all that a report can prove.
TEST(Floor, TheSimulatedLinesAreShortOfNothing) {
  const FloorsPtr builtin = std::make_shared<const FloorDocument>(Builtin());
  for (const std::string& name : sim::SnpPlatform::LineNames()) {
    if (name == "Venice") continue;
    SCOPED_TRACE(name);
    const sim::SnpPlatform platform = sim::SnpPlatform::OfLine(name);
    Verdict verdict = Judge(World().Report(platform, {.version = 5}), World().Endorsements(platform)).value();
    verdict.at = kLater;
    ApplyFloors(verdict, builtin, kAllLevel, AmdFloorMode::kRequire);
    EXPECT_EQ(verdict.floors->line, name);
    EXPECT_EQ(ShortOf(verdict), Names{});
    EXPECT_TRUE(Appraise(verdict, Policy{}, World().now()).accept);
  }
}

}  // namespace
}  // namespace thimble::amd
