// SPDX-License-Identifier: Apache-2.0
//
// An upstream that answers with what cannot be taken is no better than one that does not answer.
#include <gtest/gtest.h>

#include "service/monitoring/status_report.h"
#include "tcb/base/text.h"
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
  w_.config.refresh.lag = Seconds(10 * 86'400);  // the TCB info is nine days old
  w_.Stop();
  w_.Start();
  EXPECT_EQ(Get(w_.port(), kTcb).status, 200);
  EXPECT_EQ(second_.Count(), 0u);
}

// The first stands still, the second goes on.
TEST_F(FailoverTest, ServesTheSecondsWhenTheFirstLagsAndSaysByHowMuch) {
  w_.vendor.SetNow(sim::kNow - std::chrono::hours(24 * 20));
  const auto answer = Get(w_.port(), kTcb);
  ASSERT_EQ(answer.status, 200);
  const auto text = Get(w_.port(), "/v1/status").body;
  const auto report = ParseStatusJson(text);
  ASSERT_TRUE(report.ok()) << text;
  EXPECT_TRUE(report->items.at(0).source.starts_with(second_.PcsUrl()));
  ASSERT_EQ(report->lags.size(), 1u) << text;
  const UpstreamLag& lag = report->lags[0];
  EXPECT_EQ(lag.upstream, w_.vendor.PcsUrl());
  EXPECT_EQ(lag.item, "intel/tcb/sgx/00806f050000/standard");
  EXPECT_EQ(lag.behind, std::chrono::hours(24 * 20));
  EXPECT_EQ(lag.at, sim::kNow);
  const std::string line = StrCat("upstream ", w_.vendor.PcsUrl(), " lags by 20d: ", lag.item, "\n");
  EXPECT_NE(StatusText(*report).text().find(line), std::string::npos) << StatusText(*report).text();
  const std::string sample =
      StrCat("\nthimble_upstream_lag_seconds{upstream=\"", w_.vendor.PcsUrl(), "\"} 1728000\n");
  const auto metrics = Get(w_.port(), "/metrics").body;
  EXPECT_NE(metrics.find(sample), std::string::npos) << metrics;

  // It catches up, and nothing is said any more.
  w_.vendor.SetNow(sim::kNow);
  http::Request request;
  request.method = "POST";
  request.path = "/v1/refresh";
  request.query = "all=1";
  request.admin = true;
  ASSERT_EQ(w_.app->Handle(request).status, 200);
  EXPECT_EQ(Get(w_.port(), "/v1/status").body.find("upstream_lags"), std::string::npos);
}

}  // namespace
}  // namespace thimble
