// SPDX-License-Identifier: Apache-2.0
//
// GET and POST /v1/floors, and its history, over HTTP.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "service/baselines/builtin_floors.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/floor_signer.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::FloorSigner, test::FloorsText;

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 12 / 1};

class FloorsApiTest : public testing::Test {
 protected:
  // With the key that signs in the configuration, and "signed" for the default baseline.
  void StartSigned() {
    w_.config.floors.key = w_.files.Write("floors.pem", std::string_view(ours_.Pem()));
    w_.config.baselines.at("default").amd = "signed";
    w_.Start(kNow);
  }
  test::RawAnswer Send(const std::string& body, const std::string& token = "secret") {
    test::RawConnection connection(w_.port());
    connection.Send(
        StrCat("POST /v1/floors HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n",
               "Authorization: Bearer ", token, "\r\nContent-Length: ", body.size(),
               "\r\nConnection: close\r\n\r\n", body));
    return connection.Receive();
  }
  static std::string Signed(const std::string& text, const FloorSigner& signer) {
    return json{{"document", text}, {"signature", Base64(signer.Sign(text))}}.dump();
  }
  void ExpectProblem(const test::RawAnswer& answer, int status, std::string_view check,
                     std::string_view words) {
    EXPECT_EQ(answer.status, status) << answer.body;
    EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
    const json problem = json::parse(answer.body, nullptr, false);
    EXPECT_EQ(problem.value("check", ""), check) << answer.body;
    EXPECT_NE(problem.value("detail", "").find(words), std::string::npos) << answer.body;
  }
  test::RawAnswer Get(const std::string& target) { return test::Get(w_.port(), target); }
  json History() { return json::parse(Get("/v1/floors/history").body)["floors"]; }

  FloorsApiTest() {
    w_.config.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
  }
  test::World w_;
  const FloorSigner ours_{1}, other_{2};
};

TEST_F(FloorsApiTest, ServesTheBuiltInDocumentByteForByte) {
  w_.Start(kNow);
  const auto answer = Get("/v1/floors");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kBuiltinFloors);
  EXPECT_EQ(answer.Header("ETag"), StrCat("\"", Sha256(AsBytes(kBuiltinFloors)).hex(), "\""));
  EXPECT_FALSE(answer.Header("X-Thimble-Floors-Signature"));
  const json history = History();
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0]["name"], "thimble-amd-floors");
  EXPECT_EQ(history[0]["number"], 1);
  EXPECT_EQ(history[0]["source"], "builtin");
  EXPECT_EQ(history[0]["signed"], false);
  EXPECT_EQ(history[0]["since"], "2026-12-01T00:00:00Z");
  EXPECT_EQ(Get("/v1/floors?name=thimble-amd-floors&number=1").body, kBuiltinFloors);
}

TEST_F(FloorsApiTest, NamesWhatIsNotKept) {
  w_.Start(kNow);
  ExpectProblem(Get("/v1/floors?name=thimble-amd-floors&number=7"), 404, "collateral.missing",
                "no floors thimble-amd-floors 7 are kept");
  ExpectProblem(Get("/v1/floors?name=nobodys&number=1"), 404, "collateral.missing", "nobodys 1");
  ExpectProblem(Get("/v1/floors?name=thimble-amd-floors&number=01"), 404, "collateral.missing", "01");
  ExpectProblem(Get("/v1/floors?name=thimble-amd-floors&number=x"), 404, "collateral.missing", "x");
  ExpectProblem(Get("/v1/floors?number=1"), 400, "request.invalid", "both or none");
  ExpectProblem(Get("/v1/floors?name=thimble-amd-floors"), 400, "request.invalid", "both or none");
  EXPECT_EQ(Get("/v1/floors?digest=00").status, 400);
}

TEST_F(FloorsApiTest, HasNoneWhereTheBaselineHasNone) {
  w_.config.baselines.at("default").amd = "";
  w_.Start(kNow);
  ExpectProblem(Get("/v1/floors"), 404, "collateral.missing", "has no floors");
  EXPECT_TRUE(History().empty());
}

TEST_F(FloorsApiTest, TakesWhatIsSignedAndJudgesByIt) {
  StartSigned();
  ExpectProblem(Get("/v1/floors"), 503, "collateral.missing", "no floors have been taken");
  const std::string first = FloorsText(2), second = FloorsText(3);
  const auto taken = Send(Signed(first, ours_));
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(json::parse(taken.body),
            (json{{"name", "ours"}, {"number", 2}, {"sha256", Sha256(AsBytes(first)).hex()}}));
  EXPECT_EQ(Get("/v1/floors").body, first);
  EXPECT_EQ(Get("/v1/floors").Header("X-Thimble-Floors-Signature"), Base64(ours_.Sign(first)));
  ASSERT_EQ(Send(Signed(second, ours_)).status, 200);
  EXPECT_EQ(Get("/v1/floors").body, second);
  EXPECT_EQ(Get("/v1/floors?name=ours&number=2").body, first) << "what was in force is kept";
  const json history = History();
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[0]["number"], 3) << "newest first";
  EXPECT_EQ(history[0]["source"], "upload");
  EXPECT_EQ(history[0]["signed"], true);
  EXPECT_EQ(history[1]["number"], 2);
  EXPECT_EQ(Send(Signed(second, ours_)).status, 200) << "the same once more changes nothing";
  EXPECT_EQ(History().size(), 2u);
}

// Each differs from what is taken in one thing, and changes nothing.
TEST_F(FloorsApiTest, RefusesWhatIsWrong) {
  StartSigned();
  const std::string text = FloorsText(2);
  ASSERT_EQ(Send(Signed(text, ours_)).status, 200);
  const std::string next = FloorsText(3);
  ExpectProblem(Send(Signed(next, other_)), 400, "policy.format", "does not hold under floors.key");
  json bent = json::parse(Signed(next, ours_));
  bent["document"] = next + " ";
  ExpectProblem(Send(bent.dump()), 400, "policy.format", "does not hold under floors.key");
  ExpectProblem(Send(Signed(FloorsText(1), ours_)), 400, "collateral.rollback",
                "ours 1, and 2 has been in force");
  ExpectProblem(Send(Signed(FloorsText(2, "another"), ours_)), 400, "collateral.rollback",
                "another document of that number");
  ExpectProblem(Send(Signed("{}", ours_)), 400, "policy.format", "format");
  json broken = json::parse(next);
  broken["bulletins"][0]["require"].erase("Milan-B1");
  ExpectProblem(Send(Signed(broken.dump(), ours_)), 400, "policy.format", "no cell for Milan-B1");
  for (const char* body :
       {"", "[]", "{}", R"({"document": "{}"})", R"({"document": "{}", "signature": "AA=="})",
        R"({"document": {}, "signature": ""})", R"({"path": "/etc/passwd"})"})
    ExpectProblem(Send(body), 400, "request.invalid", "");
  EXPECT_EQ(Get("/v1/floors").body, text);
  EXPECT_EQ(History().size(), 1u);
}

TEST_F(FloorsApiTest, TakesNothingFromStrangers) {
  StartSigned();
  EXPECT_EQ(Send(Signed(FloorsText(1), ours_), "other").status, 401);
  EXPECT_EQ(test::Post(w_.port(), "/v1/floors", "application/json", Signed(FloorsText(1), ours_)).status,
            401);
  EXPECT_TRUE(History().empty());
}

TEST_F(FloorsApiTest, TakesNothingWithoutAKey) {
  w_.Start(kNow);
  ExpectProblem(Send(Signed(FloorsText(1), ours_)), 400, "policy.format", "floors.key");
}

// A document may be kept that is older than its own word: it judges, and says so.
TEST_F(FloorsApiTest, TakesAStaleDocument) {
  StartSigned();
  json stale = json::parse(FloorsText(2));
  stale["stale_after"] = "2026-11-30";
  EXPECT_EQ(Send(Signed(stale.dump(), ours_)).status, 200);
}

// ---- from one Thimble to another ----

TEST_F(FloorsApiTest, IsFetchedByAnotherThimbleUnderItsKey) {
  StartSigned();
  const std::string text = FloorsText(2);
  ASSERT_EQ(Send(Signed(text, ours_)).status, 200);
  test::World other;
  other.config.floors = {.key = w_.config.floors.key,
                         .overlay = "",
                         .url = StrCat("http://127.0.0.1:", w_.port(), "/v1/floors"),
                         .directory = ""};
  other.config.baselines.at("default").amd = "signed";
  other.Start(kNow);
  const auto line = [&] {
    const RefreshReport report = other.app->refresh().RunNow();
    const auto found =
        std::ranges::find_if(report.lines, [](const RefreshLine& l) { return !l.floors.empty(); });
    return found == report.lines.end() ? RefreshLine{} : *found;
  };
  EXPECT_EQ(line().outcome, RefreshLine::Outcome::kRenewed) << line().reason;
  EXPECT_EQ(test::Get(other.port(), "/v1/floors").body, text);
  EXPECT_EQ(line().outcome, RefreshLine::Outcome::kKept);
  ASSERT_EQ(Send(Signed(FloorsText(3), ours_)).status, 200);
  EXPECT_EQ(line().outcome, RefreshLine::Outcome::kRenewed);

  // Another key: what is in force stays, and the report says why.
  other.config.floors.key = other.files.Write("other.pem", std::string_view(other_.Pem()));
  test::World stranger;
  stranger.config.floors = other.config.floors;
  stranger.config.baselines.at("default").amd = "signed";
  stranger.Start(kNow);
  const RefreshReport refused = stranger.app->refresh().RunNow();
  EXPECT_FALSE(refused.complete());
  EXPECT_NE(refused.lines.back().reason.find("does not hold under floors.key"), std::string::npos)
      << refused.lines.back().reason;
  EXPECT_EQ(test::Get(stranger.port(), "/v1/floors").status, 503);
}

// ---- beside it: the audit trail, and what a document that is tried would do ----

TEST_F(FloorsApiTest, WritesDownEachDocumentThatComesInForce) {
  w_.config.audit.directory = w_.files / "audit";
  StartSigned();
  const std::string first = FloorsText(2), second = FloorsText(3);
  ASSERT_EQ(Send(Signed(first, ours_)).status, 200);
  ASSERT_EQ(Send(Signed(first, ours_)).status, 200);  // nothing new
  ASSERT_EQ(Send(Signed(FloorsText(1), ours_)).status, 400);
  ASSERT_EQ(Send(Signed(second, ours_)).status, 200);
  w_.Stop();
  std::vector<json> records;
  for (const auto& file : std::filesystem::directory_iterator(w_.files / "audit")) {
    std::ifstream in(file.path());
    for (std::string line; std::getline(in, line);) {
      const json record = json::parse(line);
      if (record["kind"] == "floors") records.push_back(record);
    }
  }
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["number"], 2);
  EXPECT_EQ(records[1]["number"], 3);
  EXPECT_EQ(records[1]["name"], "ours");
  EXPECT_EQ(records[1]["sha256"], Sha256(AsBytes(second)).hex());
  EXPECT_EQ(records[1]["source"], "upload");
  EXPECT_NE(records[1]["by"].dump().find("127.0.0.1"), std::string::npos) << records[1].dump();
}

TEST_F(FloorsApiTest, WritesDownTheDocumentOfTheConfigurationOnce) {
  w_.config.audit.directory = w_.files / "audit";
  w_.config.cache.data = w_.files / "store";
  for (int starts = 0; starts < 2; ++starts) {
    auto app = App::Make(w_.config, {.storage = Storage::kDisk, .frozen_time = kNow});
    ASSERT_TRUE(app) << app.error().message;
  }
  std::string trail;
  for (const auto& file : std::filesystem::directory_iterator(w_.files / "audit")) {
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    trail += text.str();
  }
  const auto first = trail.find("\"kind\":\"floors\"");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(trail.find("\"kind\":\"floors\"", first + 1), std::string::npos) << "it is the same as before";
  EXPECT_NE(trail.find("\"source\":\"builtin\",\"by\":{\"source\":\"configuration\"}"), std::string::npos)
      << trail;
}

TEST_F(FloorsApiTest, LaysTheOverlayOverADocumentThatIsTried) {
  w_.config.floors.overlay = w_.files.Write("overlay.json", std::string_view(R"({
    "format": "amd-floors-overlay/1", "name": "mine", "number": 2, "issued": "2026-12-01", "rules": [
    {"bulletin": "AMD-SB-3030", "cpus": ["Genoa-B1"], "min": {"snp": 28}, "reason": "our hosts"}]})"));
  w_.Start(kNow);
  http::Request request;
  request.method = "POST";
  request.path = "/v1/impact";
  request.admin = true;
  const auto ask = [&](const std::string& floors) {
    request.body = json{{"floors", floors}}.dump();
    return w_.app->Handle(request);
  };
  const http::Response tried = ask(FloorsText(9));
  ASSERT_EQ(tried.status, 200) << tried.content->body();
  EXPECT_EQ(json::parse(tried.content->body())["candidate"]["floors"], "ours 9 + mine 2");
  EXPECT_EQ(History().size(), 1u) << "it is put nowhere";
  // A document that the overlay does not fit would be refused at the reload, so here, too.
  json without = json::parse(FloorsText(9));
  for (json& bulletin : without["bulletins"]) {
    if (bulletin["id"] == "AMD-SB-3030") bulletin["id"] = "AMD-SB-3031";
  }
  for (auto& [name, ids] : without["levels"].items()) {
    for (json& id : ids) {
      if (id == "AMD-SB-3030") id = "AMD-SB-3031";
    }
  }
  const http::Response refused = ask(without.dump());
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.content->body().find("the document has no AMD-SB-3030"), std::string::npos)
      << refused.content->body();
}

}  // namespace
}  // namespace thimble
