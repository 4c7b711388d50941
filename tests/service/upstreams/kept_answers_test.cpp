// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/kept_answers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using Answers = KeptAnswers<int>;
constexpr Seconds kHour{3600};

Error Failure(Check check) { return {ErrorKind::kUnavailable, check, "down"}; }

struct Kept {
  Answers::Steady steady{};
  Answers answers{{.max_age = kHour,
                   .patience = std::chrono::milliseconds(60'000),
                   .failure_backoff = std::chrono::milliseconds(10'000),
                   .clock = [this] { return steady; }}};
  int asked = 0;

  Result<int> Get(Result<int> coming, Instant now = sim::kNow) {
    return answers.Get("list", now, [&] {
      ++asked;
      return coming;
    });
  }
};

TEST(KeptAnswers, AreAskedForOnceInTheirAge) {
  Kept kept;
  EXPECT_EQ(kept.Get(1).value(), 1);
  EXPECT_EQ(kept.Get(2, sim::kNow + kHour - Seconds(1)).value(), 1);
  EXPECT_EQ(kept.Get(3, sim::kNow + kHour).value(), 3);
  EXPECT_EQ(kept.asked, 2);
}

TEST(KeptAnswers, AreNotAskedForAgainShortlyAfterAFailure) {
  Kept kept;
  EXPECT_EQ(kept.Get(Failure(Check::kUpstreamUnreachable)).error().check, Check::kUpstreamUnreachable);
  EXPECT_EQ(kept.Get(1).error().check, Check::kUpstreamUnreachable);
  EXPECT_EQ(kept.asked, 1);
  kept.steady += std::chrono::seconds(10);
  EXPECT_EQ(kept.Get(2).value(), 2);
  EXPECT_EQ(kept.Get(Failure(Check::kUpstreamStatus), sim::kNow + kHour).value(), 2)
      << "older, and good enough";
  EXPECT_EQ(kept.Get(3, sim::kNow + kHour).value(), 2);
  EXPECT_EQ(kept.asked, 3);
}

TEST(KeptAnswers, ABudgetThatIsSpentIsNoFailureOfTheUpstream) {
  Kept kept;
  EXPECT_EQ(kept.Get(Failure(Check::kMissBudget)).error().check, Check::kMissBudget);
  EXPECT_EQ(kept.Get(1).value(), 1);
}

// What comes of one call is the answer of all who waited for it, good or bad.
class ManyWait : public testing::Test {
 protected:
  static constexpr int kMany = 12;
  // All of them have begun to ask before the first call returns.
  std::vector<Result<int>> Outcomes(const Result<int>& first, const Result<int>& later) {
    std::vector<std::future<Result<int>>> waiting;
    const auto ask = [&]() -> Result<int> {
      if (++asked_ != 1) return later;
      EXPECT_TRUE(test::Eventually([&] { return begun_ == kMany; }));
      return first;
    };
    for (int i = 0; i < kMany; ++i) {
      waiting.push_back(std::async(std::launch::async, [&] {
        ++begun_;
        return kept_.answers.Get("list", sim::kNow, ask);
      }));
    }
    std::vector<Result<int>> outcomes;
    for (auto& one : waiting) outcomes.push_back(one.get());
    return outcomes;
  }
  Kept kept_;
  std::atomic<int> asked_{0}, begun_{0};
};

TEST_F(ManyWait, ForOneCall) {
  for (const auto& outcome : Outcomes(1, 2)) EXPECT_EQ(outcome.value(), 1);
  EXPECT_EQ(asked_, 1);
}

TEST_F(ManyWait, ForOneFailure) {
  for (const auto& outcome : Outcomes(Failure(Check::kUpstreamUnreachable), 2))
    EXPECT_EQ(outcome.error().check, Check::kUpstreamUnreachable);
  EXPECT_EQ(asked_, 1);
}

TEST_F(ManyWait, AndDoNotShareABudgetThatIsSpent) {
  int good = 0;
  for (const auto& outcome : Outcomes(Failure(Check::kMissBudget), 2)) good += outcome.ok() ? 1 : 0;
  EXPECT_GE(good, kMany - 1) << "the first has what another brought meanwhile, or its own refusal";
  EXPECT_EQ(asked_, 2);
}

}  // namespace
}  // namespace thimble
