// SPDX-License-Identifier: Apache-2.0
//
// GET /metrics, and the log.
#include <gtest/gtest.h>

#include <regex>
#include <thread>

#include "service/support/counters.h"
#include "service/support/log.h"
#include "service/support/prometheus_text.h"
#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using test::OpsWorld;

// The value of a sample, by its name and labels exactly as they are written; -1 when it is not there.
double Sample(const std::string& metrics, const std::string& sample) {
  const size_t at = metrics.find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + 1 + sample.size()));
}

std::string Metrics(OpsWorld& w) {
  const auto answer = w.Ask("/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  return answer.body;
}

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";

TEST(Metrics, CountRequestsByDialectRouteAndCode) {
  OpsWorld w;
  w.Start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(w.Ask(kTcb).status, 200);
  EXPECT_EQ(w.Ask("/sgx/certification/v4/tcb?fmspc=1").status, 400);
  EXPECT_EQ(w.Ask("/nothing/here").status, 404);
  const std::string metrics = Metrics(w);
  const std::string tcb = R"({dialect="intel",method="GET",route="/sgx/certification/v4/tcb")";
  EXPECT_EQ(Sample(metrics, "thimble_requests_total" + tcb + R"(,code="200"})"), 3);
  EXPECT_EQ(Sample(metrics, "thimble_requests_total" + tcb + R"(,code="400"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(thimble_requests_total{dialect="none",method="any",route="none",code="404"})"),
            1);
  EXPECT_EQ(Sample(metrics, "thimble_request_seconds_count" + tcb + "}"), 4);
  EXPECT_EQ(Sample(metrics, "thimble_request_seconds_bucket" + tcb + R"(,le="+Inf"})"), 4);
  EXPECT_GT(Sample(metrics, "thimble_request_seconds_sum" + tcb + "}"), 0);
}

// Every route, with something in the place of each name, and what the vendors' clients ask for.
TEST(Metrics, CountNoKnownPathAsNone) {
  OpsWorld w;
  w.Start();
  std::vector<std::string> requests = w.app->Routes();
  const std::string chip(128, 'a');
  for (const std::string& target :
       {std::string("/vcek/v1/Milan/cert_chain"), std::string("/vlek/v1/Turin/crl"),
        StrCat("/vcek/v1/Genoa/", chip), StrCat("/SevSnpVM/certificates/", chip, "/73"),
        std::string("/metadata/THIM/amd/certification"),
        std::string("/metadata/THIM/sgx/certification/v4/tcb")}) {
    requests.push_back(StrCat("GET ", target));
  }
  ASSERT_GT(requests.size(), 60u);
  for (const std::string& line : requests) {
    http::Request request;
    const size_t space = line.find(' ');
    request.method = line.substr(0, space);
    request.path = std::regex_replace(line.substr(space + 1), std::regex(R"(\{\w+\})"), "x");
    (void)w.app->Handle(request);
  }
  const std::string metrics = Metrics(w);
  EXPECT_EQ(metrics.find(R"(dialect="none")"), std::string::npos) << metrics;
  for (const char* const route : {"/vcek/v1/{product}/{hwid}", "/vcek/v1/{product}/cert_chain"}) {
    EXPECT_NE(metrics.find(StrCat(R"({dialect="amd",method="GET",route=")", route, "\"")), std::string::npos)
        << route;
  }
  EXPECT_NE(metrics.find(R"({dialect="azure",method="GET",route="/SevSnpVM/certificates/{chip}/{tcb}")"),
            std::string::npos);
}

TEST(Metrics, CountHitsMissesUpstreamsAndVerdicts) {
  OpsWorld w;
  w.Start();
  w.Ask(kTcb);
  w.Ask(kTcb);
  test::Post(w.port(), "/v1/verify", "application/octet-stream", AsText(w.intel.Quote()));
  w.vendor.SetMode("bad-signature");
  w.Ask("/tdx/certification/v4/tcb?fmspc=00806F050000");
  const std::string metrics = Metrics(w);
  EXPECT_GE(Sample(metrics, R"(thimble_cache_events_total{event="hit"})"), 1);
  EXPECT_GE(Sample(metrics, R"(thimble_cache_events_total{event="miss"})"), 1);
  EXPECT_EQ(Sample(metrics, R"(thimble_cache_events_total{event="refused"})"), 1);
  const std::string upstream =
      StrCat("thimble_upstream_calls_total{upstream=\"", w.vendor.PcsUrl(), "\",outcome=\"");
  EXPECT_GE(Sample(metrics, upstream + "answered\"}"), 4);
  EXPECT_EQ(Sample(metrics, upstream + "refused\"}"), 1);
  EXPECT_EQ(
      Sample(
          metrics,
          R"(thimble_verdicts_total{about="now",tee="sgx",status="UpToDate",policy="default",decision="accept"})"),
      1);
}

TEST(Metrics, ShowWhenItemsExpireAndWhatFails) {
  OpsWorld w;
  const Instant late = sim::kNow + std::chrono::hours(24 * 22);  // a day past the TCB info's next update
  w.Start(late);
  EXPECT_EQ(w.Ask(kTcb).status, 200);
  EXPECT_EQ(w.Ask("/sgx/certification/v4/rootcacrl").status, 200);
  const std::string metrics = Metrics(w);
  EXPECT_EQ(Sample(metrics, R"(thimble_seconds_until_expiry{kind="intel/tcb"})"), -86400);
  EXPECT_EQ(Sample(metrics, "thimble_worst_seconds_until_expiry"), -86400);
  EXPECT_GT(Sample(metrics, R"(thimble_seconds_until_expiry{kind="intel/crl"})"), 86400 * 200);
  EXPECT_EQ(Sample(metrics, R"(thimble_items{freshness="stale"})"), 1);
  const std::string item = R"({item="intel/tcb/sgx/00806f050000/standard"})";
  EXPECT_EQ(Sample(metrics, "thimble_item_stale" + item), 1);
  EXPECT_EQ(Sample(metrics, "thimble_item_failing" + item), 1) << "upstream has nothing newer";
}

TEST(Metrics, NameTheItemWhoseRefreshFailed) {
  OpsWorld w;
  w.Start();
  w.Fill();
  w.vendor.SetMode("503");
  ASSERT_EQ(w.Admin("POST", "/v1/refresh").status, 200);
  const std::string metrics = Metrics(w);
  EXPECT_EQ(Sample(metrics, "thimble_refresh_passes_total"), 1);
  EXPECT_GE(Sample(metrics, R"(thimble_refresh_items_total{outcome="failed"})"), 1) << "the early sets";
  EXPECT_EQ(Sample(metrics, "thimble_platform_items"), 1);
  EXPECT_EQ(Sample(metrics, "thimble_item_failing{item=\"intel/crl/root\"}"), -1) << "it was not due";
}

TEST(PrometheusText, EscapesLabels) {
  PrometheusText text;
  text.Metric("a_total", "counter", "What it is.");
  text.Sample({{"l", "x\"y\\z\n"}}, 1.5);
  text.Sample({}, 2);
  EXPECT_EQ(
      text.Take(),
      "# HELP a_total What it is.\n# TYPE a_total counter\na_total{l=\"x\\\"y\\\\z\\n\"} 1.5\na_total 2\n");
}

TEST(Counters, AddUpWhatManyThreadsCount) {
  Counters counters(2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 1000; ++n) counters.Add(1);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counters.Sum(0), 0u);
  EXPECT_EQ(counters.Sum(1), 12'000u);
}

// -- The log ----------------------------------------------------------------------------------------------------------

// What is written to stderr meanwhile.
std::string Logged(LogFormat format, const std::function<void()>& log) {
  SetLogFormat(format);
  SetLogLevel(LogLevel::kInfo);
  testing::internal::CaptureStderr();
  log();
  std::string text = testing::internal::GetCapturedStderr();
  SetLogFormat(LogFormat::kText);
  SetLogLevel(LogLevel::kOff);
  return text;
}

TEST(Log, TextIsOneLineThatNothingCanForge) {
  const std::string text = Logged(LogFormat::kText, [] {
    LogInfo("import", {{"id", 7}, {"from", "a b"}, {"path", "/x?y=\n"}, {"whole", true}, {"none", ""}},
            "a\nb");
  });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
  EXPECT_NE(text.find(R"( info import: id=7 from="a b" path="/x?y=\u000a" whole=true "a\u000ab")"),
            std::string::npos)
      << text;
}

TEST(Log, TextOfAnEventAloneIsItsName) {
  EXPECT_TRUE(Logged(LogFormat::kText, [] { LogInfo("stopping"); }).ends_with(" info stopping\n"));
}

TEST(Log, JsonHasTheFieldsWithTheirTypes) {
  const std::string text = Logged(LogFormat::kJson, [] {
    LogWarning("refresh failed",
               {{"item", "intel/crl/root"}, {"took_ms", 5}, {"stale", false}, {"url", "http://a/?b=c"}},
               "no \"answer\"\n{");
    LogDebug("never seen");
    LogInfo("stopping");
  });
  const size_t end = text.find('\n');
  auto line = nlohmann::json::parse(text.substr(0, end), nullptr, false);
  ASSERT_TRUE(line.is_object()) << text;
  EXPECT_TRUE(ParseRfc3339(line["time"].get<std::string>().substr(0, 19) + "Z"));
  line.erase("time");
  EXPECT_EQ(line, nlohmann::json({{"level", "warning"},
                                  {"event", "refresh failed"},
                                  {"item", "intel/crl/root"},
                                  {"took_ms", 5},
                                  {"stale", false},
                                  {"url", "http://a/?b=c"},
                                  {"message", "no \"answer\"\n{"}}));
  const auto last = nlohmann::json::parse(text.substr(end + 1), nullptr, false);
  EXPECT_EQ(last["event"], "stopping") << text;
}

TEST(Metrics, SayHowTheLastReloadEnded) {
  OpsWorld w;
  w.Start();
  EXPECT_EQ(Sample(Metrics(w), "thimble_reload_timestamp_seconds"), 0);
  EXPECT_EQ(Sample(Metrics(w), "thimble_reload_refused"), 0);
  w.app->RecordRefusedReload({ErrorKind::kMalformed, Check::kRequest, "no"});
  EXPECT_EQ(Sample(Metrics(w), "thimble_reload_refused"), 1);
  ASSERT_TRUE(w.app->Reload(w.config).ok());
  EXPECT_EQ(Sample(Metrics(w), "thimble_reload_refused"), 0);
  EXPECT_GT(Sample(Metrics(w), "thimble_reload_timestamp_seconds"), 1e9);
}

// A counter that begins with its first event shows no increase by it.
TEST(Metrics, HaveEveryEventFromTheStart) {
  OpsWorld w;
  w.Start();
  const std::string metrics = Metrics(w);
  for (const char* const event : {"hit", "refused", "rollback", "store_failed"})
    EXPECT_EQ(Sample(metrics, StrCat("thimble_cache_events_total{event=\"", event, "\"}")), 0) << event;
}

TEST(Metrics, SayWhatTheProcessTakes) {
  OpsWorld w;
  w.Start();
  const std::string metrics = Metrics(w);
  EXPECT_GT(Sample(metrics, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(Sample(metrics, "process_open_fds"), 3);
  EXPECT_GE(Sample(metrics, "process_max_fds"), Sample(metrics, "process_open_fds"));
  EXPECT_GT(Sample(metrics, "process_threads"), 1);
  EXPECT_GT(Sample(metrics, "process_cpu_seconds_total"), 0);
  const auto now = static_cast<double>(Clock::WallTime().time_since_epoch().count());
  EXPECT_LE(Sample(metrics, "process_start_time_seconds"), now + 60);
  EXPECT_GT(Sample(metrics, "process_start_time_seconds"), now - 86400);
}

}  // namespace
}  // namespace thimble
