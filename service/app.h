// SPDX-License-Identifier: Apache-2.0
//
// The composition root: makes and owns collateral, appraisal, routes and servers, in this order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "service/http/listener_counts.h"
#include "service/support/periodic_tasks.h"
#include "service/wiring/appraisal.h"
#include "service/wiring/collateral.h"
#include "service/wiring/routes.h"
#include "service/wiring/servers.h"

namespace thimble {

struct AppOptions {
  Storage storage = Storage::kDisk;
  std::optional<Instant> frozen_time;
};

// Thread-safe but for Listen() and Stop().
class App {
 public:
  // Errors: request.invalid for what the configuration says (anchors, upstreams), store.io when the store cannot be
  // opened, which is also what a running server on the same directory gives.
  static Result<std::unique_ptr<App>> Make(Config config, const AppOptions& options);
  ~App();

  const Config& config() const { return config_; }
  const Clock& clock() const { return clock_; }
  const TrustAnchors& anchors() const { return collateral_->anchors; }
  CollateralCache& cache() { return collateral_->cache; }
  SeenPlatforms& seen() { return collateral_->seen; }
  RefreshScheduler& refresh() { return collateral_->refresh; }
  Verification& verification() { return appraisal_->verification; }
  const DefaultEvaluation& evaluation() const { return appraisal_->evaluation; }
  // What the housekeeping thread runs every minute.
  RecoveryWatch& recovery_watch() { return appraisal_->recovery_watch; }
  MovedSets& moved_sets() { return appraisal_->moved_sets; }

  // Refuses a clock that lies before the issue date of a cached item.
  Status CheckClock() { return collateral_->CheckClock(clock_.Now()); }

  // What the HTTP server answers; also for the command line and for tests, without a socket.
  http::Response Handle(http::Request& request);
  http::Response Handle(const http::Request& request);
  // The same where it needs no waiting and little computing; nullopt: it is Handle()'s.
  std::optional<http::Response> HandleAtOnce(http::Request& request);
  Summary summary() const { return routes_->summary(); }
  std::vector<std::string> Routes() const { return router().Routes(); }
  const http::Router& router() const { return routes_->router(); }

  // Listens on the configured address, and with a store on disk on DATA/thimble.sock.
  Status Listen();
  // Takes certificates, roles, policies, baselines and upstreams from another configuration; requests under way keep
  // those that they began with. An error of the configuration changes nothing; when the store or the audit trail fails,
  // baselines that were recorded before hold. What else differs needs a restart, which the log says.
  Status Reload(Config fresh);
  // The file to reload cannot be read: shown in the status until one is taken.
  void RecordRefusedReload(const Error& error);
  bool tls() const { return servers_->tls(); }                 // whether it serves HTTPS
  std::string address() const { return servers_->address(); }  // "127.0.0.1:8081", after Listen()
  void Stop();                                                 // requests under way are answered first

 private:
  App(Config config, const AppOptions& options);
  http::Response Judged(http::Request& request);
  Status RecordRules(const ConfiguredPolicies& policies) const;
  std::optional<http::BodyLimit> BodyLimitOf(const http::Request& head) const;
  void WarnOfHiddenClients() const;
  Status StartSharing();
  Result<size_t> PullRegistry();
  void StartHousekeeping();

  const Config config_;
  const AppOptions options_;
  const Clock clock_;
  const http::TrustedProxies proxies_;
  http::ProxyProtocol proxy_protocol_;
  Snapshot<Roles> roles_;
  Snapshot<http::BrowserRules> browsers_{http::BrowserRules({}, {})};
  const std::shared_ptr<http::ListenerCounts> listener_counts_ = std::make_shared<http::ListenerCounts>();
  Snapshot<ReloadOutcome> reload_outcome_{ReloadOutcome{}};
  std::unique_ptr<Collateral> collateral_;
  std::unique_ptr<Appraisal> appraisal_;
  std::unique_ptr<thimble::Routes> routes_;
  std::unique_ptr<Servers> servers_;
  std::unique_ptr<PeriodicTasks> housekeeping_;  // while listening
};

}  // namespace thimble
