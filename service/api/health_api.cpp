// SPDX-License-Identifier: Apache-2.0
#include "service/api/health_api.h"

#include "service/api/problem.h"
#include "service/http/query.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// What is wrong with an item, or empty.
std::string DegradedBy(const CacheStatus& item) {
  if (!item.last_error.empty()) return StrCat("last refresh failed: ", item.last_error);
  if (item.freshness == Freshness::kStale) return StrCat("next update was ", FormatRfc3339(item.next_update));
  return {};
}

std::string RefusedReload(const ReloadOutcome& reload) {
  return StrCat("refused on ", FormatRfc3339(reload.at), ", the one before it is in force: ", reload.refused);
}

}  // namespace

void HealthApi::AddTo(http::Router& router) {
  // Open to anyone: a liveness probe has no token, and learns nothing else here.
  router.Add(
      {"GET",
       "/healthz",
       {},
       [](const http::Request&, const http::Query&) { return http::NoStore(200, "text/plain", "ok\n"); },
       std::nullopt});
  router.Add({"GET", "/readyz", {"strict"}, [this](const http::Request&, const http::Query& q) {
                return Ready(q);
              }});
  router.Add({"GET", "/v1/status", {}, [this](const http::Request&, const http::Query&) {
                return http::NoStore(200, "application/json", StatusJson(Report()));
              }});
}

http::Response HealthApi::Ready(const http::Query& query) {
  const std::string_view strict = query.Get("strict").value_or("0");
  if (strict != "0" && strict != "1") return BadRequest("strict must be 0 or 1");

  const auto read = sources_.store.Get("readyz");
  const bool ready = read.ok() && !sources_.anchors.all().empty();
  const auto degraded = Degraded();
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("ready").Bool(ready);
  if (!read) json.Key("store").String(read.error().message);
  json.Key("degraded").BeginArray();
  for (const auto& [item, reason] : degraded) {
    json.BeginObject();
    json.Key("item").String(item);
    json.Key("reason").String(reason);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  const bool good = ready && (degraded.empty() || strict != "1");
  return http::NoStore(good ? 200 : 503, "application/json", std::move(body));
}

void AddAudit(const AuditLog::State& audit, std::vector<std::pair<std::string, std::string>>& degraded) {
  if (audit.lost != 0 || !audit.last_error.empty()) {
    const std::string_view separator = audit.last_error.empty() ? "" : ": ";
    degraded.emplace_back("audit", StrCat(audit.lost, " records lost", separator, audit.last_error));
  }
  if (audit.near_limit()) {
    degraded.emplace_back("audit size",
                          StrCat(audit.bytes >> 20, " of ", audit.limit >> 20,
                                 " MiB: move its oldest files away, set keep_files, or raise max_total_mib"));
  }
}

// What is not as it should be, and why.
std::vector<std::pair<std::string, std::string>> HealthApi::Degraded() {
  std::vector<std::pair<std::string, std::string>> degraded;
  for (const CacheStatus& item : sources_.cache.Status(sources_.clock.Now())) {
    if (std::string reason = DegradedBy(item); !reason.empty())
      degraded.emplace_back(KeyName(item.key), std::move(reason));
  }
  if (const auto audit = sources_.audit.state()) AddAudit(audit->log, degraded);
  if (const auto reload = sources_.reload.Get(); !reload->refused.empty())
    degraded.emplace_back("configuration", RefusedReload(*reload));
  if (const auto jump = sources_.refresh.jump()) {
    degraded.emplace_back("clock", StrCat("was set by ", jump->by.count(), " s to ", FormatRfc3339(jump->to),
                                          ": not everything has been asked for since"));
  }
  for (auto& line : sources_.damage.Lines()) degraded.push_back(std::move(line));
  return degraded;
}

bool HealthApi::IsReady() { return sources_.store.Get("readyz").ok() && !sources_.anchors.all().empty(); }

StatusReport HealthApi::Report() {
  StatusReport report = MakeStatusReport(sources_.cache, sources_.clock.Now());
  report.registrations = sources_.registry.platforms();
  for (const auto& [what, how] : sources_.damage.Lines()) report.damage.push_back(StrCat(what, ": ", how));
  report.events = sources_.events.Counts();
  std::erase_if(report.events, [](const auto& event) { return event.second == 0; });
  report.refusals = sources_.refusals.Counts();
  report.last_refusals = sources_.refusals.Last();
  report.coming = sources_.watch.Coming();
  report.lags = sources_.lags.Known(report.at);
  if (const auto reload = sources_.reload.Get(); !reload->refused.empty())
    report.configuration = RefusedReload(*reload);
  return report;
}

}  // namespace thimble
