// SPDX-License-Identifier: Apache-2.0
#include "service/api/metrics_api.h"

#include <algorithm>
#include <map>

#include "service/api/summary_of.h"
#include "service/monitoring/process_metrics.h"
#include "service/support/version.h"

namespace thimble {
namespace {

// "intel/tcb": as the names of its items begin.
std::string KindName(const CollateralKey& key) {
  const std::string name = KeyName(key);
  return name.substr(0, name.find('/', name.find('/') + 1));
}

void WriteItems(PrometheusText& out, const MetricsSources& sources) {
  const Instant now = sources.clock.Now();
  const std::vector<CacheStatus> items = sources.cache.Status(now);
  const auto left = [now](const CacheStatus& item) {
    return static_cast<double>((item.next_update - now).count());
  };
  std::map<std::string, double> by_kind;
  std::map<Freshness, size_t> by_freshness = {
      {Freshness::kFresh, 0}, {Freshness::kRefreshDue, 0}, {Freshness::kStale, 0}};
  for (const CacheStatus& item : items) {
    const auto place = by_kind.emplace(KindName(item.key), left(item)).first;
    place->second = std::min(place->second, left(item));
    ++by_freshness[item.freshness];
  }
  out.Metric("thimble_seconds_until_expiry", "gauge",
             "Until the first item of a kind is past its next update.");
  for (const auto& [kind, seconds] : by_kind) out.Sample({{"kind", kind}}, seconds);
  out.Metric("thimble_worst_seconds_until_expiry", "gauge", "The least of thimble_seconds_until_expiry.");
  const auto worst = std::ranges::min_element(by_kind, {}, [](const auto& entry) { return entry.second; });
  if (worst != by_kind.end()) out.Sample({}, worst->second);
  out.Metric("thimble_items", "gauge", "Shared items in the cache, by freshness.");
  for (const auto& [freshness, count] : by_freshness) {
    out.Sample({{"freshness", FreshnessName(freshness)}}, static_cast<double>(count));
  }
  out.Metric("thimble_item_failing", "gauge", "1 for each shared item whose last refresh failed.");
  for (const CacheStatus& item : items) {
    if (!item.last_error.empty()) out.Sample({{"item", KeyName(item.key)}}, 1);
  }
  out.Metric("thimble_item_stale", "gauge", "1 for each shared item that is past its next update.");
  for (const CacheStatus& item : items) {
    if (item.freshness == Freshness::kStale) out.Sample({{"item", KeyName(item.key)}}, 1);
  }
  out.Metric("thimble_platform_items", "gauge", "VCEKs and sets of PCK certificates in the cache.");
  out.Sample({}, static_cast<double>(sources.cache.platform_items()));
  out.Metric("thimble_platform_mismatches_total", "counter",
             "Certificates refused that are of another PPID than the QE id they came for is bound to.");
  out.Sample({}, static_cast<double>(sources.platforms.mismatches()));
}

void WriteRefresh(PrometheusText& out, const RefreshScheduler& refresh) {
  const auto totals = refresh.totals();
  out.Metric("thimble_refresh_items_total", "counter", "Items that refresh passes asked for, by outcome.");
  for (size_t outcome = 0; outcome < totals.lines.size(); ++outcome) {
    out.Sample({{"outcome", OutcomeName(static_cast<RefreshLine::Outcome>(outcome))}},
               static_cast<double>(totals.lines.at(outcome)));
  }
  out.Metric("thimble_refresh_passes_total", "counter", "Refresh passes.");
  out.Sample({}, static_cast<double>(totals.passes));
  out.Metric("thimble_refresh_last_pass_timestamp_seconds", "gauge",
             "When the last refresh pass began; 0: none yet.");
  out.Sample({}, static_cast<double>(totals.last_pass));
  out.Metric("thimble_clock_jumps_total", "counter",
             "How often the wall clock was set by more than a minute.");
  out.Sample({}, static_cast<double>(totals.jumps));
}

void WriteCache(PrometheusText& out, const MetricsSources& sources) {
  out.Metric("thimble_cache_events_total", "counter",
             "What happened in the cache: hit, miss, stale_served, renewed, ...");
  // All of them: the first event would be no increase of a sample that was not there.
  for (const auto& [name, count] : sources.events.Counts())
    out.Sample({{"event", name}}, static_cast<double>(count));
  out.Metric("thimble_store_bytes", "gauge", "About how much the store takes.");
  out.Sample({}, static_cast<double>(sources.store.Size()));
  out.Metric("thimble_registrations", "gauge", "Platforms in the registry.");
  out.Sample({}, static_cast<double>(sources.platforms.platforms()));
  sources.damage.Write(out);
}

void WriteAudit(PrometheusText& out, const AuditTrail& trail) {
  const auto audit = trail.state();
  if (!audit) return;
  out.Metric("thimble_audit_bytes", "gauge", "What the files of the audit trail take.");
  out.Sample({}, static_cast<double>(audit->log.bytes));
  out.Metric("thimble_audit_limit_bytes", "gauge", "What they may take (max_total_mib); 0: no limit.");
  out.Sample({}, static_cast<double>(audit->log.limit));
  out.Metric("thimble_audit_checked", "gauge", "1 once the chain that was there at the start has been read.");
  out.Sample({}, audit->log.checked ? 1 : 0);
  out.Metric("thimble_audit_damaged", "gauge", "1 when a record in it does not follow from the one before.");
  out.Sample({}, audit->log.damage.empty() ? 0 : 1);
  out.Metric("thimble_audit_lost_total", "counter", "Records that could not be kept.");
  out.Sample({}, static_cast<double>(audit->log.lost));
  out.Metric("thimble_audit_failing", "gauge", "1 when the last attempt to write a record failed.");
  out.Sample({}, audit->log.last_error.empty() ? 0 : 1);
  out.Metric("thimble_audit_repeated_total", "counter", "Decisions that were counted with an equal one.");
  out.Sample({}, static_cast<double>(audit->decisions.repeated));
  out.Metric("thimble_audit_summarised_total", "counter",
             "Rejections beyond the budget of records, which were counted in a summary.");
  out.Sample({}, static_cast<double>(audit->decisions.summarised));
}

void WriteReload(PrometheusText& out, const ReloadOutcome& reload) {
  out.Metric("thimble_reload_timestamp_seconds", "gauge",
             "When the configuration was last read again; 0: never.");
  out.Sample({}, static_cast<double>(reload.at.time_since_epoch().count()));
  out.Metric("thimble_reload_refused", "gauge",
             "1 when it was refused then, and the one before it is in force.");
  out.Sample({}, reload.refused.empty() ? 0 : 1);
}

void WriteListeners(PrometheusText& out, const http::ListenerCounts& counts) {
  out.Metric("thimble_connections_open", "gauge", "Connections that are open.");
  out.Sample({}, static_cast<double>(counts.open));
  out.Metric("thimble_tls_handshakes_failed_total", "counter", "TLS handshakes that failed.");
  out.Sample({}, static_cast<double>(counts.handshakes));
  out.Metric("thimble_plain_http_on_tls_total", "counter", "Those of them where plain HTTP came.");
  out.Sample({}, static_cast<double>(counts.plain_http));
  out.Metric("thimble_authentications_failed_total", "counter",
             "Requests with a token that nobody was given.");
  out.Sample({}, static_cast<double>(counts.authentications));
  out.Metric("thimble_certificate_end_timestamp_seconds", "gauge",
             "When the server's certificate ends; none of plain HTTP.");
  if (const int64_t end = counts.certificate_end; end != 0) out.Sample({}, static_cast<double>(end));
}

void WriteBaselines(PrometheusText& out, const MetricsSources& sources) {
  const Instant now = sources.clock.Now();
  const std::vector<CacheStatus> items = sources.cache.Status(now);
  out.Metric("thimble_baseline_version", "gauge", "The version of each baseline that is in force.");
  const auto all = sources.baselines.All();
  for (const auto& [name, state] : all) out.Sample({{"baseline", name}}, state.current->version);
  out.Metric(
      "thimble_baseline_evaluation_number", "gauge",
      "The number of Intel's evaluation data that each baseline means, as far as what is held says it.");
  for (const auto& [name, state] : all) {
    for (const auto& [tee, text] : {std::pair(IntelTee::kSgx, "sgx"), std::pair(IntelTee::kTdx, "tdx")}) {
      const auto number = NumberOf(state.current->baseline.intel, tee, items, sources.cache, now);
      if (number) out.Sample({{"baseline", name}, {"tee", text}}, *number);
    }
  }
}

}  // namespace

void AddMetricsTo(http::Router& router, MetricsSources sources,
                  const std::unique_ptr<RequestMetrics>& requests) {
  router.Add({"GET", "/metrics", {}, [sources, &requests](const http::Request&, const http::Query&) {
                PrometheusText out;
                out.Metric("thimble_build_info", "gauge", "The version that runs.");
                out.Sample({{"version", kVersion}}, 1);
                if (requests) requests->Write(out);
                sources.proxy_protocol.Write(out);
                WriteCache(out, sources);
                sources.upstreams.Write(out);
                sources.lags.Write(out, sources.clock.Now());
                WriteItems(out, sources);
                WriteRefresh(out, sources.refresh);
                sources.verdicts.Write(out);
                WriteAudit(out, sources.audit);
                WriteListeners(out, sources.listeners);
                WriteBaselines(out, sources);
                sources.moved_sets.Write(out);
                WriteReload(out, *sources.reload.Get());
                if (sources.shared != nullptr) sources.shared->Write(out);
                WriteProcess(out);
                return http::NoStore(200, "text/plain; version=0.0.4; charset=utf-8", out.Take());
              }});
}

}  // namespace thimble
