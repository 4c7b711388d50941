// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/uvm/{sha256}: what decisions have rested on, and nothing that somebody merely sent.
#include <gtest/gtest.h>

#include <algorithm>

#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"
#include "tests/support/sim_uvm.h"

namespace thimble {
namespace {

using nlohmann::json;

class UvmApiTest : public test::AmdWorld, public testing::Test {
 protected:
  UvmApiTest() { config.policies["default"].uvm.accepted = {uvm_.Accepted()}; }
  int Send(const Bytes& endorsement, json more = json::object()) {
    more["uvm_endorsement"] = Base64(endorsement);
    return Verify(Report(), more)["decision"] == "accept";
  }
  // Of the utility VM that is endorsed.
  Bytes Report() const {
    sim::ReportSpec spec;
    spec.bend = [](Bytes& report) { std::ranges::copy(sim::UvmSpec().measurement, report.begin() + 0x90); };
    return amd.Report(platform_, spec);
  }
  test::RawAnswer Ask(const Bytes& endorsement) const {
    return test::Get(port(), StrCat("/v1/uvm/", Sha256(endorsement).hex()));
  }

  sim::SimUvm uvm_ = sim::SimUvm::Make();
  sim::SnpPlatform platform_ = sim::SnpPlatform::Of(amd::Product::kMilan);
};

TEST_F(UvmApiTest, ServesWhatADecisionRestedOn) {
  StartOnDisk();
  const Bytes good = uvm_.Endorsement();
  EXPECT_EQ(Ask(good).status, 404);
  ASSERT_TRUE(Send(good));
  const auto answer = Ask(good);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, AsText(good));
  EXPECT_EQ(answer.Header("Content-Type"), "application/cose; cose-type=\"cose-sign1\"");
  EXPECT_EQ(answer.Header("X-Thimble-First-Seen"), FormatRfc3339(sim::kAmdNow));
  Stop();
  StartOnDisk();
  EXPECT_EQ(Ask(good).body, AsText(good)) << "after a restart";
}

// Anybody can sign an endorsement under a root of his own, and say it of any report.
TEST_F(UvmApiTest, KeepsNothingOfStrangers) {
  Start(sim::kAmdNow);
  const Bytes strangers = sim::SimUvm::Make("stranger").Endorsement();
  EXPECT_FALSE(Send(strangers));
  EXPECT_EQ(Ask(strangers).status, 404);
  sim::UvmSpec other;
  other.measurement = Bytes(48, 1);
  const Bytes of_another = uvm_.Endorsement(other);
  EXPECT_FALSE(Send(of_another));
  EXPECT_EQ(Ask(of_another).status, 404);
  const Bytes past = uvm_.Endorsement({.svn = 105});
  EXPECT_TRUE(json::parse(Post({{"evidence", Base64(Report())},
                                {"uvm_endorsement", Base64(past)},
                                {"at", FormatRfc3339(sim::kAmdNow)}})
                              .body)
                  .is_object());
  EXPECT_EQ(Ask(past).status, 404) << "of a decision about another time";
}

TEST_F(UvmApiTest, ANameThatIsNoDigestIsAWrongRequest) {
  Start(sim::kAmdNow);
  EXPECT_EQ(test::Get(port(), "/v1/uvm/abc").status, 400);
}

}  // namespace
}  // namespace thimble
