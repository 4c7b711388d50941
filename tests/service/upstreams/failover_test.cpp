// SPDX-License-Identifier: Apache-2.0
//
// An upstream that answers with what cannot be taken is no better than one that does not answer.
#include <gtest/gtest.h>

#include "service/monitoring/status_report.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using test::Get;

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";

// A second upstream of the same Intel behind the first, which misbehaves.
class FailoverTest : public testing::Test {
 protected:
  FailoverTest() : second_(w_.intel) {
    w_.config.intel_upstreams.push_back({.url = second_.PcsUrl()});
    w_.Start();
  }
  test::World w_;
  sim::SimVendorServer second_;
};

TEST_F(FailoverTest, GoesOnToTheNextWhenAnAnswerIsRefused) {
  for (const char* mode : {"forged", "bad-signature", "wrong-fmspc", "html", "503"}) {
    w_.Stop();
    w_.Start();
    w_.vendor.SetMode(mode);
    w_.vendor.ResetCounts();
    second_.ResetCounts();
    const auto answer = Get(w_.port(), kTcb);
    EXPECT_EQ(answer.status, 200) << mode;
    EXPECT_GE(w_.vendor.Count("/tcb"), 1u) << mode;
    EXPECT_EQ(second_.Count("/tcb"), 1u) << mode;
    const auto report = ParseStatusJson(Get(w_.port(), "/v1/status").body);
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->items.at(0).source.starts_with(second_.PcsUrl())) << mode;
    EXPECT_EQ(report->items.at(0).last_error, "") << mode;
  }
}

TEST_F(FailoverTest, NamesTheFailedCheckWhenEveryAnswerIsRefused) {
  w_.vendor.SetMode("bad-signature");
  second_.SetMode("forged");
  const auto answer = Get(w_.port(), kTcb);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), "tcb_info.signature");
}

TEST_F(FailoverTest, DoesNotAskTheSecondWhenTheFirstIsGood) {
  EXPECT_EQ(Get(w_.port(), kTcb).status, 200);
  EXPECT_EQ(second_.Count(), 0u);
}

}  // namespace
}  // namespace thimble
