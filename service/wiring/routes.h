// SPDX-License-Identifier: Apache-2.0
//
// Every route that is answered: Thimble's own, and those of the dialects.
#pragma once

#include "service/api/baseline_api.h"
#include "service/api/batch_api.h"
#include "service/api/collateral_api.h"
#include "service/api/floors_api.h"
#include "service/api/health_api.h"
#include "service/api/history_api.h"
#include "service/api/impact_api.h"
#include "service/api/operations_api.h"
#include "service/api/platform_api.h"
#include "service/api/result_api.h"
#include "service/api/transfer_api.h"
#include "service/api/uvm_api.h"
#include "service/api/verify_api.h"
#include "service/dialects/admin_dialect.h"
#include "service/dialects/intel_dialect.h"
#include "service/dialects/kds_dialect.h"
#include "service/dialects/pck_dialect.h"
#include "service/dialects/platforms_dialect.h"
#include "service/dialects/thim_dialect.h"
#include "service/http/browser_rules.h"
#include "service/http/proxy_protocol.h"
#include "service/http/request_metrics.h"
#include "service/http/router.h"
#include "service/monitoring/refused_requests.h"
#include "service/page/page.h"
#include "service/wiring/appraisal.h"
#include "service/wiring/collateral.h"

namespace thimble {

// Handle() may be called from many threads at once. What is given outlives it.
class Routes {
 public:
  using RolesOf = std::function<RoleSet(const http::Request&)>;
  Routes(const Config& config, Collateral& collateral, Appraisal& appraisal,
         const http::ProxyProtocol& proxy_protocol, const Snapshot<ReloadOutcome>& reload,
         const http::ListenerCounts& listeners, const Clock& clock, RolesOf roles_of);

  // For whoever has these roles; counted and logged.
  http::Response Handle(const http::Request& request, RoleSet roles, const http::BrowserRules& browsers);
  // As Router's.
  std::optional<http::BodyLimit> BodyLimitOf(const http::Request& head,
                                             const std::function<RoleSet()>& roles) const {
    return router_.BodyLimitOf(head, roles);
  }
  const http::Router& router() const { return router_; }
  Summary summary() const { return SummaryOf(summary_sources_); }

 private:
  http::Response Answer(const http::Request& request, RoleSet roles, const http::BrowserRules& browsers,
                        const http::Router::Match& match) const;
  void Record(const http::Request& request, const http::Response& response, std::chrono::nanoseconds took);

  const Clock& clock_;
  RefusedRequests refused_;
  const SummarySources summary_sources_;
  IntelDialect intel_dialect_;
  KdsDialect kds_dialect_;
  PckDialect pck_dialect_;
  PlatformsDialect platforms_dialect_;
  AdminDialect admin_dialect_;
  ThimDialect thim_dialect_;
  VerifyApi verify_api_;
  BatchApi batch_api_;
  CollateralApi collateral_api_;
  ResultApi result_api_;
  BaselineApi baseline_api_;
  FloorsApi floors_api_;
  ImpactApi impact_api_;
  HistoryApi history_api_;
  UvmApi uvm_api_;
  TransferApi transfer_api_;
  OperationsApi operations_api_;
  PlatformApi platform_api_;
  HealthApi health_api_;
  StatusPage page_;
  http::Router router_;
  std::unique_ptr<RequestMetrics> requests_;  // last: it has to know every route
};

}  // namespace thimble
