// SPDX-License-Identifier: Apache-2.0
//
// Replicas of Thimble over one PostgreSQL: what they share, and what the loss of the database costs.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "service/shared/schema.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/postgres_cluster.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

using nlohmann::json;

class Replicas : public testing::Test {
 protected:
  void SetUp() override {
    PostgresCluster& cluster = PostgresCluster::Shared();
    if (!cluster.why_not().empty()) GTEST_SKIP() << cluster.why_not();
    if (url_.empty()) url_ = cluster.NewDatabase();
    for (PccsWorld* replica : {&a_, &b_}) {
      replica->config.shared.url = url_;
      replica->Start();
    }
  }
  json Challenge(PccsWorld& replica) {
    const auto answer = Post(replica.port(), "/v1/challenge", "application/json", "");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body)["nonce"];
  }
  // A request to verify a TD quote whose report data begins with this nonce.
  std::string Request(const json& nonce) {
    const Bytes data = *FromHex(nonce.get<std::string>());
    const Bytes quote = a_.intel.Quote({.tdx = true, .bend = [&](sim::QuoteSpec& q) {
                                          q.tdx.report_data = {};
                                          std::copy(data.begin(), data.end(), q.tdx.report_data.begin());
                                        }});
    return json{{"evidence", Base64(quote)}, {"nonce", nonce}}.dump();
  }
  static RawAnswer Verify(PccsWorld& replica, const std::string& request) {
    return Post(replica.port(), "/v1/verify", "application/json", request);
  }
  static bool Accepts(PccsWorld& replica, const std::string& request) {
    const auto answer = Verify(replica, request);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body)["decision"] == "accept";
  }
  void Sql(const std::string& sql) { PostgresCluster::Shared().Sql(url_.substr(url_.rfind('/') + 1), sql); }
  static bool Knows(PccsWorld& replica) { return replica.app->summary().registrations == 1; }

  std::string url_;
  PccsWorld a_{CachingMode::kOffline}, b_{CachingMode::kOffline};
};

TEST_F(Replicas, TakeANonceOnceAmongThem) {
  a_.Stop(), b_.Stop();
  a_.config.pccs.mode = b_.config.pccs.mode = CachingMode::kLazy;
  a_.Start(), b_.Start();
  for (int round = 0; round < 5; ++round) {
    const std::string request = Request(Challenge(a_));
    std::atomic<int> accepted = 0;
    std::thread beside([&] { accepted += Accepts(b_, request) ? 1 : 0; });
    accepted += Accepts(a_, request) ? 1 : 0;
    beside.join();
    EXPECT_EQ(accepted, 1);
    EXPECT_FALSE(Accepts(b_, request));
  }
}

TEST_F(Replicas, KnowThePlatformsOfEachOther) {
  EXPECT_EQ(a_.Register(ByPpid()).status, 200);
  EXPECT_TRUE(Eventually([&] { return Knows(b_); }));
  EXPECT_EQ(b_.Queue().size(), 1u);
  EXPECT_TRUE(Eventually([&] { return a_.app->summary().waiting == 0; })) << "b has handed it out";
}

// Hits, verification and answers go on; what needs one winner is refused with the cause; nothing acknowledged is lost.
TEST_F(Replicas, GoOnWithoutTheDatabase) {
  a_.Stop();
  a_.config.pccs.mode = CachingMode::kLazy;
  a_.Start();
  const std::string held = StrCat(kV4, "/qe/identity");
  ASSERT_EQ(a_.Ask("/sgx/certification/v4/qe/identity").status, 200);
  const std::string request = Request(Challenge(a_)), own = Request("5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
  ASSERT_TRUE(Accepts(a_, own));
  ASSERT_EQ(b_.Register(ByPpid()).status, 200);

  PostgresCluster::Shared().Stop();
  EXPECT_TRUE(Eventually([&] { return a_.Ask("/readyz?strict=1").status == 503; }));
  EXPECT_NE(a_.Ask("/readyz").body.find("shared database"), std::string::npos);
  EXPECT_EQ(a_.Ask("/readyz").status, 200) << "taking every replica out would help nobody";
  EXPECT_NE(a_.Ask("/metrics").body.find("\nthimble_shared_up 0\n"), std::string::npos);
  EXPECT_EQ(a_.Ask(held).status, 200);
  EXPECT_TRUE(Accepts(a_, own)) << "a nonce of the caller's needs nobody";
  const auto issued = Verify(a_, request);
  EXPECT_EQ(issued.status, 503);
  EXPECT_NE(issued.body.find("shared database"), std::string::npos) << issued.body;
  EXPECT_EQ(Post(a_.port(), "/v1/challenge", "application/json", "").status, 503);
  EXPECT_EQ(b_.Register(ByPpid("0F0E0D0C0B0A09080706050403020101")).status, 503);
  EXPECT_TRUE(Knows(b_)) << "what was acknowledged, and not what was refused";

  // One that starts meanwhile does not know the secret, and takes no nonce of theirs for a stranger's.
  PccsWorld late(CachingMode::kLazy);
  late.config.shared.url = url_;
  late.Start();
  EXPECT_EQ(Verify(late, request).status, 503);
  EXPECT_TRUE(Accepts(late, own));

  PostgresCluster::Shared().Start();
  EXPECT_TRUE(Eventually(
      [&] { return a_.Ask("/metrics").body.find("\nthimble_shared_up 1\n") != std::string::npos; }));
  EXPECT_TRUE(Accepts(a_, request));
  EXPECT_TRUE(Eventually(
      [&] { return late.Ask("/metrics").body.find("\nthimble_shared_up 1\n") != std::string::npos; }));
  EXPECT_FALSE(Accepts(late, request)) << "it was taken";
  EXPECT_TRUE(Eventually([&] { return Knows(late); }));
}

// The secret was changed, or the database is another: what looks like one of theirs is no stranger's.
TEST_F(Replicas, ANonceOfAnotherSecretIsRefused) {
  a_.Stop();
  a_.config.pccs.mode = CachingMode::kLazy;
  a_.Start();
  ASSERT_TRUE(Accepts(a_, Request(Challenge(a_))));
  std::vector<std::string> requests;
  for (int i = 0; i < 40; ++i) requests.push_back(Request(Challenge(a_)));
  Sql("UPDATE thimble_secrets SET value = sha256(value)");
  EXPECT_TRUE(Eventually([&] {
    if (requests.empty()) return false;
    const std::string request = std::exchange(requests.back(), "");
    requests.pop_back();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return !Accepts(a_, request);
  }));
  EXPECT_TRUE(Accepts(a_, Request(Challenge(a_)))) << "the new secret is theirs now";
}

// By a connection that was opened before.
TEST_F(Replicas, TablesThatBecomeOthersAreNoticed) {
  const auto challenged = [&] { return Post(a_.port(), "/v1/challenge", "application/json", "").status; };
  ASSERT_EQ(challenged(), 200);
  Sql("UPDATE thimble_schema SET version = 99");
  EXPECT_TRUE(Eventually([&] { return challenged() == 503; }));
  EXPECT_NE(a_.Ask("/readyz").body.find("schema 99"), std::string::npos) << a_.Ask("/readyz").body;
  Sql(StrCat("UPDATE thimble_schema SET version = ", kSharedSchema));
  EXPECT_TRUE(Eventually([&] { return challenged() == 200; }));
}

TEST_F(Replicas, AStandbyIsNoDatabase) {
  Sql(StrCat("ALTER DATABASE ", url_.substr(url_.rfind('/') + 1), " SET default_transaction_read_only = on"));
  PccsWorld late;
  late.config.shared.url = url_;
  late.Start();
  EXPECT_EQ(Post(late.port(), "/v1/challenge", "application/json", "").status, 503);
  late.Stop();
  late.config.shared.url += "?target_session_attrs=any";
  late.Start();
  EXPECT_EQ(Post(late.port(), "/v1/challenge", "application/json", "").status, 503);
  EXPECT_NE(late.Ask("/readyz").body.find("takes no writes"), std::string::npos) << late.Ask("/readyz").body;
}

TEST_F(Replicas, AServerRefusesTablesOfAnotherVersion) {
  Sql("UPDATE thimble_schema SET version = 99");
  PccsWorld late;
  late.config.shared.url = url_;
  EXPECT_THROW(late.Start(), std::runtime_error);
}

}  // namespace
}  // namespace thimble::test
