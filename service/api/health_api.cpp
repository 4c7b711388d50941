// SPDX-License-Identifier: Apache-2.0
#include "service/api/health_api.h"

#include "service/api/problem.h"
#include "service/http/query.h"
#include "service/monitoring/hidden_ids.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::chrono::seconds kCountedEvery{60};

}  // namespace

Ids IdsFor(RoleSet roles) { return roles.Has(Role::kAdmin) ? Ids::kShown : Ids::kHidden; }

HealthApi::HealthApi(HealthSources sources)
    : sources_(std::move(sources)),
      past_grace_([this] { return PlatformsPastGrace(sources_.summary); }, std::chrono::steady_clock::now,
                  kCountedEvery) {}

void HealthApi::AddTo(http::Router& router) {
  // Open to anyone: a liveness probe has no token, and learns nothing else here.
  router.Add({.method = "GET",
              .path = "/healthz",
              .parameters = {},
              .handler = [](const http::Request&,
                            const http::Query&) { return http::NoStore(200, "text/plain", "ok\n"); },
              .role = std::nullopt,
              .at_once = true});
  router.Add({"GET", "/readyz", {"strict"}, [this](const http::Request&, const http::Query& q) {
                return Ready(q);
              }});
  router.Add({"GET", "/v1/status", {}, [this](const http::Request& request, const http::Query&) {
                return http::NoStore(200, "application/json",
                                     StatusJson(Report(IdsFor(sources_.roles_of(request)))));
              }});
}

http::Response HealthApi::Ready(const http::Query& query) {
  const std::string_view strict = query.Get("strict").value_or("0");
  if (strict != "0" && strict != "1") return BadRequest("strict must be 0 or 1");

  const thimble::Status ready = ReadinessOf(sources_.summary);
  auto degraded = DegradedOf(sources_.summary);
  if (const size_t past = strict == "1" ? past_grace_.Get() : 0; past != 0)
    degraded.push_back({"platform items", StrCat(past, " are past their grace and not served")});
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("ready").Bool(ready.ok());
  if (!ready) json.Key("store").String(ready.error().message);
  json.Key("degraded").BeginArray();
  for (const auto& [item, reason] : degraded) {
    json.BeginObject();
    json.Key("item").String(item);
    json.Key("reason").String(WithoutIds(reason));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  const bool good = ready.ok() && (degraded.empty() || strict != "1");
  return http::NoStore(good ? 200 : 503, "application/json", std::move(body));
}

StatusReport HealthApi::Report(Ids ids) {
  const SummarySources& s = sources_.summary;
  StatusReport report = MakeStatusReport(s.cache, s.clock.Now(), ids);
  report.summary = SummaryOf(s);
  report.registrations = s.registry.platforms();
  for (const auto& [what, how] : s.damage.Lines()) report.damage.push_back(StrCat(what, ": ", how));
  report.events = sources_.events.Counts();
  std::erase_if(report.events, [](const auto& event) { return event.second == 0; });
  report.refusals = sources_.refusals.Counts();
  report.last_refusals = sources_.refusals.Last();
  report.coming = report.summary->coming;
  report.lags = s.lags.Known(report.at);
  report.configuration = report.summary->refused_reload;
  if (ids == Ids::kHidden) HideIds(report);
  return report;
}

}  // namespace thimble
