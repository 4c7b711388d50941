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

}  // namespace
}  // namespace thimble
