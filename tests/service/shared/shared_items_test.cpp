// SPDX-License-Identifier: Apache-2.0
//
// What replicas learn from each other of collateral, and which of them asks the vendor.
#include <gtest/gtest.h>

#include <thread>

#include "service/shared/database.h"
#include "tests/service/testing/amd_world.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/postgres_cluster.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

constexpr const char* kTarget = "/sgx/certification/v4/qe/identity";

class SharedCollateral : public testing::Test {
 protected:
  void SetUp() override {
    PostgresCluster& cluster = PostgresCluster::Shared();
    if (!cluster.why_not().empty()) GTEST_SKIP() << cluster.why_not();
    url_ = cluster.NewDatabase();
    for (World* const replica : Replicas()) {
      replica->config.shared.url = url_;
      replica->config.intel_upstreams = {{.url = a_.vendor.PcsUrl()}};
      replica->Start();
    }
  }
  std::vector<World*> Replicas() { return {&a_, &b_, &c_}; }
  std::string Sql(const std::string& sql) {
    return PostgresCluster::Shared().Sql(url_.substr(url_.rfind('/') + 1), sql);
  }
  // Nobody has asked the vendor for anything lately, and what was asked for is there.
  void PassTenSeconds() {
    EXPECT_TRUE(Eventually([&] { return Sql("SELECT count(*) FROM thimble_leases") == "0"; }));
    Sql("UPDATE thimble_items SET checked = now() - interval '1 hour'");
  }
  uint64_t Asked() const { return a_.vendor.Count("/qe/identity"); }
  // As an administrator would, whatever is due.
  static bool Refresh(World& replica) {
    return replica.app->cache()
        .Refresh(EnclaveIdentityKey{EnclaveId::kQe, {}}, replica.app->clock().Now())
        .ok();
  }
  static std::string Body(World& replica) { return Get(replica.port(), kTarget).body; }

  std::string url_;
  PccsWorld a_, b_, c_;
};

TEST_F(SharedCollateral, AMissOfAllIsOneQuestion) {
  std::vector<std::thread> clients;
  for (World* const replica : Replicas())
    clients.emplace_back([replica] { EXPECT_EQ(Get(replica->port(), kTarget).status, 200); });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(Asked(), 1u);
  EXPECT_EQ(Sql("SELECT count(*) FROM thimble_leases WHERE expires > now() + interval '1 minute'"), "0");
}

TEST_F(SharedCollateral, WhatOneRenewsAllServe) {
  for (World* const replica : Replicas()) ASSERT_EQ(Get(replica->port(), kTarget).status, 200);
  const std::string before = Body(b_);
  PassTenSeconds();
  a_.vendor.SetNow(sim::kNow + Seconds(60));
  a_.vendor.ResetCounts();
  ASSERT_TRUE(Refresh(a_));
  ASSERT_NE(Body(a_), before);
  EXPECT_TRUE(Eventually([&] { return Body(b_) == Body(a_) && Body(c_) == Body(a_); }));
  EXPECT_EQ(Asked(), 1u);
}

// A lease whose holder was killed: it holds the others up until it has ended, and no longer.
TEST_F(SharedCollateral, AKilledHolderHoldsNobodyUpForLong) {
  const std::string name = KeyName(EnclaveIdentityKey{EnclaveId::kQe, {}});
  Sql(StrCat("INSERT INTO thimble_leases VALUES (convert_to('", name,
             "', 'UTF8'), 'gone', now() + interval '1 second')"));
  EXPECT_EQ(Get(b_.port(), kTarget).status, 200);
  EXPECT_EQ(Asked(), 1u);
}

TEST_F(SharedCollateral, WhatNoVendorGivesIsHadFromTheOthers) {
  ASSERT_EQ(Get(a_.port(), kTarget).status, 200);
  PassTenSeconds();
  a_.vendor.SetMode("503");
  EXPECT_EQ(Body(b_), Body(a_));
}

TEST_F(SharedCollateral, WhatIsThereIsNobodysWord) {
  ASSERT_EQ(Get(a_.port(), kTarget).status, 200);
  PassTenSeconds();
  Sql("UPDATE thimble_items SET body = set_byte(body, length(body) - 20, 120), checked = now()");
  EXPECT_EQ(Body(b_), Body(a_)) << "what does not verify is asked for again";
  EXPECT_EQ(Asked(), 2u);
  // An older one does not take the place of a newer one.
  PassTenSeconds();
  ASSERT_EQ(Sql("SELECT count(*) FROM thimble_items"), "1");
  const std::string newest = Sql("SELECT encode(sha256(body), 'hex') FROM thimble_items");
  PassTenSeconds();
  a_.vendor.SetMode("rollback");
  EXPECT_EQ(Get(c_.port(), kTarget).status, 200);
  EXPECT_EQ(Sql("SELECT encode(sha256(body), 'hex') FROM thimble_items"), newest);
}

// That others have it counts as asked when they asked, by the clock of the database, and never as asked in the future.
TEST_F(SharedCollateral, WhatIsTakenOverIsAsOldAsItIs) {
  const EnclaveIdentityKey key{EnclaveId::kQe, {}};
  const auto checked = [&](World& replica) {
    return replica.app->cache().Peek(key, replica.app->clock().Now())->last_check;
  };
  for (World* const replica : {&a_, &b_}) ASSERT_EQ(Get(replica->port(), kTarget).status, 200);
  PassTenSeconds();
  a_.vendor.SetMode("503");
  ASSERT_EQ(Body(c_), Body(a_)) << "what no vendor gives";
  EXPECT_LE(checked(c_), sim::kNow - Seconds(3600));
  EXPECT_EQ(checked(a_), sim::kNow);
  const uint64_t asked = Asked();
  a_.vendor.SetMode("ok");
  Sql("UPDATE thimble_items SET checked = now() + interval '1 year'");
  Sql("INSERT INTO thimble_leases SELECT name, 'somebody', now() + interval '1 year' FROM thimble_items");
  EXPECT_TRUE(Refresh(b_));
  EXPECT_EQ(Asked(), asked + 1) << "nobody has asked in the future, or has a turn for ever";
  EXPECT_TRUE(Eventually([&] { return checked(c_) > sim::kNow - Seconds(3600); })) << "b has asked";
}

TEST_F(SharedCollateral, AVcekIsAskedForOnce) {
  const sim::SimAmd amd = sim::SimAmd::Make({.now = sim::kNow});
  a_.vendor.AddKds(amd);
  for (World* const replica : Replicas()) {
    replica->Stop();
    replica->config.server.anchors.push_back(replica->files.Write("arks.pem", amd.ArksPem()));
    replica->config.amd_upstreams = {{.url = a_.vendor.BaseUrl()}};
    replica->Start();
  }
  const CollateralKey key = VcekKeyOf(sim::SnpPlatform::Of(amd::Product::kMilan));
  std::vector<std::thread> clients;
  for (World* const replica : Replicas())
    clients.emplace_back([replica, &key] { EXPECT_TRUE(replica->app->cache().Get(key, sim::kNow).ok()); });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(a_.vendor.Count("?blSPL="), 1u);
}

TEST_F(SharedCollateral, WithoutTheDatabaseEachAsksForItself) {
  PostgresCluster::Shared().Stop();
  for (World* const replica : Replicas()) EXPECT_EQ(Get(replica->port(), kTarget).status, 200);
  EXPECT_EQ(Asked(), 3u);
  PostgresCluster::Shared().Start();
}

}  // namespace
}  // namespace thimble::test
