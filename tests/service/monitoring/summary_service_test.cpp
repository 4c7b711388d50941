// SPDX-License-Identifier: Apache-2.0
//
// The summary of a server that runs.
#include <gtest/gtest.h>

#include "service/monitoring/status_report.h"
#include "tcb/base/bytes.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

TEST(Summary, OfARunningServer) {
  test::World w;
  w.Start();
  ASSERT_EQ(
      test::Post(w.port(), "/v1/verify", "application/octet-stream", AsText(w.intel.Quote({.tdx = true})))
          .status,
      200);
  ASSERT_EQ(test::Post(w.port(), "/v1/verify", "application/octet-stream",
                       AsText(w.intel.Quote({.platform = sim::ServerPlatform(sim::Tcb::kOutOfDate)})))
                .status,
            200);
  const auto report = ParseStatusJson(test::Get(w.port(), "/v1/status").body);
  ASSERT_TRUE(report.ok() && report->summary) << report.error().message;
  const Summary& s = *report->summary;
  EXPECT_TRUE(s.ready);
  EXPECT_TRUE(s.running_since);
  EXPECT_GT(s.items.fresh, 0u);
  ASSERT_EQ(s.upstreams.size(), 2u);
  EXPECT_EQ(s.upstreams[0].vendor, "intel");
  EXPECT_GT(s.upstreams[0].answered, 0u);
  EXPECT_FALSE(s.upstreams[0].down());
  EXPECT_EQ(s.verdicts.accepted, 1u);
  EXPECT_EQ(s.verdicts.rejected, 1u);
  ASSERT_FALSE(s.verdicts.shortfalls.empty());
  EXPECT_NE(s.verdicts.shortfalls[0].name.find(" below "), std::string::npos);
  EXPECT_EQ(s.baselines.at(0).tdx, 17u);
  EXPECT_FALSE(s.certificate_end) << "plain HTTP";
}

}  // namespace
}  // namespace thimble
