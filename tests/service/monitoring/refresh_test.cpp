// SPDX-License-Identifier: Apache-2.0
//
// `thimble refresh`, POST /v1/refresh and the scheduler, with the real binary before a simulated Intel.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/monitoring/refresh_report.h"
#include "service/monitoring/status_report.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tests/service/testing/process.h"
#include "tests/service/testing/world.h"
#include "tests/support/eventually.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::ProcessResult;
using test::RunThimble;
using test::ServeProcess;

std::string FmspcNumber(int i) { return StrCat(sim::kManyFmspcs, i / 10, i % 10); }

class RefreshTest : public testing::Test {
 protected:
  RefreshTest() : data_(w_.files / "data") {}

  std::vector<std::string> With(std::vector<std::string> arguments, std::vector<std::string> more) const {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::vector<std::string> Upstream() const {
    return {"--data", data_, "--pcs-url", w_.vendor.PcsUrl(), "--anchor", w_.files / "root.pem"};
  }
  std::vector<std::string> Serve(Instant now) const {
    return With({"--listen", "127.0.0.1:0", "--frozen-time", FormatRfc3339(now)}, Upstream());
  }
  // What a running server says, once `holds` does; or what it said last.
  StatusReport Status(const std::function<bool(const StatusReport&)>& holds) {
    StatusReport report;
    (void)test::Eventually([&] {
      const ProcessResult result = RunThimble({"status", "--data", data_, "--json"});
      auto parsed = ParseStatusJson(result.out);
      if (parsed) report = *parsed;
      return parsed && holds(report);
    });
    return report;
  }

  test::World w_;
  std::string data_;
};

TEST_F(RefreshTest, OneOfFiftyThatFailsIsNamedEverywhereAndKeepsNoOtherFromBeingRenewed) {
  {
    const ServeProcess server(Serve(sim::kNow));
    ASSERT_NE(server.address(), "");
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(RunThimble({"fetch", "--fmspc", FmspcNumber(i), "--data", data_}).exit_code, 0) << i;
    }
    const ProcessResult fresh = RunThimble({"refresh", "--data", data_, "--json"});
    EXPECT_EQ(fresh.exit_code, 0) << fresh.out << fresh.err;
  }
  const Instant later = sim::kNow + std::chrono::hours(25);
  w_.vendor.SetNow(later);
  w_.vendor.SetMode("404", StrCat("/sgx/certification/v4/tcb?fmspc=", FmspcNumber(17)));
  const std::string bad = "intel/tcb/sgx/ff0000000017/";  // standard and early

  const ServeProcess server(Serve(later));
  ASSERT_NE(server.address(), "");
  const ProcessResult refreshed = RunThimble({"refresh", "--data", data_, "--json"});
  EXPECT_EQ(refreshed.exit_code, 3) << refreshed.out << refreshed.err;
  const auto report = ParseRefreshJson(refreshed.out);
  ASSERT_TRUE(report.ok()) << refreshed.out;
  ASSERT_GE(report->Count(RefreshLine::Outcome::kFailed), 1u);
  for (const RefreshLine& line : report->lines) {
    const std::string name = KeyName(line.key);
    EXPECT_EQ(line.outcome == RefreshLine::Outcome::kFailed, name.starts_with(bad)) << name;
  }
  const ProcessResult text = RunThimble({"refresh", "--data", data_});
  EXPECT_EQ(text.exit_code, 3);
  EXPECT_NE(text.out.find(StrCat("failed: ", bad)), std::string::npos) << text.out;

  const StatusReport status = Status([&](const StatusReport& s) { return !s.items.empty(); });
  size_t renewed = 0;
  for (const CacheStatus& item : status.items) {
    const std::string name = KeyName(item.key);
    if (name.starts_with("intel/tcb/sgx/") && name.ends_with("/standard")) renewed += item.fetched == later;
    EXPECT_EQ(item.last_error.empty(), !name.starts_with(bad)) << name << item.last_error;
  }
  EXPECT_EQ(renewed, 49u);
  EXPECT_TRUE(KeyName(status.items.at(0).key).starts_with(bad)) << "what fails is at the top";
}

TEST_F(RefreshTest, TheSchedulerRenewsByItself) {
  {
    const ServeProcess server(Serve(sim::kNow));
    ASSERT_EQ(RunThimble({"fetch", "--fmspc", sim::kServerFmspc, "--data", data_}).exit_code, 0);
  }
  const Instant later = sim::kNow + std::chrono::hours(25);
  w_.vendor.SetNow(later);
  const ServeProcess server(Serve(later));
  const auto all_renewed = [&](const StatusReport& report) {
    return !report.items.empty() && std::ranges::all_of(report.items, [&](const CacheStatus& item) {
      return item.last_check == later;
    });
  };
  EXPECT_TRUE(all_renewed(Status(all_renewed)));
}

TEST_F(RefreshTest, WorksAloneOnAClosedStore) {
  const Instant now = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
  w_.vendor.SetNow(now);
  ASSERT_EQ(RunThimble(With({"fetch", "--fmspc", sim::kServerFmspc}, Upstream())).exit_code, 0);
  const ProcessResult good = RunThimble(With({"refresh", "--json"}, Upstream()));
  EXPECT_EQ(good.exit_code, 0) << good.out << good.err;
  const auto report = ParseRefreshJson(good.out);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->Count(RefreshLine::Outcome::kRenewed), 6u) << "early sets and numbers of both TEEs";
}

// One refresh while the clock is ahead, and what became of the day after (clock-ahead of the cases from the field).
TEST_F(RefreshTest, OneRefreshWithAClockAheadHidesNothing) {
  {
    const ServeProcess server(Serve(sim::kNow));
    ASSERT_EQ(RunThimble({"fetch", "--fmspc", sim::kServerFmspc, "--data", data_}).exit_code, 0);
  }
  {
    const ServeProcess ahead(Serve(sim::kNow + std::chrono::hours(24 * 400)));
    ASSERT_NE(ahead.address(), "");
    (void)RunThimble({"refresh", "--data", data_});  // all of it has ended by then
  }
  const Instant later = sim::kNow + std::chrono::hours(26);
  w_.vendor.SetNow(later);
  const ServeProcess server(Serve(later));
  const auto all_renewed = [&](const StatusReport& report) {
    return !report.items.empty() && std::ranges::all_of(report.items, [&](const CacheStatus& item) {
      return item.last_check == later && item.fetched <= later;
    });
  };
  EXPECT_TRUE(all_renewed(Status(all_renewed)));
}

TEST_F(RefreshTest, AsksNowForAllForOneItemOrForAnFmspc) {
  const ServeProcess server(Serve(sim::kNow));
  ASSERT_EQ(RunThimble({"fetch", "--fmspc", sim::kServerFmspc, "--data", data_}).exit_code, 0);
  ASSERT_EQ(RunThimble({"fetch", "--fmspc", FmspcNumber(1), "--data", data_}).exit_code, 0);
  ASSERT_EQ(RunThimble({"refresh", "--data", data_}).exit_code, 0);  // early sets and numbers
  const auto refresh = [&](std::vector<std::string> what) {
    const ProcessResult result = RunThimble(With({"refresh", "--data", data_, "--json"}, std::move(what)));
    EXPECT_EQ(result.exit_code, 0) << result.out << result.err;
    return json::parse(result.out);
  };
  const json due = refresh({});
  EXPECT_EQ(due["items"].size(), 0u) << due;
  const json all = refresh({"--all"});
  EXPECT_EQ(all["not_due"], 0) << all;
  EXPECT_EQ(all["kept"], due["not_due"]) << all;
  const json one = refresh({"--item", "intel/crl/root"});
  ASSERT_EQ(one["items"].size(), 1u) << one;
  EXPECT_EQ(one["items"][0]["item"], "intel/crl/root");
  const json platforms = refresh({"--fmspc", FmspcNumber(1)});
  ASSERT_GE(platforms["items"].size(), 2u) << platforms;
  for (const json& item : platforms["items"])
    EXPECT_NE(std::string(item["item"]).find(LowerCase(FmspcNumber(1))), std::string::npos) << item;

  for (const auto& wrong :
       std::vector<std::vector<std::string>>{{"--item", "nothing"},
                                             {"--item", "intel/pck/none"},
                                             {"--item", "intel/tcb/sgx/112233445566/standard"},
                                             {"--fmspc", "12"},
                                             {"--fmspc", FmspcNumber(2)},
                                             {"--all", "--item", "intel/crl/root"}}) {
    const ProcessResult refused = RunThimble(With({"refresh", "--data", data_}, wrong));
    EXPECT_EQ(refused.exit_code, 2) << wrong.back() << refused.out;
    EXPECT_NE(refused.err, "") << wrong.back();
  }
}

TEST_F(RefreshTest, AClockBeforeWhatIsHeldIsRefused) {
  {
    const ServeProcess server(Serve(sim::kNow));
    ASSERT_EQ(RunThimble({"fetch", "--fmspc", sim::kServerFmspc, "--data", data_}).exit_code, 0);
  }
  const auto arguments = Serve(sim::kNow - std::chrono::hours(24 * 30));
  EXPECT_EQ(ServeProcess(arguments).address(), "");
  const ProcessResult refused = RunThimble(With({"serve"}, arguments));
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("set the clock"), std::string::npos) << refused.err;
}

TEST_F(RefreshTest, IsTheAdminsAlone) {
  w_.Start();
  EXPECT_EQ(test::Post(w_.port(), "/v1/refresh", "application/json", "").status, 401);
  http::Request request;
  request.method = "POST";
  request.path = "/v1/refresh";
  request.admin = true;
  const http::Response response = w_.app->Handle(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(ParseRefreshJson(response.content->body()).ok());
}

TEST(RefreshReport, RefusesWhatIsNotOne) {
  for (const char* bad : {"", "{}", R"({"at": "x", "not_due": 0, "items": []})",
                          R"({"at": "2026-06-01T00:00:00Z", "not_due": 0,
                              "items": [{"item": "a", "outcome": "odd", "stale": false}]})"}) {
    EXPECT_FALSE(ParseRefreshJson(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace thimble
