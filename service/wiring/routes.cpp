// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/routes.h"

#include "service/api/metrics_api.h"
#include "service/api/problem.h"
#include "service/api/reference_api.h"
#include "service/dialects/dialect_name.h"
#include "service/http/cause.h"
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

http::Response WrongMethod(const http::Request& request, std::string_view allowed) {
  http::Response response =
      ProblemResponse({.status = 405,
                       .title = "Not this method",
                       .detail = StrCat(request.path, " takes ", allowed, ", not ", request.method),
                       .check = "request.method"});
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

Routes::Routes(const Config& config, Collateral& c, Appraisal& a, const Snapshot<ReloadOutcome>& reload,
               const Clock& clock)
    : clock_(clock),
      intel_dialect_(c.cache, a.evaluation, c.version3_infos, c.fmspcs, clock,
                     {config.honour_update, config.pccs.mode, c.upstreams->site(), config.cache.stale_grace}),
      kds_dialect_(c.cache, clock),
      pck_dialect_(c.pck_service, clock),
      platforms_dialect_(c.pck_service, c.registry, c.cache, a.evaluation, clock),
      admin_dialect_(c.upload, c.pck_service, c.registry, c.cache, c.appraisal_policies, clock),
      thim_dialect_(c.cache, clock, [&c] { return c.host_vcek.Get(); }),
      verify_api_(a.policies, *a.baselines, *a.audit, *a.signer, a.verification),
      batch_api_(verify_api_),
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
      router_({.prefix = "",
               .not_found = NoSuchOwnRoute,
               .bad_request = BadRequest,
               .unauthorized = Unauthorized,
               .wrong_method = WrongMethod}) {
  intel_dialect_.AddTo(router_);
  kds_dialect_.AddTo(router_);
  pck_dialect_.AddTo(router_);
  platforms_dialect_.AddTo(router_);
  admin_dialect_.AddTo(router_);
  thim_dialect_.AddTo(router_);
  verify_api_.AddTo(router_);
  batch_api_.AddTo(router_);
  collateral_api_.AddTo(router_);
  result_api_.AddTo(router_);
  baseline_api_.AddTo(router_);
  floors_api_.AddTo(router_);
  impact_api_.AddTo(router_);
  history_api_.AddTo(router_);
  transfer_api_.AddTo(router_);
  operations_api_.AddTo(router_);
  platform_api_.AddTo(router_);
  AddReferenceTo(router_);
  health_api_.AddTo(router_);
  AddMetricsTo(router_,
               {c.cache, c.events, c.lags, *c.upstream_events, a.verdicts, a.moved_sets, c.refresh, *c.store,
                c.damage, c.registry, reload, clock, *a.audit},
               requests_);
  requests_ = std::make_unique<RequestMetrics>(router_, DialectName);
}

http::Response Routes::Answer(const http::Request& request, RoleSet roles, const http::BrowserRules& browsers,
                              const http::Router::Match& match) const {
  if (const auto refusal = browsers.Refuses(request, match)) {
    return ProblemResponse({.status = refusal->status,
                            .title = "Not for this page or by this name",
                            .detail = refusal->why,
                            .check = std::string(refusal->cause)});
  }
  if (auto options = browsers.Options(request, router_, match)) return *std::move(options);
  http::Response response = router_.Answer(match, request, roles);
  browsers.Share(request, match, response);
  return response;
}

http::Response Routes::Handle(const http::Request& request, RoleSet roles,
                              const http::BrowserRules& browsers) {
  const MissBudgets::OnBehalf client(request.client);
  const SteadyTime begun = SteadyNow();
  http::Router::Match match = router_.Find(request);
  match.own = DialectName(request.path) == "own";  // some paths of dialects have our errors
  http::Response response = Answer(request, roles, browsers, match);
  const auto took = SteadyNow() - begun;
  requests_->Count(match.route, response.status, took);
  Record(request, response, took);
  return response;
}

// Why a client got nothing goes into the log and the status.
void Routes::Record(const http::Request& request, const http::Response& response,
                    std::chrono::nanoseconds took) {
  const auto cause = response.status >= 400 ? response.Header(http::kCauseHeader) : std::nullopt;
  if (cause) {
    std::string what = Shortened(request.method, request.path, request.query);
    LogInfo("request refused", {{"id", request.id}, {"cause", *cause}, {"request", what}},
            response.Header(http::kDetailHeader).value_or(""));
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
