// SPDX-License-Identifier: Apache-2.0
//
// An item that is cached as of the standard or the early set is found by its number, over HTTP and in verifications.
#include <gtest/gtest.h>

#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using nlohmann::json;
using namespace test;

// A Thimble that asks nobody, with the standard set of 17 and the early identity of 18.
struct Offline : OpsWorld {
  explicit Offline(std::string_view baseline = "standard") : OpsWorld(CachingMode::kOffline) {
    OpsWorld source;
    source.Start();
    source.Fill();
    config.baselines.at("default").intel = *EvaluationChoice::Parse(baseline);
    Start();
    Imported(source.Export(true));
  }
  RawAnswer Verify(std::string_view query = "") {
    return Post(port(), StrCat("/v1/verify", query), "application/octet-stream", AsText(intel.Quote()));
  }
};

TEST(HeldByNumberOverHttp, IsAnsweredOffline) {
  Offline w;
  const std::string number = "tcbEvaluationDataNumber=17";
  for (const std::string& target :
       {StrCat("/sgx/certification/v4/tcb?fmspc=00806F050000&", number),
        StrCat("/tdx/certification/v4/tcb?fmspc=00806F050000&", number),
        StrCat("/sgx/certification/v4/qe/identity?", number),
        StrCat("/tdx/certification/v4/qe/identity?", number),
        // "tcbEvaluationDataNumber=17"
        std::string("/sgx/certification/v4/tcb?fmspc=00806F050000&customParameter="
                    "dGNiRXZhbHVhdGlvbkRhdGFOdW1iZXI9MTc%3D")}) {
    const RawAnswer answer = w.Ask(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.Header("X-Thimble-Evaluation"), "17") << target;
  }
  EXPECT_EQ(
      w.Ask("/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=18").Header("X-Thimble-Evaluation"),
      "18");
  EXPECT_EQ(w.Ask("/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=16").status, 404);
  EXPECT_EQ(w.vendor.Count(), 0u);
}

TEST(HeldByNumberOverHttp, CompletesABaselineByNumber) {
  Offline w("17");
  const RawAnswer verdict = w.Verify();
  ASSERT_EQ(verdict.status, 200) << verdict.body;
  const json result = json::parse(verdict.body);
  EXPECT_EQ(result["decision"], "accept") << result.dump(2);
  EXPECT_EQ(result["evaluation"]["tcb_info"], 17);
  EXPECT_EQ(result["evaluation"]["qe_identity"], 17);
  EXPECT_EQ(w.Ask("/sgx/certification/v4/qe/identity").Header("X-Thimble-Evaluation"), "17") << "unqualified";
  EXPECT_EQ(w.vendor.Count(), 0u);
  EXPECT_EQ(Offline("16").Verify().status, 503) << "not held";
}

TEST(HeldByNumberOverHttp, CompletesADecisionAboutAnotherTime) {
  Offline w("17");
  const std::string then = FormatRfc3339(sim::kNow);
  const RawAnswer verdict = w.Verify(StrCat("?at=", then));
  ASSERT_EQ(verdict.status, 200) << verdict.body;
  EXPECT_EQ(json::parse(verdict.body)["evaluation"]["tcb_info"], 17);
  EXPECT_EQ(w.Ask(StrCat("/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=17&at=", then)).status,
            200);
}

// With an upstream there is nothing to ask it for, either.
TEST(HeldByNumberOverHttp, NeedsNoUpstream) {
  OpsWorld w;
  w.Start();
  w.Fill();
  w.vendor.ResetCounts();
  EXPECT_EQ(w.Ask("/sgx/certification/v4/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=17").status, 200);
  EXPECT_EQ(w.vendor.Count(), 0u);
  EXPECT_EQ(w.Ask("/sgx/certification/v4/tcb?fmspc=00806F050000&tcbEvaluationDataNumber=16").status, 200);
  EXPECT_EQ(w.vendor.Count("tcbEvaluationDataNumber=16"), 1u);
}

}  // namespace
}  // namespace thimble
