// SPDX-License-Identifier: Apache-2.0
//
// "standard" becomes another number from one day to the next.
#include "service/baselines/moved_sets.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/cache/cache_world.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using nlohmann::json;

// -- as it is seen ----------------------------------------------------------------------------------------------------

class MovedSetsTest : public testing::Test {
 protected:
  MovedSetsTest() {
    world_.upstream = [this](const CollateralKey& key) -> Result<FetchedBytes> {
      if (const auto* tcb = std::get_if<TcbInfoKey>(&key))
        return test::CacheWorld::Tcb(world_.intel, *tcb, number_);
      return world_.Good(key);
    };
    Open("standard");
  }
  // As after a restart, with this in the configuration.
  void Open(std::string_view intel) {
    auto book = BaselineBook::Open(world_.store, {{"default", {*EvaluationChoice::Parse(intel), "", {}}}},
                                   world_.now, nullptr);
    book_ = std::move(book).value();
    sets_ = std::make_unique<MovedSets>(
        policies_, *book_, seen_, *world_.cache, world_.store, [this](const MovedSet& moved) -> Status {
          if (fails_) return Error{ErrorKind::kInternal, Check::kStoreIo, ""};
          told_.push_back(StrCat(moved.selector.ToString(), " ", moved.from, " to ", moved.to, " of ",
                                 moved.items.size(), " for ", moved.baselines.at(0)));
          return {};
        });
  }
  void Refresh() {
    for (const CollateralKey& key : {test::kTcbKey, kEarlyKey})
      ASSERT_TRUE(world_.cache->Refresh(key, world_.now).ok());
  }
  std::vector<std::string> Check() {
    told_.clear();
    sets_->Check(world_.now);
    return told_;
  }
  const CollateralKey kEarlyKey =
      TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(sim::kServerFmspc), {Selector::Kind::kEarly, 0}};
  using Told = std::vector<std::string>;

  test::CacheWorld world_;
  uint32_t number_ = 17;
  SeenPlatforms seen_{world_.store, 10};
  Snapshot<Policies> policies_{SharedPolicies({{"default", Policy()}})};
  std::unique_ptr<BaselineBook> book_;
  bool fails_ = false;
  std::vector<std::string> told_;
  std::unique_ptr<MovedSets> sets_;
};

TEST_F(MovedSetsTest, AreToldOnceEach) {
  EXPECT_EQ(Check(), Told{}) << "nothing is held";
  Refresh();
  EXPECT_EQ(Check(), Told{}) << "this is the first number";
  EXPECT_EQ(Check(), Told{});
  number_ = 18;
  EXPECT_EQ(Check(), Told{}) << "nobody has asked Intel yet";
  Refresh();
  EXPECT_EQ(Check(), (Told{"standard 17 to 18 of 1 for default@1"})) << "early is nobody's baseline";
  EXPECT_EQ(Check(), Told{});
}

TEST_F(MovedSetsTest, AreSeenOverARestart) {
  Refresh();
  Check();
  number_ = 18;
  Refresh();
  Open("standard");
  EXPECT_EQ(Check(), (Told{"standard 17 to 18 of 1 for default@1"}));
  Open("standard");
  EXPECT_EQ(Check(), Told{});
}

TEST_F(MovedSetsTest, AreToldAgainWhenTheyCannotBeWrittenDown) {
  Refresh();
  Check();
  number_ = 18;
  Refresh();
  fails_ = true;
  EXPECT_EQ(Check(), Told{});
  fails_ = false;
  EXPECT_EQ(Check(), (Told{"standard 17 to 18 of 1 for default@1"}));
}

TEST_F(MovedSetsTest, AreOfTheWordThatABaselineNames) {
  const std::pair<const char*, Told> expected[] = {
      {"early", {"early 17 to 18 of 1 for default@2"}}, {"17", {}}, {"delayed: 30d", {}}};
  for (const auto& [intel, told] : expected) {
    number_ = 17;
    world_.store = std::make_shared<MemoryStore>();
    world_.Reopen();
    Open("standard");
    Open(intel);
    Refresh();
    Check();
    number_ = 18;
    Refresh();
    EXPECT_EQ(Check(), told) << intel;
  }
}

// -- as an operator is told -------------------------------------------------------------------------------------------

class MovedBaselineTest : public testing::Test {
 protected:
  MovedBaselineTest() { w_.config.audit.directory = directory_; }
  void Verify(const Bytes& quote, std::string_view decision) {
    const auto answer = test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(quote));
    EXPECT_EQ(json::parse(answer.body)["decision"], decision) << answer.body;
  }
  void IntelMoves() {
    w_.vendor.SetStandard(18);
    http::Request request;
    request.method = "POST";
    request.path = "/v1/refresh";
    request.query = "all=1";
    request.admin = true;
    ASSERT_EQ(w_.app->Handle(request).status, 200);
    w_.app->moved_sets().Check(sim::kNow);
    w_.app->moved_sets().Check(sim::kNow);
  }
  std::vector<json> Records() {
    w_.Stop();
    std::vector<json> records;
    for (const std::string& path : AuditFiles(directory_)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        json record = json::parse(line);
        if (record["kind"] == "moved_set") records.push_back(std::move(record));
      }
    }
    return records;
  }
  test::World w_;
  const std::string directory_ = w_.files / "audit";
};

TEST_F(MovedBaselineTest, IsCountedAndRecordedWithWhatItRefuses) {
  w_.Start();
  const Bytes quote = w_.intel.Quote({.tdx = true});
  for (int i = 0; i < 3; ++i) Verify(quote, "accept");
  w_.app->moved_sets().Check(sim::kNow);
  IntelMoves();
  const std::string metrics = test::Get(w_.port(), "/metrics").body;
  const std::string place = R"({tee="tdx",set="standard"})";
  EXPECT_NE(metrics.find(StrCat("\nthimble_baseline_moves_total", place, " 1\n")), std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find(StrCat("\nthimble_baseline_move_refused_sightings", place, " 3\n")),
            std::string::npos);
  Verify(quote, "reject");

  const auto records = Records();
  ASSERT_EQ(records.size(), 1u);
  json record = records[0];
  EXPECT_EQ(record["items"],
            json::parse(R"(["intel/identity/td_qe/standard", "intel/tcb/tdx/00806f050000/standard"])"));
  for (const char* member : {"seq", "time", "prev", "items"}) record.erase(member);
  EXPECT_EQ(record,
            json::parse(R"({"kind": "moved_set", "tee": "tdx", "set": "standard", "from": 17, "to": 18,
                                    "refused": 3, "baselines": ["default@1"]})"));
}

TEST_F(MovedBaselineTest, RefusesTheUnknownWhereNobodyWasSeen) {
  w_.Start();
  ASSERT_EQ(test::Get(w_.port(), "/sgx/certification/v4/tcb?fmspc=00806F050000").status, 200);
  w_.app->moved_sets().Check(sim::kNow);
  IntelMoves();
  const std::string metrics = test::Get(w_.port(), "/metrics").body;
  EXPECT_NE(metrics.find("\nthimble_baseline_moves_total{tee=\"sgx\",set=\"standard\"} 1\n"),
            std::string::npos);
  EXPECT_EQ(metrics.find("\nthimble_baseline_move_refused_sightings{"), std::string::npos) << "no figure";
  const auto records = Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0]["refused"], "unknown");
}

}  // namespace
}  // namespace thimble
