// SPDX-License-Identifier: Apache-2.0
#include "tcb/impact.h"

#include <gtest/gtest.h>

#include "tcb/intel/verify.h"
#include "tests/support/sim_recovery.h"
#include "tests/tcb/amd/floor_world.h"
#include "tests/tcb/policy/good_evidence.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

class Recovery : public testing::Test {
 protected:
  intel::VerifiedCollateral Collateral(uint32_t number) const {
    const auto set = world_.Collateral(
        {.tee = IntelTee::kTdx,
         .fmspc = sim::kRecoveryFmspc,
         .number = number,
         .tcb_info = [=](sim::TcbInfoSpec& spec) { spec = sim::RecoveryTcbInfo(number, sim::kNow); }});
    auto collateral = intel::PrepareCollateral(set, world_.Anchors());
    EXPECT_TRUE(collateral.ok()) << collateral.error().message;
    return *collateral;
  }

  Verdict Verify(const intel::VerifiedCollateral& collateral) const {
    const Bytes quote = world_.Quote(sim::RecoveryQuote());
    auto verdict = intel::VerifyQuote(quote, collateral, world_.Anchors(), sim::kNow, nullptr);
    EXPECT_TRUE(verdict.ok()) << verdict.error().message;
    return *verdict;
  }

  ReferenceSet References(std::string name, const intel::VerifiedCollateral& collateral) const {
    ReferenceSet set;
    set.name = std::move(name);
    set.tcb_infos = {collateral.tcb_info->tcb_info()};
    set.td_qe = collateral.qe_identity->identity();
    return set;
  }

  sim::SimIntel world_ = sim::SimIntel::Make({.seed = "recovery"});
  intel::VerifiedCollateral set19_ = Collateral(19), set20_ = Collateral(20);
};

std::vector<std::string> Text(const std::vector<Shortfall>& shortfalls) {
  std::vector<std::string> out;
  for (const Shortfall& s : shortfalls) {
    out.push_back(s.component + " " + std::to_string(s.have) + " of " + std::to_string(s.need));
  }
  std::sort(out.begin(), out.end());
  return out;
}

const std::vector<std::string> kFourShortfalls = {"sgx.00 3 of 4", "sgx.01 3 of 4", "tdx.02 3 of 4",
                                                  "tdx_module.isvsvn 7 of 11"};

TEST_F(Recovery, IsListedBeforePromotionWithExactlyItsFourShortfalls) {
  const Verdict seen = Verify(set19_);
  ASSERT_EQ(seen.tcb_status, TcbStatus::kUpToDate);
  const RememberedTcb remembered{TcbOf(seen).value(), 7, sim::kNow};
  const Impact impact = Compare({remembered}, References("19", set19_), References("20", set20_), sim::kNow);
  ASSERT_EQ(impact.changes.size(), 1u);
  EXPECT_EQ(impact.unchanged, 0u);
  const ImpactRow& row = impact.changes.front();
  EXPECT_EQ(row.platforms.count, 7u);
  EXPECT_EQ(row.now.status, TcbStatus::kUpToDate);
  EXPECT_TRUE(row.now.accept);
  EXPECT_TRUE(row.now.shortfalls.empty());
  EXPECT_EQ(row.then.status, TcbStatus::kOutOfDate);
  EXPECT_FALSE(row.then.accept);
  EXPECT_EQ(Text(row.then.shortfalls), kFourShortfalls);
  ASSERT_EQ(row.then.refused_by.size(), 1u);
  EXPECT_EQ(row.then.refused_by.front().rule, "accepted_statuses");
  for (const Shortfall& s : row.then.shortfalls) EXPECT_FALSE(s.update.empty()) << s.component;
}

TEST_F(Recovery, IsWhatTheVerdictSaysAfterPromotion) {
  const Verdict verdict = Verify(set20_);
  EXPECT_TRUE(verdict.authentic);
  EXPECT_EQ(verdict.tcb_status, TcbStatus::kOutOfDate);
  EXPECT_EQ(Text(verdict.shortfalls), kFourShortfalls);
  EXPECT_FALSE(Appraise(verdict, Policy{}, sim::kNow).accept);

  const TcbOutcome outcome = Judge(TcbOf(Verify(set19_)).value(), References("20", set20_), sim::kNow);
  EXPECT_EQ(outcome.status, verdict.tcb_status);
  EXPECT_EQ(Text(outcome.shortfalls), Text(verdict.shortfalls));
}

TEST_F(Recovery, ChangesNothingForAPlatformThatIsReady) {
  IntelTcbRecord ready = std::get<IntelTcbRecord>(TcbOf(Verify(set19_)).value());
  ready.cpu_svn[0] = ready.cpu_svn[1] = 4;
  ready.tee_tcb_svn = intel::TcbComponents{11, 1, 4};
  const Impact impact =
      Compare({{ready, 5, sim::kNow}}, References("19", set19_), References("20", set20_), sim::kNow);
  EXPECT_TRUE(impact.changes.empty());
  EXPECT_TRUE(impact.unjudged.empty());
  EXPECT_EQ(impact.unchanged, 5u);
}

TEST_F(Recovery, CostsNothingWithinAGraceOfThePlatform) {
  ReferenceSet candidate = References("20", set20_);
  candidate.policy.platform_grace = 2 * 365 * 24h;
  const TcbOutcome outcome = Judge(TcbOf(Verify(set19_)).value(), candidate, sim::kNow);
  EXPECT_EQ(outcome.status, TcbStatus::kOutOfDate);
  EXPECT_TRUE(outcome.accept);
  candidate.policy.platform_grace = 24h;
  EXPECT_FALSE(Judge(TcbOf(Verify(set19_)).value(), candidate, sim::kNow).accept);
}

TEST_F(Recovery, JudgesByPolicyAlone) {
  const TcbRecord tcb = TcbOf(Verify(set19_)).value();
  const ReferenceSet current = References("19", set19_);
  ReferenceSet candidate = current;
  candidate.policy.min_tcb_evaluation = 20;
  const Impact impact = Compare({{tcb, 1, sim::kNow}}, current, candidate, sim::kNow);
  ASSERT_EQ(impact.changes.size(), 1u);
  EXPECT_EQ(impact.changes.front().then.status, TcbStatus::kUpToDate);
  EXPECT_EQ(impact.changes.front().then.refused_by.front().rule, "min_tcb_evaluation");
}

// A shorter age for collateral refuses platforms, too. CRLs count where they are held.
TEST_F(Recovery, HoldsTheCollateralToItsAge) {
  const TcbRecord tcb = TcbOf(Verify(set19_)).value();
  ReferenceSet candidate = References("19", set19_);
  const auto refused_by = [&](const MaxCollateralAge& most) {
    candidate.policy.max_collateral_age = most;
    const auto refused = Judge(tcb, candidate, sim::kNow).refused_by;
    return refused.empty() ? std::string() : refused.front().rule;
  };
  const Seconds tcb_info = sim::kNow - set19_.tcb_info->issued();
  const Seconds identity = sim::kNow - set19_.qe_identity->issued();
  EXPECT_EQ(refused_by({{}, tcb_info, identity}), "");
  EXPECT_EQ(refused_by({{}, tcb_info - 1s, identity}), "max_collateral_age.tcb_info");
  EXPECT_EQ(refused_by({{}, tcb_info, identity - 1s}), "max_collateral_age.identity");
  EXPECT_EQ(refused_by({1s, {}, {}}), "");
  candidate.intel_crls[std::get<IntelTcbRecord>(tcb).ca] = sim::kNow - 2s;
  EXPECT_EQ(refused_by({1s, {}, {}}), "max_collateral_age.crl");
  EXPECT_EQ(refused_by({2s, {}, {}}), "");
}

// What runs on a platform is not remembered, so rules on it are not held against it.
TEST_F(Recovery, LeavesRulesOnContentsAside) {
  ReferenceSet candidate = References("19", set19_);
  candidate.policy.tdx.mrtd = {Filled<intel::Measurement384>(0x77)};
  candidate.policy.restricted.measurement = {Bytes(48, 0)};
  EXPECT_TRUE(Judge(TcbOf(Verify(set19_)).value(), candidate, sim::kNow).accept);
}

TEST_F(Recovery, LeavesUnjudgedWhatHasNoReference) {
  const TcbRecord tcb = TcbOf(Verify(set19_)).value();
  ReferenceSet no_info = References("20", set20_), no_identity = no_info;
  no_info.tcb_infos.clear();
  no_identity.td_qe = nullptr;
  for (const auto& [candidate, reason] : {std::pair(no_info, "no TDX TCB info for FMSPC b0c06f000000"),
                                          std::pair(no_identity, "no identity of the TD_QE")}) {
    const Impact impact = Compare({{tcb, 1, sim::kNow}}, References("19", set19_), candidate, sim::kNow);
    EXPECT_TRUE(impact.changes.empty());
    ASSERT_EQ(impact.unjudged.size(), 1u);
    EXPECT_TRUE(impact.unjudged.front().now.judged);
    EXPECT_FALSE(impact.unjudged.front().then.judged);
    EXPECT_FALSE(impact.unjudged.front().then.accept);
    EXPECT_EQ(impact.unjudged.front().then.reason, reason);
  }
}

TEST_F(Recovery, SaysWhyNoLevelMatches) {
  IntelTcbRecord old = std::get<IntelTcbRecord>(TcbOf(Verify(set19_)).value());
  old.pce_svn = static_cast<intel::PceSvn>(10);
  const TcbOutcome outcome = Judge(old, References("19", set19_), sim::kNow);
  EXPECT_TRUE(outcome.judged);
  EXPECT_FALSE(outcome.status.has_value());
  EXPECT_FALSE(outcome.accept);
  EXPECT_NE(outcome.reason.find("pcesvn 10 of 11"), std::string::npos) << outcome.reason;
  EXPECT_EQ(Text(outcome.shortfalls), std::vector<std::string>{"pcesvn 10 of 11"});
}

TEST_F(Recovery, TakesAQuotingEnclaveThatIsNotKnownAsTheNewest) {
  IntelTcbRecord tcb = std::get<IntelTcbRecord>(TcbOf(Verify(set19_)).value());
  tcb.qe_isv_svn = 3;  // OutOfDate
  EXPECT_EQ(Judge(tcb, References("19", set19_), sim::kNow).status, TcbStatus::kOutOfDate);
  tcb.qe_isv_svn.reset();
  EXPECT_EQ(Judge(tcb, References("19", set19_), sim::kNow).status, TcbStatus::kUpToDate);
}

TEST_F(Recovery, ListsFirstWhoWouldBeRefused) {
  IntelTcbRecord lost = std::get<IntelTcbRecord>(TcbOf(Verify(set19_)).value());
  IntelTcbRecord gained = lost, many = lost;
  gained.qe_isv_svn = 3;
  gained.cpu_svn[0] = gained.cpu_svn[1] = 4;
  gained.tee_tcb_svn = intel::TcbComponents{11, 1, 4};
  many.smt_enabled = !many.smt_enabled.value_or(false);
  ReferenceSet candidate = References("20", set20_);
  candidate.policy.accepted_statuses = {TcbStatus::kUpToDate};
  ReferenceSet current = References("19", set19_);
  ASSERT_FALSE(Judge(gained, current, sim::kNow).accept);
  intel::EnclaveIdentity lenient = *candidate.td_qe;
  for (intel::IsvLevel& level : lenient.levels) level.status = TcbStatus::kUpToDate;
  candidate.td_qe = &lenient;
  const Impact impact = Compare({{gained, 100, sim::kNow}, {lost, 1, sim::kNow}, {many, 9, sim::kNow}},
                                current, candidate, sim::kNow);
  ASSERT_EQ(impact.changes.size(), 3u);
  EXPECT_EQ(impact.changes[0].platforms.count, 9u);
  EXPECT_EQ(impact.changes[1].platforms.count, 1u);
  EXPECT_EQ(impact.changes[2].platforms.count, 100u);
  EXPECT_TRUE(impact.changes[2].then.accept);
}

// -- AMD: the floor is the reference --

ReferenceSet Floor(amd::FloorsPtr floors) {
  ReferenceSet set;
  set.floors = std::move(floors);
  return set;
}

// One bulletin, which asks this of the platform of GoodSnp().
amd::FloorsPtr GenoaFloor(int snp) {
  amd::Json document = amd::SmallFloors();
  document["bulletins"] = amd::Json::array({document["bulletins"][0]});
  document["bulletins"][0]["require"]["G1"] = {
      {"min", {{{"snp", snp}, {"grade", "A"}, {"sources", {"amd"}}}}}};
  document["levels"] = {{"first", {"B-1"}}};
  return amd::Parsed(document);
}

// GoodSnp() was launched one lower than it reports.
TcbRecord GoodRecord() {
  Verdict good = GoodSnp();
  ClaimsOf<amd::SnpClaims>(good).launch_tcb->snp = 23;
  return TcbOf(good).value();
}

TEST(FloorImpact, NamesTheShortComponent) {
  const Impact impact =
      Compare({{GoodRecord(), 4, kPolicyNow}}, Floor(GenoaFloor(23)), Floor(GenoaFloor(24)), kPolicyNow);
  ASSERT_EQ(impact.changes.size(), 1u);
  EXPECT_TRUE(impact.changes.front().now.accept);
  EXPECT_FALSE(impact.changes.front().then.accept);
  EXPECT_EQ(impact.changes.front().then.status, TcbStatus::kOutOfDate);
  EXPECT_EQ(Text(impact.changes.front().then.shortfalls), std::vector<std::string>{"snp.snp 23 of 24"});
}

TEST(FloorImpact, KnowsTheTcbThatTheGuestWasLaunchedUnder) {
  const TcbOutcome outcome = Judge(TcbOf(GoodSnp()).value(), Floor(GenoaFloor(23)), kPolicyNow);
  EXPECT_EQ(outcome.status, TcbStatus::kRelaunchAdvised);
  EXPECT_FALSE(outcome.accept);
}

TEST(FloorImpact, WithoutAFloorIsByThePolicy) {
  ReferenceSet none = Floor(nullptr);
  const TcbOutcome outcome = Judge(GoodRecord(), none, kPolicyNow);
  EXPECT_TRUE(outcome.judged);
  EXPECT_FALSE(outcome.status.has_value());
  EXPECT_FALSE(outcome.accept);
  none.policy.amd_floor = AmdFloorMode::kIfKnown;
  EXPECT_TRUE(Judge(GoodRecord(), none, kPolicyNow).accept);
}

TEST(FloorImpact, HoldsTheTcbsToThePolicysMinimums) {
  ReferenceSet candidate = Floor(GenoaFloor(23));
  const auto minimum = [](uint8_t microcode) {
    TcbMinimum out;
    out.microcode = microcode;
    return TcbMinimums{{amd::Product::kGenoa, out}};
  };
  const auto refused_by = [&] {
    const TcbOutcome outcome = Judge(GoodRecord(), candidate, kPolicyNow);
    return outcome.refused_by.empty() ? "" : outcome.refused_by.front().rule;
  };
  candidate.policy.snp.min_reported_tcb = minimum(85);
  EXPECT_EQ(refused_by(), "snp.min_reported_tcb");
  candidate.policy.snp.min_reported_tcb = minimum(84);
  candidate.policy.snp.min_committed_tcb = minimum(85);
  EXPECT_EQ(refused_by(), "");
  candidate.policy.snp.min_committed_tcb = minimum(86);
  EXPECT_EQ(refused_by(), "snp.min_committed_tcb");
}

}  // namespace
}  // namespace thimble
