// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/miss_budgets.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using std::chrono::seconds;

class MissBudgetsTest : public testing::Test {
 protected:
  Status SpendFor(std::string_view client, Vendor vendor = Vendor::kIntel) {
    const MissBudgets::OnBehalf scope(client);
    return budgets_.Spend(vendor);
  }
  static void ExpectSpent(const Status& status) {
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().check, Check::kMissBudget);
    EXPECT_EQ(status.error().kind, ErrorKind::kUnavailable);
  }

  TokenBucket::Time now_{};
  MissBudgets budgets_{{1, 3}, {8, 12}, [this] { return now_; }};
};

TEST_F(MissBudgetsTest, OfAClientAreABurstAndThenARate) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SpendFor("192.0.2.1").ok());
  ExpectSpent(SpendFor("192.0.2.1"));
  EXPECT_TRUE(SpendFor("192.0.2.2").ok()) << "another client does not notice";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SpendFor(StrCat("2001:db8::", i)).ok());
  ExpectSpent(SpendFor("2001:db8::3"));
  now_ += seconds(1);
  EXPECT_TRUE(SpendFor("192.0.2.1").ok());
  ExpectSpent(SpendFor("192.0.2.1"));
  now_ += seconds(100);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(SpendFor("192.0.2.1").ok());
  ExpectSpent(SpendFor("192.0.2.1"));
}

TEST_F(MissBudgetsTest, OfAVendorAreOneForAllClients) {
  for (int i = 0; i < 12; ++i) EXPECT_TRUE(SpendFor(StrCat("192.0.2.", i)).ok());
  ExpectSpent(SpendFor("192.0.2.100"));
  EXPECT_TRUE(SpendFor("192.0.2.101", Vendor::kAmd).ok()) << "the other vendor's is its own";
}

// A quarter of 12 at once, and of 8 a second.
class MissBudgetShares : public MissBudgetsTest {
 protected:
  int HowMany(std::string_view client) {
    int taken = 0;
    while (SpendFor(client).ok()) ++taken;
    return taken;
  }
};

TEST_F(MissBudgetShares, WhoIsAloneLeavesAQuarter) {
  EXPECT_EQ(HowMany("127.0.0.1"), 9);
  EXPECT_EQ(HowMany("192.0.2.1"), 3) << "the next one finds its quarter";
  now_ += seconds(1);
  EXPECT_EQ(HowMany("127.0.0.1"), 2) << "while another asks";
}

TEST_F(MissBudgetShares, AClientHasAQuarterWhileOthersAsk) {
  EXPECT_TRUE(SpendFor("192.0.2.1").ok());
  EXPECT_EQ(HowMany("127.0.0.1"), 3);
  EXPECT_EQ(HowMany("unix"), 0) << "the same client: this host";
  ExpectSpent(SpendFor("127.0.0.1"));
  EXPECT_TRUE(SpendFor("192.0.2.2").ok());
  now_ += seconds(20);  // nobody else has asked for long
  EXPECT_EQ(HowMany("127.0.0.1"), 9);
}

TEST_F(MissBudgetShares, AreOfOneVendor) {
  EXPECT_TRUE(SpendFor("192.0.2.1", Vendor::kAmd).ok());
  EXPECT_EQ(HowMany("127.0.0.1"), 9) << "nobody else asks Intel's";
}

TEST_F(MissBudgetsTest, DoNotBindThisHostNorWhatNobodyWaitsFor) {
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(SpendFor("127.0.0.1").ok());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(budgets_.Spend(Vendor::kIntel).ok()) << "a refresh";
}

TEST_F(MissBudgetsTest, HoldABoundedNumberOfClients) {
  MissBudgets generous({1, 2}, {1e9, 1e9}, [this] { return now_; });
  const auto spend = [&](int i) {
    const std::string client = StrCat("198.18.", i / 256, ".", i % 256);
    const MissBudgets::OnBehalf scope(client);
    return generous.Spend(Vendor::kIntel);
  };
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(spend(i).ok());
  ExpectSpent(spend(10'000));
  now_ += seconds(2);  // all buckets are full again
  EXPECT_TRUE(spend(10'001).ok());
}

TEST(MissBudgetOfAClient, IsAnsweredAsAnUpstreamThatIsBusy) {
  test::World w;
  w.Start();
  const auto ask = [&](std::string client, std::string fmspc) {
    http::Request request;
    request.method = "GET";
    request.path = "/sgx/certification/v4/tcb";
    request.query = "fmspc=" + fmspc;
    request.client = std::move(client);
    return w.app->Handle(request);
  };
  ASSERT_EQ(ask("192.0.2.2", sim::kServerFmspc).status, 200);
  http::Response last;
  int asked = 0;
  // More come back while it goes on than a slow machine needs time for.
  for (; asked < 10'000 && last.status != 503; ++asked)
    last = ask("192.0.2.1", StrCat("0000000", 10'000 + asked));
  ASSERT_EQ(last.status, 503);
  EXPECT_GE(asked, 200);
  EXPECT_EQ(last.Header("X-Thimble-Cause"), "miss.budget");
  EXPECT_TRUE(last.Header("Retry-After"));
  EXPECT_EQ(ask("192.0.2.1", sim::kServerFmspc).status, 200) << "a cached item costs nothing";
  // A verification fetches on threads of its own, for the same client.
  http::Request verify;
  verify.method = "POST";
  verify.path = "/v1/verify";
  verify.headers = {{"content-type", "application/octet-stream"}};
  verify.body = std::string(AsText(w.intel.Quote({.tdx = true})));
  verify.client = "192.0.2.1";
  for (int i = 0; i < 100 && w.app->Handle(verify).status != 503; ++i) {
    last = ask("192.0.2.1", StrCat("1000000", 10'000 + i));
  }
  verify.client = "192.0.2.2";
  EXPECT_EQ(w.app->Handle(verify).status, 200);
  const std::string refused = StrCat("0000000", 10'000 + asked - 1);
  EXPECT_EQ(ask("192.0.2.2", refused).status, 404) << "another client may ask for the same at once";
}

}  // namespace
}  // namespace thimble
