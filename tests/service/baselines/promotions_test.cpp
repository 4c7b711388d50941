// SPDX-License-Identifier: Apache-2.0
//
// A promotion's number is that of its own moment: what comes between a study and the promotion is counted, or has it
// studied again.
#include "service/baselines/promotions.h"

#include <gtest/gtest.h>

#include "service/support/snapshot.h"
#include "tcb/check.h"
#include "tests/cache/cache_world.h"
#include "tests/tcb/amd/floor_world.h"

namespace thimble {
namespace {

// Platforms of one CPU line, judged by floor documents "1", "20", ...: the least SNP SPL that each asks for. What a test
// does when a document is read happens in the middle of a study.
class PromotionsTest : public testing::Test {
 protected:
  PromotionsTest() {
    auto book = BaselineBook::Open(world_.store, {{"default", Floor("1")}}, world_.now, nullptr);
    book_ = std::move(book).value();
    Policy policy;
    policy.allow_stale_floor = true;
    policies_.Set(SharedPolicies({{"default", policy}}));
  }
  static Baseline Floor(std::string name) { return {{}, std::move(name), {}}; }
  void See(uint8_t snp) {
    AmdTcbRecord genoa;
    for (auto* tcb : {&genoa.reported, &genoa.committed, &genoa.current, &genoa.launch}) {
      tcb->product = amd::Product::kGenoa;
      tcb->snp = snp;
    }
    genoa.cpuid = amd::CpuId{0x19, 0x11, 1};
    seen_.Record(genoa, world_.now);
  }
  Result<amd::FloorsPtr> Read(const std::string& name) {
    if (between_) std::exchange(between_, nullptr)();
    amd::Json document = amd::SmallFloors();
    document["bulletins"] = amd::Json::array({document["bulletins"][0]});
    document["bulletins"][0]["require"]["G1"] = {
        {"min", {{{"snp", std::stoi(name) + raised_}, {"grade", "A"}, {"sources", {"amd"}}}}}};
    document["levels"] = amd::Json::object();
    return amd::Parsed(document);
  }
  std::string Promote(const std::optional<Refusals>& accepted) {
    Promotions promotions(*book_, policies_, seen_, *world_.cache, study_, floor_of_);
    const auto outcome = promotions.Promote("default", accepted, "ann", world_.now);
    if (!outcome) return std::string(CheckName(outcome.error().check));
    if (outcome->promoted) return "promoted";
    return "refuses " + RefusedThen(outcome->declined->report).ToString();
  }
  std::string InForce() const { return book_->Find("default")->baseline.amd; }

  test::CacheWorld world_;
  SeenPlatforms seen_{world_.store, 10};
  Snapshot<Policies> policies_{Policies()};
  std::unique_ptr<BaselineBook> book_;
  std::function<void()> between_;
  int raised_ = 0;
  const FloorOf floor_of_ = [this](const std::string& name) { return Read(name); };
  ImpactStudy study_{seen_, *world_.cache, floor_of_};
};

TEST_F(PromotionsTest, TakesExactlyTheNumber) {
  See(15);
  See(15);
  See(25);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("20"), "ann").ok());
  EXPECT_EQ(Promote({}), "refuses 2");
  for (const uint64_t wrong : {0u, 1u, 3u}) EXPECT_EQ(Promote(Refusals{wrong}), "refuses 2");
  EXPECT_EQ(Promote(Refusals{}), "refuses 2");
  EXPECT_EQ(InForce(), "1");
  EXPECT_EQ(Promote(Refusals{2}), "promoted");
  EXPECT_EQ(InForce(), "20");
}

TEST_F(PromotionsTest, CountsWhoCameByWhileItWasStudied) {
  See(15);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("20"), "ann").ok());
  between_ = [this] { See(15); };
  EXPECT_EQ(Promote(Refusals{1}), "refuses 2");
  EXPECT_EQ(InForce(), "1");
}

// The first of AMD's: nothing was read to judge it by.
TEST_F(PromotionsTest, IsStudiedAgainWhenTheFirstOfItsKindCameMeanwhile) {
  Policy policy;
  policy.allow_stale_floor = true;
  const auto prepare = [&] {
    return study_.Prepare({"default@1", Floor("1"), policy}, {"candidate", Floor("20"), policy}, world_.now);
  };
  const auto before = prepare();
  ASSERT_TRUE(before.ok());
  EXPECT_TRUE(study_.IsCurrent(*before, world_.now));
  See(15);
  EXPECT_FALSE(study_.IsCurrent(*before, world_.now));
  const auto after = prepare();
  ASSERT_TRUE(after.ok());
  EXPECT_TRUE(study_.IsCurrent(*after, world_.now));
  EXPECT_EQ(RefusedThen(study_.Judge(*after, world_.now).impact).ToString(), "1");
}

TEST_F(PromotionsTest, IsOfTheCandidateThatIsStagedThen) {
  See(15);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("10"), "ann").ok());
  between_ = [this] { ASSERT_TRUE(book_->SetCandidate("default", Floor("20"), "bob").ok()); };
  EXPECT_EQ(Promote({}), "refuses 1") << "the one that was studied would refuse nothing";
  EXPECT_EQ(InForce(), "1");
  EXPECT_EQ(Promote(Refusals{1}), "promoted");
  EXPECT_EQ(InForce(), "20");
}

TEST_F(PromotionsTest, IsOfThePolicyThatHoldsThen) {
  See(15);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("20"), "ann").ok());
  between_ = [this] {
    Policy lenient;
    lenient.allow_stale_floor = true;
    lenient.accepted_statuses.push_back(TcbStatus::kOutOfDate);
    policies_.Set(SharedPolicies({{"default", lenient}}));
  };
  EXPECT_EQ(Promote(Refusals{1}), "refuses 0");
  EXPECT_EQ(Promote({}), "promoted");
}

TEST_F(PromotionsTest, IsStudiedAgainWhenAFloorFileWasEditedMeanwhile) {
  See(15);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("10"), "ann").ok());
  // Both sides are read, then the files are another.
  between_ = [this] { between_ = [this] { between_ = [this] { raised_ = 10; }; }; };
  EXPECT_EQ(Promote({}), "refuses 1");
  EXPECT_EQ(InForce(), "1");
}

TEST_F(PromotionsTest, GivesUpOnWhatNeverRests) {
  See(15);
  ASSERT_TRUE(book_->SetCandidate("default", Floor("10"), "ann").ok());
  std::function<void()> again = [&] {
    ++raised_;
    between_ = again;
  };
  between_ = again;
  EXPECT_EQ(Promote({}), "collateral.missing");
  EXPECT_EQ(InForce(), "1");
}

// What runs in the utility VMs out there nobody has noted: more of them is asked for with open eyes, or not at all.
TEST_F(PromotionsTest, DoesNotKnowWhatARaisedMinimumOfUtilityVmsRefuses) {
  See(15);
  const auto stage = [this](const uvm::SvnMinimums& minimums) {
    Baseline candidate = Floor("1");
    candidate.uvm = minimums;
    ASSERT_TRUE(book_->SetCandidate("default", candidate, "ann").ok());
  };
  using Minimums = uvm::SvnMinimums;
  for (const Minimums& raised : {Minimums{{"a", 104}}, {{"a", 105}}, {{"a", 105}, {"b", 1}}}) {
    stage(raised);
    for (const auto& accepted :
         {std::optional<Refusals>(), std::optional(Refusals{0}), std::optional(Refusals{1})})
      EXPECT_EQ(Promote(accepted), "refuses unknown");
    EXPECT_EQ(Promote(Refusals{}), "promoted");
  }
  for (const Minimums& lowered : {Minimums{{"a", 104}, {"b", 1}}, {{"a", 104}, {"c", 0}}, {}}) {
    stage(lowered);
    EXPECT_EQ(Promote(Refusals{}), "refuses 0");
    EXPECT_EQ(Promote({}), "promoted");
  }
}

TEST_F(PromotionsTest, NeedsACandidate) {
  See(15);
  EXPECT_EQ(Promote({}), "request.invalid");
}

}  // namespace
}  // namespace thimble
