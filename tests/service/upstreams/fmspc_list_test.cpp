// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/fmspc_list.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

constexpr Seconds kDay{86'400};

struct ListWorld {
  Result<std::string> Ask(const std::string& platform) {
    ++asked;
    if (down) return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "down"};
    return StrCat(platform, " ", asked);
  }
  int asked = 0;
  bool down = false;
  FmspcList list{[this](const std::string& platform) { return Ask(platform); }, {.max_age = kDay}};
};

TEST(FmspcList, IsAskedForOnceInMaxAge) {
  ListWorld w;
  EXPECT_EQ(w.list.Get("all", sim::kNow).value(), "all 1");
  EXPECT_EQ(w.list.Get("all", sim::kNow + kDay - Seconds(1)).value(), "all 1");
  EXPECT_EQ(w.list.Get("all", sim::kNow + kDay).value(), "all 2");
  w.down = true;
  EXPECT_EQ(w.list.Get("all", sim::kNow + 3 * kDay).value(), "all 2") << "older, and good enough";
}

TEST(FmspcList, IsAskedForAgainWhenTheClockWasAhead) {
  ListWorld w;
  EXPECT_EQ(w.list.Get("all", sim::kNow + 400 * kDay).value(), "all 1");
  EXPECT_EQ(w.list.Get("all", sim::kNow).value(), "all 2");
  EXPECT_EQ(w.list.Get("all", sim::kNow).value(), "all 2");
}

}  // namespace
}  // namespace thimble
