// SPDX-License-Identifier: Apache-2.0
#include "fetchers/circuit_breaker.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using std::chrono::milliseconds;
constexpr SteadyTime kStart{std::chrono::hours(1)};
constexpr BreakerOptions kOptions{3, milliseconds(1000)};

TEST(CircuitBreaker, OpensAfterFailuresInARow) {
  CircuitBreaker breaker(kOptions);
  EXPECT_FALSE(breaker.Failed(kStart));
  EXPECT_FALSE(breaker.Failed(kStart));
  EXPECT_TRUE(breaker.Admit(kStart));
  EXPECT_TRUE(breaker.Failed(kStart));
  EXPECT_FALSE(breaker.Admit(kStart));
  EXPECT_TRUE(breaker.open(kStart));
}

TEST(CircuitBreaker, ASuccessStartsTheCountAnew) {
  CircuitBreaker breaker(kOptions);
  (void)breaker.Failed(kStart);
  (void)breaker.Failed(kStart);
  breaker.Succeeded();
  EXPECT_FALSE(breaker.Failed(kStart));
  EXPECT_TRUE(breaker.Admit(kStart));
}

TEST(CircuitBreaker, LetsOneTryAfterTheWindow) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 3; ++i) (void)breaker.Failed(kStart);
  EXPECT_FALSE(breaker.Admit(kStart + milliseconds(999)));
  EXPECT_TRUE(breaker.Admit(kStart + milliseconds(1000)));
  EXPECT_FALSE(breaker.Admit(kStart + milliseconds(1000)));
  breaker.Succeeded();
  EXPECT_TRUE(breaker.Admit(kStart + milliseconds(1000)));
}

// However long a try takes to fail: the next is due a window after it was let through.
TEST(CircuitBreaker, ATryThatFailsPutsOffNoOther) {
  CircuitBreaker breaker(kOptions);
  for (int i = 0; i < 3; ++i) (void)breaker.Failed(kStart);
  EXPECT_TRUE(breaker.Admit(kStart + milliseconds(1000)));
  EXPECT_FALSE(breaker.Failed(kStart + milliseconds(1900)));
  EXPECT_FALSE(breaker.Admit(kStart + milliseconds(1999)));
  EXPECT_TRUE(breaker.Admit(kStart + milliseconds(2000)));
}

TEST(OutageWatch, EndsWithTheFirstAnswerAfterFailuresInARow) {
  OutageWatch watch(3);
  EXPECT_FALSE(watch.Answered());
  for (int i = 0; i < 2; ++i) watch.Failed();
  EXPECT_FALSE(watch.Answered()) << "one item's trouble";
  for (int i = 0; i < 3; ++i) watch.Failed();
  EXPECT_TRUE(watch.Answered());
  EXPECT_FALSE(watch.Answered());
}

}  // namespace
}  // namespace thimble
