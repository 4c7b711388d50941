// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/routes.h"

#include "service/api/metrics_api.h"
#include "service/api/problem.h"
#include "service/dialects/dialect_name.h"
#include "service/support/log.h"
#include "service/upstreams/miss_budgets.h"
#include "service/wiring/upstreams.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

http::Response NoSuchOwnRoute(const http::Request& request) {
  return ProblemResponse({.status = 404,
                          .title = "No such route",
                          .detail = StrCat(request.method, " ", request.path, " is not a route of Thimble"),
                          .check = ""});
}

std::vector<page::UpstreamLine> UpstreamLines(const Collateral& c) {
  std::vector<page::UpstreamLine> lines;
  for (const Upstreams::State& state : c.upstreams->States()) {
    const UpstreamEvents::Calls calls = c.upstream_events->CallsOf(state.url);
    lines.push_back({state.vendor == Vendor::kIntel ? "Intel" : "AMD", state.url, state.open, calls.answered,
                     calls.failed, calls.refused, calls.seconds});
  }
  return lines;
}

}  // namespace

Routes::Routes(const Config& config, Collateral& c, Appraisal& a, const Snapshot<ReloadOutcome>& reload,
               const Clock& clock, RolesOf roles_of)
    : clock_(clock),
      intel_dialect_(c.cache, a.evaluation, c.version3_infos, c.fmspcs, clock,
                     {config.honour_update, config.pccs.mode, c.upstreams->site(), config.cache.stale_grace}),
      kds_dialect_(c.cache, clock),
      pck_dialect_(c.pck_service, clock),
      platforms_dialect_(c.pck_service, c.registry, c.cache, a.evaluation, clock),
      admin_dialect_(c.upload, c.pck_service, c.registry, c.cache, c.appraisal_policies, clock),
      thim_dialect_(c.cache, clock, [&c] { return c.host_vcek.Get(); }),
      verify_api_(a.policies, *a.baselines, *a.audit, *a.signer, a.verification),
      collateral_api_(*a.baselines, a.verification, clock),
      result_api_(*a.signer, a.challenges, *a.audit, clock),
      baseline_api_(*a.baselines, *a.floors, a.promotions, clock),
      floors_api_(*a.floors, *a.baselines, clock),
      impact_api_(a.policies, *a.baselines, *a.floors, a.impact_study, clock),
      history_api_(c.cache),
      transfer_api_(c.transfer),
      operations_api_(c.refresh, *c.store, config.cache.data, config.audit.directory, clock),
      platform_api_(c.pck_service, c.registry, *a.audit),
      health_api_({c.cache, c.events, c.lags, refused_, *c.store, c.anchors, a.recovery_watch, *a.audit,
                   reload, c.refresh, c.registry, c.damage, clock}),
      page_({health_api_, c.cache, c.seen, c.registry, *a.baselines, *a.floors, a.verdict_hours, clock,
             [&c] { return UpstreamLines(c); },
             [this](const http::Request& request, RoleSet roles) { return router_.Handle(request, roles); },
             std::move(roles_of)}),
      router_({"", false, NoSuchOwnRoute, BadRequest, Unauthorized}) {
  intel_dialect_.AddTo(router_);
  kds_dialect_.AddTo(router_);
  pck_dialect_.AddTo(router_);
  platforms_dialect_.AddTo(router_);
  admin_dialect_.AddTo(router_);
  thim_dialect_.AddTo(router_);
  verify_api_.AddTo(router_);
  collateral_api_.AddTo(router_);
  result_api_.AddTo(router_);
  baseline_api_.AddTo(router_);
  floors_api_.AddTo(router_);
  impact_api_.AddTo(router_);
  history_api_.AddTo(router_);
  transfer_api_.AddTo(router_);
  operations_api_.AddTo(router_);
  platform_api_.AddTo(router_);
  health_api_.AddTo(router_);
  page_.AddTo(router_);
  AddMetricsTo(router_,
               {c.cache, c.events, c.lags, *c.upstream_events, a.verdicts, a.moved_sets, c.refresh, *c.store,
                c.damage, c.registry, reload, clock, *a.audit},
               requests_);
  requests_ = std::make_unique<RequestMetrics>(router_, DialectName);
}

http::Response Routes::Handle(const http::Request& request, RoleSet roles) {
  const MissBudgets::OnBehalf client(request.client);
  const SteadyTime begun = SteadyNow();
  const http::Route* route = nullptr;
  http::Response response = router_.Handle(request, roles, &route);
  const auto took = SteadyNow() - begun;
  requests_->Count(route, response.status, took);
  Record(request, response, took);
  return response;
}

// Why a client got nothing goes into the log and the status.
void Routes::Record(const http::Request& request, const http::Response& response,
                    std::chrono::nanoseconds took) {
  const auto cause = response.status >= 400 ? response.Header("X-Thimble-Cause") : std::nullopt;
  if (cause) {
    std::string what = Shortened(request.method, request.path, request.query);
    LogInfo("request refused", {{"id", request.id}, {"cause", *cause}, {"request", what}});
    refused_.Record(clock_.Now(), *cause, std::move(what));
  }
  if (const auto ignored = response.Header("X-Thimble-Ignored")) {
    requests_->CountIgnored();
    LogInfo("parameters ignored", {{"id", request.id}, {"path", request.path}, {"parameters", *ignored}});
  }
  Log(response.status >= 500 ? LogLevel::kWarning : LogLevel::kDebug, "request",
      {{"id", request.id},
       {"client", request.client},
       {"method", request.method},
       {"path", request.path},
       {"status", response.status},
       {"took_us", std::chrono::duration_cast<std::chrono::microseconds>(took).count()}});
}

}  // namespace thimble
