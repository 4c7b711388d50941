// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "service/audit/audit_log.h"
#include "service/monitoring/status_report.h"
#include "service/support/clock.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tests/service/testing/world.h"

namespace thimble {
namespace {

using nlohmann::json;
using test::Get;

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";

TEST(HealthApi, IsAliveAndReady) {
  test::World w;
  w.Start();
  EXPECT_EQ(Get(w.port(), "/healthz").body, "ok\n");
  const auto ready = Get(w.port(), "/readyz?strict=1");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(json::parse(ready.body), json::parse(R"({"ready": true, "degraded": []})"));
  EXPECT_EQ(Get(w.port(), "/readyz?strict=yes").status, 400);
}

TEST(HealthApi, ListsWhatIsStaleAndFailsOnlyWhenStrict) {
  test::World w;
  w.Start(sim::kNow + Seconds(25 * 86400));  // past the next update of a TCB info
  ASSERT_EQ(Get(w.port(), kTcb).status, 200);
  const auto plain = Get(w.port(), "/readyz");
  EXPECT_EQ(plain.status, 200);
  EXPECT_EQ(json::parse(plain.body)["degraded"][0]["item"], "intel/tcb/sgx/00806f050000/standard");
  EXPECT_EQ(Get(w.port(), "/readyz?strict=1").status, 503);
}

TEST(HealthApi, ListsAnAuditTrailThatIsHalfFull) {
  for (const uint32_t limit : {2u, 8u}) {
    test::World w;
    w.config.audit.directory = w.files / "audit";
    w.config.audit.max_file_mib = 1;
    w.config.audit.max_total_mib = limit;
    {
      const auto log = AuditLog::Open(w.config.audit, Clock::WallTime).value();
      ASSERT_TRUE(log->AppendDurably("\"pad\":\"" + std::string(1u << 20, 'x') + '"').ok());
    }
    w.Start();
    const json degraded = json::parse(Get(w.port(), "/readyz").body)["degraded"];
    ASSERT_EQ(degraded.size(), limit == 2 ? 1u : 0u) << degraded;
    if (limit == 2) {
      EXPECT_EQ(degraded[0]["item"], "audit size");
    }
    EXPECT_NE(Get(w.port(), "/metrics").body.find(StrCat("thimble_audit_limit_bytes ", limit << 20)),
              std::string::npos);
  }
}

// A clock that was set degrades until everything has been asked for again, which passes do by themselves.
TEST(HealthApi, AClockThatWasSetDegradesUntilACompleteRefresh) {
  test::World w;
  w.Start();
  ASSERT_EQ(Get(w.port(), kTcb).status, 200);
  (void)w.app->refresh().RunNow();  // the early set and the numbers come along
  const auto jumps = [&] {
    return Get(w.port(), "/metrics").body.find("thimble_clock_jumps_total 1\n") != std::string::npos;
  };
  EXPECT_FALSE(jumps());
  w.app->refresh().NoteJump({sim::kNow, Seconds(-3600)});
  const auto ready = Get(w.port(), "/readyz");
  EXPECT_EQ(ready.status, 200);
  const json degraded = json::parse(ready.body)["degraded"];
  ASSERT_EQ(degraded.size(), 1u);
  EXPECT_EQ(degraded[0]["item"], "clock");
  EXPECT_NE(std::string(degraded[0]["reason"]).find("-3600 s"), std::string::npos) << degraded;
  EXPECT_EQ(Get(w.port(), "/readyz?strict=1").status, 503);
  EXPECT_TRUE(jumps());

  w.app->refresh().NoteJump({sim::kNow + Seconds(1), Seconds(61)});  // nothing was checked since
  w.vendor.SetMode("404", kTcb);
  EXPECT_EQ(w.app->refresh().RunNow().not_due, 0u) << "everything is due";
  EXPECT_EQ(Get(w.port(), "/readyz?strict=1").status, 503) << "one has failed";
  w.vendor.SetMode("ok", kTcb);
  EXPECT_TRUE(w.app->refresh().RunNow().complete());
  EXPECT_EQ(Get(w.port(), "/readyz?strict=1").status, 200);
}

TEST(StatusReport, GivesEveryItemAndComesBackFromItsJson) {
  test::World w;
  w.Start();
  ASSERT_EQ(Get(w.port(), kTcb).status, 200);
  ASSERT_EQ(Get(w.port(), "/sgx/certification/v4/rootcacrl").status, 200);
  const auto report = ParseStatusJson(Get(w.port(), "/v1/status").body);
  ASSERT_TRUE(report.ok()) << report.error().message;
  ASSERT_EQ(report->items.size(), 2u);
  const CacheStatus& tcb = report->items.at(0);  // its next update is the earlier one
  EXPECT_EQ(KeyName(tcb.key), "intel/tcb/sgx/00806f050000/standard");
  EXPECT_EQ(tcb.freshness, Freshness::kFresh);
  EXPECT_EQ(tcb.fetched, sim::kNow);
  EXPECT_EQ(tcb.sha256, Sha256(w.intel.TcbInfo(IntelTee::kSgx)).hex());
  EXPECT_EQ(tcb.source, StrCat(w.vendor.PcsUrl(), "tcb?fmspc=00806F050000"));
  EXPECT_EQ(tcb.order_number, sim::kStandardNumber);
  EXPECT_NE(StatusText(*report).text().find("intel/crl/root"), std::string::npos);
}

TEST(StatusReport, RefusesWhatIsNotOne) {
  for (const char* bad :
       {"", "{}", R"({"at": "x", "platform_items": 0, "items": []})",
        R"({"at": "2026-06-01T00:00:00Z", "platform_items": 0, "registrations": 0, "items": [{}]})"}) {
    const auto report = ParseStatusJson(bad);
    ASSERT_FALSE(report.ok()) << bad;
    EXPECT_EQ(report.error().kind, ErrorKind::kUnavailable);
  }
}

TEST(StatusReport, SaysWhatIsRegisteredAndWhatIsDamaged) {
  StatusReport report;
  report.registrations = 200;
  report.damage = {"registrations: 3 lines of the journal were damaged"};
  const auto read = ParseStatusJson(StatusJson(report));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->registrations, 200u);
  EXPECT_EQ(read->damage, report.damage);
  const std::string text = StatusText(*read).text();
  EXPECT_NE(text.find("registrations: 200"), std::string::npos) << text;
  EXPECT_NE(text.find(report.damage.front()), std::string::npos) << text;
}

TEST(OwnRoutes, AnswerWhatIsNotThereWithAProblem) {
  test::World w;
  w.Start();
  const auto answer = Get(w.port(), "/v1/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.Header("Content-Type"), "application/problem+json");
}

}  // namespace
}  // namespace thimble
