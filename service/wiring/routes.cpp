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

std::vector<page::UpstreamLine> UpstreamLines(const Collateral& c) {
  std::vector<page::UpstreamLine> lines;
  auto health = c.upstream_events->health();
  for (const Upstreams::State& state : c.upstreams->States()) {
    const UpstreamEvents::Health& calls = health[state.url];
    lines.push_back({state.vendor == Vendor::kIntel ? "Intel" : "AMD", state.url, state.open, calls.answered,
                     calls.failed, calls.refused, calls.seconds});
  }
  return lines;
}

}  // namespace

Routes::Routes(const Config& config, Collateral& c, Appraisal& a, const http::ProxyProtocol& proxy_protocol,
               const Snapshot<ReloadOutcome>& reload, const http::ListenerCounts& listeners,
               const Clock& clock, RolesOf roles_of)
    : clock_(clock),
      summary_sources_{c.cache,         config.cache.stale_grace,
                       *c.upstreams,    *c.upstream_events,
                       c.lags,          *c.store,
                       c.anchors,       a.policies,
                       *a.baselines,    a.recovery_watch,
                       a.verdict_hours, *a.audit,
                       reload,          c.refresh,
                       c.registry,      c.damage,
                       listeners,       clock,
                       c.shared.get()},
      intel_dialect_(c.cache, a.evaluation, c.version3_infos, c.fmspcs, clock,
                     {config.honour_update, config.pccs.mode, c.upstreams->site(), config.cache.stale_grace}),
      kds_dialect_(c.cache, clock),
      pck_dialect_(c.pck_service, clock),
      platforms_dialect_(c.pck_service, c.registry, c.cache, a.evaluation, clock),
      admin_dialect_(c.upload, c.pck_service, c.registry, c.cache, c.appraisal_policies, clock,
                     config.pccs.max_upload),
      thim_dialect_(c.cache, clock, [&c] { return c.host_vcek.Get(); }),
      verify_api_(a.policies, *a.baselines, *a.audit, *a.signer, a.verification),
      batch_api_(verify_api_),
      collateral_api_(*a.baselines, a.verification, clock),
      result_api_(*a.signer, a.challenges, *a.audit, clock),
      baseline_api_(*a.baselines, *a.floors, a.promotions, c.cache, clock),
      floors_api_(*a.floors, *a.baselines, clock),
      impact_api_(a.policies, *a.baselines, *a.floors, a.impact_study, clock),
      history_api_(c.cache),
      uvm_api_(c.seen_endorsements),
      transfer_api_(c.transfer, config.pccs.max_upload),
      operations_api_(c.refresh, *c.store, config.cache.data, config.audit.directory, clock),
      platform_api_(c.pck_service, c.registry, *a.audit),
      health_api_({summary_sources_, c.events, refused_, roles_of}),
      page_({health_api_, c.cache, c.seen, c.registry, *a.baselines, *a.floors, a.verdict_hours, clock,
             [&c] { return UpstreamLines(c); },
             [this](const http::Request& request, RoleSet roles) { return router_.Handle(request, roles); },
             std::move(roles_of)}),
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
  uvm_api_.AddTo(router_);
  transfer_api_.AddTo(router_);
  operations_api_.AddTo(router_);
  platform_api_.AddTo(router_);
  AddReferenceTo(router_);
  health_api_.AddTo(router_);
  page_.AddTo(router_);
  AddMetricsTo(
      router_,
      {c.cache, c.events, c.lags, *c.upstream_events, a.verdicts, a.moved_sets, c.refresh, *c.store, c.damage,
       c.registry, proxy_protocol, reload, clock, *a.audit, *a.baselines, listeners, c.shared.get()},
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
  if (response.later) return response;  // it comes again
  const auto took = SteadyNow() - begun;
  requests_->Count(match.route, response.status, took);
  Record(request, response, took);
  return response;
}

// Why a client got nothing goes into the log and the status: in one line, a request's id in it.
void Routes::Record(const http::Request& request, const http::Response& response,
                    std::chrono::nanoseconds took) {
  const auto cause = response.status >= 400 ? response.Header(http::kCauseHeader) : std::nullopt;
  const auto ignored = response.Header("X-Thimble-Ignored");
  if (cause) refused_.Record(clock_.Now(), *cause, Shortened(request.method, request.path, request.query));
  if (ignored) requests_->CountIgnored();
  const bool failed = response.status >= 400;
  const LogLevel level = response.status >= 500 || request.token_refused ? LogLevel::kWarning
                         : failed || ignored                             ? LogLevel::kInfo
                                                                         : LogLevel::kDebug;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  if (!failed && !ignored && !request.token_refused) {
    return Log(level, "request",
               {{"id", request.id},
                {"client", request.client},
                {"method", request.method},
                {"path", request.path},
                {"status", response.status},
                {"took_us", micros}});
  }
  Log(level,
      request.token_refused ? "authentication failed"
      : failed              ? "request refused"
                            : "request",
      {{"id", request.id},
       {"client", request.client},
       {"request", Shortened(request.method, request.path, request.query)},
       {"status", response.status},
       {"cause", cause.value_or("")},
       {"ignored", ignored.value_or("")},
       {"took_us", micros}},
      response.Header(http::kDetailHeader).value_or(""));
}

}  // namespace thimble
