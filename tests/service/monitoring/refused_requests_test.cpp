// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/refused_requests.h"

#include <gtest/gtest.h>

#include "tests/service/testing/pccs_world.h"

namespace thimble {
namespace {

using namespace test;

TEST(RefusedRequests, AreCountedAndTheLastAreKept) {
  RefusedRequests refusals;
  for (int i = 0; i < 30; ++i) refusals.Record(sim::kNow, i % 2 == 0 ? "even" : "odd", std::to_string(i));
  using Counts = std::vector<std::pair<std::string, uint64_t>>;
  EXPECT_EQ(refusals.Counts(), (Counts{{"even", 15}, {"odd", 15}}));
  ASSERT_EQ(refusals.Last().size(), 20u);
  EXPECT_EQ(refusals.Last().front().request, "29");
  for (int i = 0; i < 200; ++i) refusals.Record(sim::kNow, StrCat("cause", i), "");
  EXPECT_LE(refusals.Counts().size(), 64u) << "bounded";
}

TEST(RefusedRequests, LongValuesAreShortened) {
  EXPECT_EQ(Shortened("GET", "/a", ""), "GET /a");
  EXPECT_EQ(Shortened("GET", "/a", StrCat("x=1&ppid=", Zeros(), "&y")), "GET /a?x=1&ppid=00000000...&y");
}

TEST(RefusedRequests, ShowInTheStatus) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(nlohmann::json::parse(w.Ask("/v1/status").body).count("refusals"), 0u);
  w.Ask(PckCertTarget(sim::Tcb::kGood, Zeros()));
  const auto status = nlohmann::json::parse(w.Ask("/v1/status").body);
  EXPECT_EQ(status.at("refusals").at("pck.not_registered"), 1);
  EXPECT_EQ(status.at("last_refusals").at(0).at("cause"), "pck.not_registered");
  EXPECT_NE(
      status.at("last_refusals").at(0).at("request").get<std::string>().find("encrypted_ppid=00000000..."),
      std::string::npos);
}

}  // namespace
}  // namespace thimble
