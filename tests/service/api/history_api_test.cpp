// SPDX-License-Identifier: Apache-2.0
//
// The past: GET /v1/history, ?at= on reads, and what changed in words.
#include "service/api/history_api.h"

#include <gtest/gtest.h>

#include "service/api/problem.h"
#include "service/monitoring/collateral_diff.h"
#include "tcb/collateral.h"
#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::OpsWorld;

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";
const CollateralKey kTcbKey = TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(sim::kServerFmspc), {}};

ItemPtr TcbInfo(const sim::SimIntel& intel, const sim::Bend<sim::TcbInfoSpec>& bend = {}) {
  const Bytes body = intel.TcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber, bend);
  return AuthenticateItem(kTcbKey, {body, intel.TcbSigningChain()}, intel.Anchors()).value();
}
ItemPtr PckCrl(const sim::SimIntel& intel, const sim::Bend<sim::CrlSpec>& bend = {}) {
  const auto ca = intel::PckCa::kPlatform;
  return AuthenticateItem(PckCrlKey{ca}, {intel.PckCrl(ca, bend), intel.CaChain(ca)}, intel.Anchors())
      .value();
}
// The lines that contain this.
std::vector<std::string> With(const std::vector<std::string>& lines, std::string_view text) {
  std::vector<std::string> found;
  for (const std::string& line : lines) {
    if (line.find(text) != std::string::npos) found.push_back(line);
  }
  return found;
}

class ChangesTest : public testing::Test {
 protected:
  sim::SimIntel intel_ = sim::SimIntel::Make();
};

TEST_F(ChangesTest, IssuedAnewWithTheSameContentIsNoChange) {
  EXPECT_EQ(DescribeChanges(*TcbInfo(intel_), *TcbInfo(intel_.At(sim::kNow + std::chrono::hours(24)))),
            std::vector<std::string>{});
}

TEST_F(ChangesTest, OfLevels) {
  const ItemPtr before = TcbInfo(intel_);
  const ItemPtr after = TcbInfo(intel_, [](sim::TcbInfoSpec& spec) {
    auto next = spec.levels.front();
    next.pce_svn += 1;
    spec.levels.insert(spec.levels.begin(), next);
    spec.levels.at(1).status = "OutOfDate";
    spec.levels.at(1).advisories = {"INTEL-SA-09999"};
    spec.levels.pop_back();
    spec.number = 18;
  });
  const auto lines = DescribeChanges(*before, *after);
  EXPECT_EQ(With(lines, "evaluation data number 17 became 18").size(), 1u);
  EXPECT_EQ(With(lines, "added: UpToDate of").size(), 1u);
  EXPECT_EQ(With(lines, "status UpToDate became OutOfDate").size(), 1u);
  EXPECT_EQ(With(lines, "advisories added: INTEL-SA-09999").size(), 1u);
  EXPECT_EQ(With(lines, "removed: it was").size(), 1u);
}

TEST_F(ChangesTest, OfSerials) {
  const ItemPtr before = PckCrl(intel_);
  const ItemPtr after = PckCrl(intel_, [](sim::CrlSpec& spec) {
    spec.revoked.push_back({0x0a, 0x0b});
    spec.revoked.erase(spec.revoked.begin());
  });
  const auto lines = DescribeChanges(*before, *after);
  EXPECT_EQ(With(lines, "serial 0a0b added").size(), 1u);
  EXPECT_EQ(With(lines, "removed").size(), 1u);
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(ChangesTest, OfIssuers) {
  const auto other = sim::SimIntel::Make({.seed = "another"});
  EXPECT_EQ(With(DescribeChanges(*TcbInfo(intel_), *TcbInfo(other)), "issuer key").size(), 1u);
}

// A Thimble that has held two versions of the TCB info: one of kNow, one of a day later.
class HistoryApiTest : public testing::Test {
 protected:
  HistoryApiTest() {
    w_.Start(later_);
    const auto put = [&](const ItemPtr& item, Instant at) {
      const auto taken = w_.app->cache().Put(
          kTcbKey, {{item->body(), w_.intel.TcbSigningChain()}, "https://pcs.example/"}, at, false);
      EXPECT_TRUE(taken.ok());
    };
    put(first_, sim::kNow);
    put(second_, later_);
  }
  json History(const std::string& query) {
    const auto answer = w_.Ask("/v1/history?" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body, nullptr, false);
  }
  static std::string AtQuery(Instant at) { return StrCat(kTcb, "&at=", FormatRfc3339(at)); }

  const Instant later_ = sim::kNow + std::chrono::hours(24);
  OpsWorld w_;
  ItemPtr first_ = TcbInfo(w_.intel);
  ItemPtr second_ = TcbInfo(w_.intel.At(later_), [](sim::TcbInfoSpec& spec) {
    spec.levels.front().advisories.push_back("INTEL-SA-09999");
  });
};

TEST_F(HistoryApiTest, ListsVersionsWithWhatEachChanged) {
  const json history = History("key=intel/tcb/sgx/00806f050000/standard");
  ASSERT_EQ(history["versions"].size(), 2u);
  const json newest = history["versions"][0];
  EXPECT_EQ(newest["sha256"], second_->sha256().hex());
  EXPECT_EQ(newest["fetched"], FormatRfc3339(later_));
  ASSERT_EQ(newest["changes"].size(), 1u);
  EXPECT_TRUE(newest["changes"][0].get<std::string>().ends_with("advisories added: INTEL-SA-09999"));
  EXPECT_FALSE(history["versions"][1].contains("changes")) << "nothing is kept from before";
}

// However much is kept, an answer authenticates one version more than it shows, and has the way to the others.
TEST_F(HistoryApiTest, ShowsSoManyAtATime) {
  std::vector<std::string> kept = {second_->sha256().hex(), first_->sha256().hex()};
  for (int day = 2; day < 45; ++day) {
    const Instant at = sim::kNow + std::chrono::hours(24 * day);
    const ItemPtr item = TcbInfo(w_.intel.At(at));
    ASSERT_TRUE(
        w_.app->cache()
            .Put(kTcbKey, {{item->body(), w_.intel.TcbSigningChain()}, "https://pcs.example/"}, at, false)
            .ok());
    kept.insert(kept.begin(), item->sha256().hex());
  }
  std::vector<std::string> seen;
  std::string query = "key=intel/tcb/sgx/00806f050000/standard";
  for (int page = 0; page < 3; ++page) {
    const json history = History(query);
    EXPECT_LE(history["versions"].size(), HistoryApi::kVersions);
    for (const json& version : history["versions"]) {
      seen.push_back(version["sha256"]);
      EXPECT_EQ(version.contains("changes"), seen.size() < kept.size()) << "all but the oldest of all";
    }
    ASSERT_EQ(history.contains("before"), page < 2);
    if (page < 2)
      query = StrCat("key=intel/tcb/sgx/00806f050000/standard&before=", history["before"].get<std::string>());
  }
  EXPECT_EQ(seen, kept);
}

TEST_F(HistoryApiTest, MakesSoManyAnswersAtATime) {
  for (const size_t at_once : {0u, 1u}) {
    HistoryApi api(w_.app->cache(), at_once);
    http::Router router({.prefix = "",
                         .not_found = {},
                         .bad_request = BadRequest,
                         .unauthorized = Unauthorized,
                         .wrong_method = {}});
    api.AddTo(router);
    http::Request request;
    request.method = "GET";
    request.path = "/v1/history";
    request.query = "key=intel/tcb/sgx/00806f050000/standard";
    for (int again = 0; again < 2; ++again) {
      const http::Response answer = router.Handle(request, RoleSet::All());
      EXPECT_EQ(answer.status, at_once == 0 ? 503 : 200) << "what one held is given back";
      EXPECT_EQ(answer.Header("Retry-After").has_value(), at_once == 0);
    }
  }
}

TEST_F(HistoryApiTest, ComparesAnyTwo) {
  const json back = History(StrCat("key=intel/tcb/sgx/00806f050000/standard&from=", second_->sha256().hex(),
                                   "&to=", first_->sha256().hex()));
  ASSERT_EQ(back["changes"].size(), 1u);
  EXPECT_TRUE(back["changes"][0].get<std::string>().ends_with("advisories removed: INTEL-SA-09999"));
}

TEST_F(HistoryApiTest, SaysWhatIsWrongWithAQuestion) {
  EXPECT_EQ(w_.Ask("/v1/history").status, 400);
  EXPECT_EQ(w_.Ask("/v1/history?key=nothing").status, 400);
  EXPECT_EQ(w_.Ask("/v1/history?key=intel/crl/root").status, 404);
  EXPECT_EQ(w_.Ask("/v1/history?key=intel/tcb/sgx/00806f050000/standard&from=00").status, 400);
  EXPECT_EQ(w_.Ask("/v1/history?key=intel/tcb/sgx/00806f050000/standard&from=00&to=00").status, 400);
  const std::string none(64, '0');
  const std::string key = "/v1/history?key=intel/tcb/sgx/00806f050000/standard";
  EXPECT_EQ(w_.Ask(StrCat(key, "&from=", none, "&to=", none)).status, 404);
  EXPECT_EQ(w_.Ask(StrCat(key, "&before=", none)).status, 404);
  EXPECT_EQ(w_.Ask(StrCat(key, "&before=", first_->sha256().hex())).status, 404) << "it is the oldest";
  EXPECT_EQ(w_.Ask(StrCat(key, "&before=", none, "&from=", none, "&to=", none)).status, 400);
}

TEST_F(HistoryApiTest, ReadsAnswerWhatWasHeldThen) {
  const auto then = w_.Ask(AtQuery(sim::kNow));
  EXPECT_EQ(then.status, 200);
  EXPECT_EQ(then.body, AsText(first_->body()));
  EXPECT_EQ(w_.Ask(AtQuery(later_ - Seconds(1))).body, AsText(first_->body()));
  EXPECT_EQ(w_.Ask(AtQuery(later_)).body, AsText(second_->body()));
  EXPECT_EQ(w_.Ask(AtQuery(sim::kNow - Seconds(1))).status, 404) << "issued, but not held";
  const auto stale = w_.Ask(AtQuery(second_->next_update() + Seconds(1)));
  EXPECT_EQ(stale.Header("X-Thimble-Freshness"), "stale");
  EXPECT_EQ(stale.Header("Warning"), "110 - \"Response is Stale\"");
  EXPECT_EQ(w_.Ask(StrCat(kTcb, "&at=noon")).status, 400);
  EXPECT_EQ(w_.vendor.Count(), 0u);
}

}  // namespace
}  // namespace thimble
