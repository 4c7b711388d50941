// SPDX-License-Identifier: Apache-2.0
//
// Baselines of several replicas: one history, in force with all of them or with none; and what a replica may not do that has
// lost touch. Their public keys.
#include <gtest/gtest.h>

#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/postgres_cluster.h"
#include "tests/support/eventually.h"

namespace thimble::test {
namespace {

using nlohmann::json;

class SharedBaselines : public testing::Test {
 protected:
  void SetUp() override {
    PostgresCluster& cluster = PostgresCluster::Shared();
    if (!cluster.why_not().empty()) GTEST_SKIP() << cluster.why_not();
    url_ = cluster.NewDatabase();
    for (PccsWorld* const replica : {&a_, &b_}) Begin(*replica);
  }
  void Begin(PccsWorld& replica) {
    replica.config.shared.url = url_;
    replica.Start();
    EXPECT_TRUE(Eventually([&] { return replica.app->summary().degraded.empty(); }));
  }
  std::string Sql(const std::string& sql) {
    return PostgresCluster::Shared().Sql(url_.substr(url_.rfind('/') + 1), sql);
  }
  static RawAnswer Change(PccsWorld& replica, std::string_view method, std::string_view what,
                          const json& body = {}) {
    return replica.Send(method, StrCat("/v1/baselines/default/", what),
                        "Authorization: Bearer admin secret\r\n", body.is_null() ? "" : body.dump());
  }
  static RawAnswer Stage(PccsWorld& replica, const char* intel) {
    return Change(replica, "PUT", "candidate", {{"intel", intel}});
  }
  static RawAnswer Promote(PccsWorld& replica) {
    return Change(replica, "POST", "promote", {{"accept_refusals", "unknown"}});
  }
  static json State(PccsWorld& replica) {
    return json::parse(replica.Ask("/v1/baselines").body)["baselines"][0];
  }
  static std::string InForce(PccsWorld& replica) { return State(replica)["current"]["intel"]; }
  static uint32_t VersionOf(PccsWorld& replica) { return State(replica)["current"]["version"]; }
  RawAnswer Signed(PccsWorld& replica) {
    const Bytes quote = a_.intel.Quote({.tdx = true});
    return Post(replica.port(), "/v1/verify", "application/json",
                json{{"evidence", Base64(quote)}, {"ear", true}}.dump());
  }

  std::string url_;
  PccsWorld a_, b_;
};

TEST_F(SharedBaselines, WhatOnePromotesIsInForceWithAll) {
  ASSERT_EQ(Stage(a_, "17").status, 200);
  EXPECT_TRUE(Eventually([&] { return State(b_).contains("candidate"); }));
  ASSERT_EQ(Promote(b_).status, 200) << "whichever is asked";
  EXPECT_EQ(VersionOf(b_), 2u);
  EXPECT_EQ(InForce(a_), "17") << "at once: it has acknowledged it";
  EXPECT_EQ(State(a_)["past"].size(), 1u);
  ASSERT_EQ(Change(a_, "POST", "rollback").status, 200);
  EXPECT_EQ(InForce(b_), "standard");
  EXPECT_EQ(State(a_), State(b_));
  // One that joins has what was agreed on, whatever it had.
  PccsWorld late;
  Begin(late);
  EXPECT_EQ(State(late), State(a_));
}

TEST_F(SharedBaselines, OfTwoAtOnceOneWins) {
  ASSERT_EQ(Stage(a_, "17").status, 200);
  ASSERT_TRUE(Eventually([&] { return State(b_).contains("candidate"); }));
  int statuses[2] = {};
  std::thread beside([&] { statuses[1] = Promote(b_).status; });
  statuses[0] = Promote(a_).status;
  beside.join();
  EXPECT_TRUE(Eventually([&] { return State(a_) == State(b_); }));
  EXPECT_EQ(VersionOf(a_), 2u) << statuses[0] << " " << statuses[1];
  EXPECT_TRUE(statuses[0] == 200 || statuses[1] == 200);
  EXPECT_FALSE(statuses[0] == 200 && statuses[1] == 200);
}

// A replica that is there and does not take it over.
TEST_F(SharedBaselines, WhatNotAllTakeOverIsUndone) {
  ASSERT_EQ(Stage(a_, "17").status, 200);
  Sql("INSERT INTO thimble_replicas VALUES ('x', 'a stuck one', now() + interval '1 hour', 0, 'its disk is "
      "full')");
  const RawAnswer refused = Promote(a_);
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("a stuck one: its disk is full"), std::string::npos) << refused.body;
  EXPECT_TRUE(Eventually([&] { return InForce(a_) == "standard" && InForce(b_) == "standard"; }));
  EXPECT_TRUE(State(a_).contains("candidate")) << "it can be promoted again";
  // One that has gone is not waited for.
  Sql("UPDATE thimble_replicas SET seen = now() - interval '7 seconds' WHERE id = 'x'");
  EXPECT_EQ(Promote(a_).status, 200);
  EXPECT_EQ(InForce(b_), "17");
}

// Whoever promoted was killed before all had acknowledged it.
TEST_F(SharedBaselines, WhatNobodySettlesIsUndone) {
  const std::string before = Sql("SELECT encode(state, 'hex') FROM thimble_baselines");
  Sql("UPDATE thimble_clock SET change = change + 1; UPDATE thimble_baselines SET before = state, until = "
      "now() - "
      "interval '1 second', state = convert_to(replace(convert_from(state, 'UTF8'), '\"standard\"', "
      "'\"17\"'), 'UTF8'), "
      "change = (SELECT change FROM thimble_clock)");
  EXPECT_TRUE(
      Eventually([&] { return Sql("SELECT encode(state, 'hex') FROM thimble_baselines") == before; }));
  EXPECT_TRUE(Eventually([&] { return InForce(a_) == "standard" && InForce(b_) == "standard"; }));
  EXPECT_EQ(Sql("SELECT count(*) FROM thimble_baselines WHERE before IS NOT NULL"), "0");
}

TEST_F(SharedBaselines, WhoHasLostTouchPromotesAndSignsNothing) {
  ASSERT_EQ(Stage(a_, "17").status, 200);
  ASSERT_EQ(Signed(a_).status, 200);
  PostgresCluster::Shared().Stop();
  EXPECT_EQ(Change(a_, "POST", "promote").status, 503);
  EXPECT_EQ(InForce(a_), "standard") << "nothing half-done";
  EXPECT_TRUE(Eventually([&] { return Signed(a_).status == 503; }));
  EXPECT_EQ(a_.Ask("/readyz?strict=1").status, 503);
  EXPECT_EQ(
      Post(a_.port(), "/v1/verify", "application/octet-stream", AsText(a_.intel.Quote({.tdx = true}))).status,
      200);
  PostgresCluster::Shared().Start();
  EXPECT_TRUE(Eventually([&] { return Signed(a_).status == 200; }));
  EXPECT_TRUE(Eventually([&] { return Change(a_, "POST", "promote").status == 200; }));
}

TEST_F(SharedBaselines, TheConfigurationOfOneIsProposedToAll) {
  a_.Stop();
  a_.config.baselines["default"].intel = *EvaluationChoice::Parse("17");
  Begin(a_);  // a store of its own, in memory: it has not read it before
  EXPECT_EQ(InForce(a_), "standard") << "what was agreed on holds";
  Config changed = a_.config;
  changed.baselines["default"].intel = *EvaluationChoice::Parse("16");
  ASSERT_TRUE(a_.app->Reload(changed).ok());
  EXPECT_TRUE(Eventually([&] { return InForce(a_) == "16" && InForce(b_) == "16"; }));
  ASSERT_TRUE(b_.app->Reload(b_.config).ok());
  EXPECT_EQ(InForce(b_), "16") << "its own file has not changed";
}

TEST_F(SharedBaselines, AllShowTheKeysOfAll) {
  const auto kids = [](PccsWorld& replica) {
    std::set<std::string> kids;
    const json shown = json::parse(replica.Ask("/.well-known/jwks.json").body);
    for (const json& key : shown["keys"]) kids.insert(key["kid"]);
    return kids;
  };
  EXPECT_TRUE(Eventually([&] { return kids(a_).size() == 2 && kids(a_) == kids(b_); }));
  ASSERT_EQ(b_.Send("POST", "/v1/result-key/rotate", "Authorization: Bearer admin secret\r\n", "").status,
            200);
  EXPECT_TRUE(Eventually([&] { return kids(a_).size() == 3 && kids(a_) == kids(b_); }));
  Sql("UPDATE thimble_keys SET until = now()");
  Sql("INSERT INTO thimble_keys VALUES ('no key', 'x', now() + interval '1 hour'); UPDATE thimble_clock SET "
      "change = change + 1");
  EXPECT_TRUE(Eventually([&] { return kids(a_).size() == 1; })) << "its own: those of who is gone end";
}

}  // namespace
}  // namespace thimble::test
