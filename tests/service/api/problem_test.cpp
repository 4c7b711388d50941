// SPDX-License-Identifier: Apache-2.0
//
// What own routes say besides the problem itself.
#include "service/api/problem.h"

#include <gtest/gtest.h>

#include "tcb/check.h"

namespace thimble {
namespace {

http::Response Of(Check check) {
  return ProblemResponse(ProblemOf(Error{ErrorKind::kUnavailable, check, "why"}));
}

TEST(Problem, OfASpentBudgetSaysWhenToAskAgain) {
  const http::Response spent = Of(Check::kMissBudget);
  EXPECT_EQ(spent.status, 503);
  EXPECT_EQ(spent.Header("Retry-After"), "1");
  EXPECT_EQ(spent.Header("X-Thimble-Cause"), "miss.budget");
}

TEST(Problem, OfAnythingElseNamesItsCauseAlone) {
  const http::Response unreachable = Of(Check::kUpstreamUnreachable);
  EXPECT_EQ(unreachable.status, 503);
  EXPECT_EQ(unreachable.Header("Retry-After"), std::nullopt);
  EXPECT_EQ(unreachable.Header("X-Thimble-Cause"), "upstream.unreachable");
}

}  // namespace
}  // namespace thimble
