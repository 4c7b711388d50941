// SPDX-License-Identifier: Apache-2.0
#include "service/support/periodic_tasks.h"

#include <gtest/gtest.h>

#include <future>

namespace thimble {
namespace {

TEST(PeriodicTasks, RunAgainAndAgain) {
  std::promise<void> third;
  int runs = 0;
  const PeriodicTasks tasks({{std::chrono::milliseconds(1), [&] {
                                if (++runs == 3) third.set_value();
                              }}});
  EXPECT_EQ(third.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

TEST(PeriodicTasks, BeginAtOnceOnlyWhereTheySaySo) {
  std::promise<void> at_once;
  bool later = false;
  {
    const PeriodicTasks tasks({{std::chrono::hours(1), [&] { later = true; }},
                               {std::chrono::hours(1), [&] { at_once.set_value(); }, true}});
    EXPECT_EQ(at_once.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  }
  EXPECT_FALSE(later);
}

}  // namespace
}  // namespace thimble
