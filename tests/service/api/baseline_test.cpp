// SPDX-License-Identifier: Apache-2.0
//
// Baselines: what they say, how they change, and what a running service answers by them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cache/memory_store.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/evaluation.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Action = BaselineChange::Action;

// -- what they say --

TEST(EvaluationChoice, HasATextForm) {
  for (const char* text : {"standard", "early", "17", "0", "delayed: 30d", "delayed: 36h"}) {
    const auto choice = EvaluationChoice::Parse(text);
    ASSERT_TRUE(choice) << text;
    EXPECT_EQ(choice->ToString(), text);
  }
  EXPECT_EQ(EvaluationChoice::Parse("delayed:1d"), EvaluationChoice::Parse("delayed: 24h"));
  for (const char* text : {"", "Standard", "17 ", "-1", "+1", "4294967296", "delayed",
                           "delayed:", "delayed: 30", "delayed: early", "delay: 1d", "early standard"}) {
    EXPECT_FALSE(EvaluationChoice::Parse(text)) << text;
  }
}

TEST(EvaluationChoice, WithADelayIsTheNewestThatIsOldEnough) {
  const Instant day = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
  intel::EvaluationNumbers list;
  list.numbers = {{18, day - 20 * 24h, {}}, {16, day - 600 * 24h, {}}, {17, day - 300 * 24h, {}}};
  EXPECT_EQ(NewestAfter(list, 0s, day), 18u);
  EXPECT_EQ(NewestAfter(list, 20 * 24h, day), 18u);
  EXPECT_EQ(NewestAfter(list, 20 * 24h + 1s, day), 17u);
  EXPECT_EQ(NewestAfter(list, 300 * 24h + 1s, day), 16u);
  EXPECT_EQ(NewestAfter(list, 601 * 24h, day), 16u) << "none is old enough: the oldest there is";
}

// -- how they change --

class BaselineBookTest : public testing::Test {
 protected:
  static Baseline Number(uint32_t number) { return {{{Selector::Kind::kNumber, number}, {}}, "", {}}; }
  void Open(const Baselines& configured) {
    auto book = BaselineBook::Open(store_, configured, now_, [this](const BaselineChange& change) -> Status {
      seen_.push_back(
          StrCat(ActionName(change.action), " ", change.state.current->version, " by ", change.by.name()));
      if (refuses_) return Error{ErrorKind::kInternal, Check::kStoreIo, "no trail"};
      return {};
    });
    ASSERT_TRUE(book.ok()) << book.error().message;
    book_ = std::move(book).value();
  }
  std::string InForce(std::string_view name = "default") const {
    const BaselinePtr found = book_->Find(name);
    return found ? StrCat(found->version, ": ", found->baseline.intel.ToString()) : "none";
  }

  const Instant now_ = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
  const std::shared_ptr<Store> store_ = std::make_shared<MemoryStore>();
  std::unique_ptr<BaselineBook> book_;
  std::vector<std::string> seen_;
  bool refuses_ = false;
};

TEST_F(BaselineBookTest, PromotesACandidateAndRollsItBack) {
  Open({{"default", Number(19)}});
  EXPECT_EQ(InForce(), "1: 19");
  ASSERT_TRUE(book_->SetCandidate("default", Number(20), "ann").ok());
  EXPECT_EQ(InForce(), "1: 19");
  ASSERT_TRUE(book_->Promote("default", "ann", now_).ok());
  EXPECT_EQ(InForce(), "2: 20");
  EXPECT_FALSE(book_->All().at("default").candidate);

  const auto back = book_->RollBack("default", "bob", now_ + 1h);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(InForce(), "1: 19");
  EXPECT_EQ(back->current->since, now_ + 1h);
  EXPECT_EQ(back->candidate, Number(20)) << "to be promoted again once its cause is mended";
  ASSERT_TRUE(book_->Promote("default", "ann", now_).ok());
  EXPECT_EQ(InForce(), "3: 20") << "a number never means anything else";
  EXPECT_EQ(seen_, (std::vector<std::string>{"configure 1 by configuration", "candidate 1 by ann",
                                             "promote 2 by ann", "rollback 1 by bob", "promote 3 by ann"}));
}

TEST_F(BaselineBookTest, RefusesWhatCannotBe) {
  Open({{"default", Number(19)}});
  for (const auto& failed :
       {book_->Promote("default", "ann", now_), book_->RollBack("default", "ann", now_),
        book_->SetCandidate("none", Number(1), "ann"), book_->Promote("none", "ann", now_)}) {
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().check, Check::kRequest);
  }
  EXPECT_EQ(InForce(), "1: 19");
  EXPECT_EQ(InForce("none"), "none");
}

TEST_F(BaselineBookTest, KeepsWhatWasPromotedOverARestart) {
  Open({{"default", Number(19)}, {"next", Number(20)}});
  ASSERT_TRUE(book_->SetCandidate("default", Number(20), "ann").ok());
  ASSERT_TRUE(book_->Promote("default", "ann", now_).ok());
  ASSERT_TRUE(book_->SetCandidate("default", Number(21), "ann").ok());
  Open({{"default", Number(19)}});
  EXPECT_EQ(InForce(), "2: 20");
  EXPECT_EQ(book_->All().at("default").candidate, Number(21));
  EXPECT_EQ(InForce("next"), "none") << "the configuration names the baselines";
  ASSERT_TRUE(book_->RollBack("default", "ann", now_).ok());
  EXPECT_EQ(InForce(), "1: 19");
}

TEST_F(BaselineBookTest, TakesAChangedConfigurationForANewVersion) {
  Open({{"default", Number(19)}});
  Open({{"default", Number(20)}});
  EXPECT_EQ(InForce(), "2: 20");
  ASSERT_TRUE(book_->Configure({{"default", Number(21)}}, now_).ok());
  EXPECT_EQ(InForce(), "3: 21");
  ASSERT_TRUE(book_->SetCandidate("default", Number(22), "ann").ok());
  ASSERT_TRUE(book_->Promote("default", "ann", now_).ok());
  ASSERT_TRUE(book_->Configure({{"default", Number(22)}}, now_).ok());
  EXPECT_EQ(InForce(), "4: 22") << "the file says now what was promoted";
}

TEST_F(BaselineBookTest, ChangesNothingThatIsNotRecorded) {
  Open({{"default", Number(19)}});
  ASSERT_TRUE(book_->SetCandidate("default", Number(20), "ann").ok());
  refuses_ = true;
  EXPECT_EQ(book_->Promote("default", "ann", now_).error().check, Check::kStoreIo);
  EXPECT_EQ(InForce(), "1: 19");
  refuses_ = false;
  Open({{"default", Number(19)}});
  EXPECT_EQ(InForce(), "1: 19");
}

TEST_F(BaselineBookTest, DoesNotStartOnARecordThatItCannotRead) {
  ASSERT_TRUE(store_->Apply({{"baseline/default", "{\"layout\":2}"}}).ok());
  const auto book = BaselineBook::Open(store_, {{"default", Number(19)}}, now_, nullptr);
  EXPECT_EQ(book.error().check, Check::kStoreCorrupt);
}

// -- what a service answers by them --

class BaselineServiceTest : public testing::Test {
 protected:
  http::Response Ask(std::string method, std::string path, std::string body = "", bool admin = true) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.admin = admin;
    return w_.app->Handle(request);
  }
  json Done(const http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.content->body();
    return json::parse(response.content->body());
  }
  // As long as no platform was seen.
  json Promote(std::string_view name = "default") {
    return Done(Ask("POST", StrCat("/v1/baselines/", name, "/promote"), R"({"accept_refusals": "unknown"})"));
  }
  test::RawAnswer Unqualified(std::string_view path = "/sgx/certification/v4/qe/identity") {
    return test::Get(w_.port(), path);
  }
  test::World w_;
};

TEST_F(BaselineServiceTest, DecidesWhatAnUnqualifiedQueryGets) {
  w_.config.baselines.at("default").intel = *EvaluationChoice::Parse("16");
  w_.Start();
  for (const char* path :
       {"/sgx/certification/v4/qe/identity", "/tdx/certification/v4/tcb?fmspc=00806F050000",
        "/tdx/certification/v4/qe/identity?update=standard"}) {
    const auto answer = test::Get(w_.port(), path);
    EXPECT_EQ(answer.Header("X-Thimble-Evaluation"), "16") << path;
    EXPECT_EQ(answer.Header("X-Thimble-Baseline"), "default@1") << path;
  }
  const auto chosen = test::Get(w_.port(), "/sgx/certification/v4/qe/identity?update=early");
  EXPECT_EQ(chosen.Header("X-Thimble-Evaluation"), "18");
  EXPECT_FALSE(chosen.Header("X-Thimble-Baseline")) << "no baseline had a part in it";

  const json state = Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "17"})"));
  EXPECT_EQ(state["candidate"], json::parse(R"({"intel": "17", "amd": "builtin"})"));
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "16");
  EXPECT_EQ(Promote()["current"]["version"], 2);
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "17");
  EXPECT_EQ(Unqualified().Header("X-Thimble-Baseline"), "default@2");
  Done(Ask("POST", "/v1/baselines/default/rollback"));
  EXPECT_EQ(Unqualified().Header("X-Thimble-Baseline"), "default@1");
}

TEST_F(BaselineServiceTest, FollowsIntelsListWithADelay) {
  w_.config.baselines.at("default").intel = *EvaluationChoice::Parse("delayed: 30d");  // 18 is 20 days old
  w_.Start();
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "17");
  Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "delayed: 20d"})"));
  Promote();
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "18");
  const auto verdict =
      test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(w_.intel.Quote()));
  EXPECT_EQ(
      json::parse(verdict.body)["evaluation"],
      json::parse(R"({"baseline": "default", "baseline_version": 2, "tcb_info": 18, "qe_identity": 18})"));
}

TEST_F(BaselineServiceTest, IsUnavailableWithoutIntelsList) {
  w_.config.baselines.at("default").intel = *EvaluationChoice::Parse("delayed: 30d");
  w_.vendor.SetMode("500", "numbers");
  w_.Start();
  EXPECT_EQ(Unqualified().status, 503);
  EXPECT_EQ(test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(w_.intel.Quote())).status,
            503);
}

TEST_F(BaselineServiceTest, ChangesForTheAdministratorAlone) {
  w_.Start();
  EXPECT_EQ(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "17"})", false).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/baselines/default/promote", "", false).status, 401);
  EXPECT_EQ(Ask("POST", "/v1/baselines/default/rollback", "", false).status, 401);
  EXPECT_EQ(Done(Ask("GET", "/v1/baselines", "", false))["baselines"][0]["current"]["intel"], "standard");
}

TEST_F(BaselineServiceTest, ChangesABaselineThatAReloadHasAdded) {
  w_.Start();
  EXPECT_EQ(Ask("PUT", "/v1/baselines/next/candidate", R"({"intel": "17"})").status, 404);
  Config fresh = w_.config;
  fresh.baselines["next"] = {};
  ASSERT_TRUE(w_.app->Reload(fresh).ok());
  Done(Ask("PUT", "/v1/baselines/next/candidate", R"({"intel": "17"})"));
  EXPECT_EQ(Promote("next")["current"]["intel"], "17");
}

TEST_F(BaselineServiceTest, RefusesACandidateThatItDoesNotUnderstand) {
  w_.Start();
  for (const char* body : {"", "[]", R"({"intel": "newest"})", R"({"intel": 17})", R"({"selector": "17"})"}) {
    EXPECT_EQ(Ask("PUT", "/v1/baselines/default/candidate", body).status, 400) << body;
  }
  EXPECT_EQ(Ask("POST", "/v1/baselines/default/promote").status, 400);
  EXPECT_EQ(Ask("POST", "/v1/baselines/none/promote").status, 404);
}

TEST_F(BaselineServiceTest, FetchesWhatACandidateNamesAndRefusesWhatDoesNotExist) {
  w_.Start();
  for (const char* number : {"99", "15"}) {  // never made, and retired
    const auto refused =
        Ask("PUT", "/v1/baselines/default/candidate", StrCat(R"({"intel": ")", number, "\"}"));
    EXPECT_EQ(refused.status, 400) << number;
    EXPECT_EQ(json::parse(refused.content->body())["detail"],
              StrCat("intel: there is no evaluation data \"", number, "\" for SGX or TDX"));
  }
  EXPECT_FALSE(Done(Ask("GET", "/v1/baselines"))["baselines"][0].contains("candidate"));

  w_.vendor.ResetCounts();
  Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "18"})"));
  EXPECT_EQ(w_.vendor.Count("tcbEvaluationDataNumber=18"), 1u);
  w_.vendor.SetMode("503");
  EXPECT_EQ(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "16"})").status, 503)
      << "whether there is one cannot be told";
  EXPECT_EQ(Done(Ask("GET", "/v1/baselines"))["baselines"][0]["candidate"]["intel"], "18");
  Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "standard", "amd": ""})"));
}

TEST_F(BaselineServiceTest, FetchesTheTcbInfosOfWhatWasSeen) {
  w_.Start();
  ASSERT_EQ(test::Post(w_.port(), "/v1/verify", "application/octet-stream", AsText(w_.intel.Quote())).status,
            200);
  w_.vendor.ResetCounts();
  Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "18"})"));
  EXPECT_EQ(w_.vendor.Count("/sgx/certification/v4/tcb?"), 1u);
  EXPECT_EQ(w_.vendor.Count("/tdx/"), 0u) << "no TD was seen";
  w_.vendor.SetMode("404", "/qe/identity");
  const auto refused = Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "16"})");
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.content->body().find("for SGX\""), std::string::npos) << refused.content->body();
}

TEST_F(BaselineServiceTest, PromotesIntoTheUnknownOnlyWhenToldTo) {
  w_.Start();
  Done(Ask("PUT", "/v1/baselines/default/candidate", R"({"intel": "18"})"));
  for (const char* body : {"", "{}", R"({"accept_refusals": 0})"}) {
    const auto declined = Ask("POST", "/v1/baselines/default/promote", body);
    ASSERT_EQ(declined.status, 409) << body;
    const json problem = json::parse(declined.content->body());
    EXPECT_EQ(problem["type"], "urn:thimble:problem:declined");
    EXPECT_EQ(problem["impact"]["refused"], "unknown");
    EXPECT_NE(problem["detail"].get<std::string>().find("no platform was seen"), std::string::npos);
  }
  for (const char* body : {R"({"accept_refusals": "all"})", R"({"accept_refusals": -1})",
                           R"({"accept_refusals": "0"})", R"({"accept": 0})", "7", "{"}) {
    EXPECT_EQ(Ask("POST", "/v1/baselines/default/promote", body).status, 400) << body;
  }
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "17");
  Promote();
  EXPECT_EQ(Unqualified().Header("X-Thimble-Evaluation"), "18");
}

}  // namespace
}  // namespace thimble
