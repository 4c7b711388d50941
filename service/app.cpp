// SPDX-License-Identifier: Apache-2.0
#include "service/app.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "cache/memory_store.h"
#include "cache/platform_registry.h"
#include "cache/rocks_store.h"
#include "fetchers/upstreams.h"
#include "service/api/baseline_api.h"
#include "service/api/collateral_api.h"
#include "service/api/health_api.h"
#include "service/api/history_api.h"
#include "service/api/impact_api.h"
#include "service/api/metrics_api.h"
#include "service/api/problem.h"
#include "service/api/result_api.h"
#include "service/api/transfer_api.h"
#include "service/api/verify_api.h"
#include "service/audit/audit_trail.h"
#include "service/baselines/floors.h"
#include "service/config/anchors.h"
#include "service/dialects/admin_dialect.h"
#include "service/dialects/intel_dialect.h"
#include "service/dialects/kds_dialect.h"
#include "service/dialects/pck_dialect.h"
#include "service/dialects/platforms_dialect.h"
#include "service/dialects/thim_dialect.h"
#include "service/http/query.h"
#include "service/http/roles.h"
#include "service/http/router.h"
#include "service/http/server.h"
#include "service/monitoring/cache_events.h"
#include "service/monitoring/refresh_report.h"
#include "service/monitoring/refused_requests.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/support/periodic_tasks.h"
#include "service/support/snapshot.h"
#include "service/upstreams/host_vcek.h"
#include "service/upstreams/miss_budgets.h"
#include "service/wiring.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxSeenTcbs = 10'000;  // a few hundred bytes each
constexpr std::chrono::seconds kFlushEvery{5}, kLookEvery{60};

CacheOptions CacheOptionsOf(const Config& config) {
  CacheOptions options;
  options.freshness.max_age = config.refresh.max_age;
  options.stale_grace = config.cache.stale_grace;
  options.miss_budget = config.server.miss_budget;
  options.history = config.history.rules;
  std::random_device random;  // instances that start together renew at different times
  options.jitter_seed = (uint64_t{random()} << 32) | random();
  return options;
}

Result<std::shared_ptr<Store>> OpenStore(const Config& config, Storage storage) {
  if (storage == Storage::kMemory) return std::shared_ptr<Store>(std::make_shared<MemoryStore>());
  TRY(CheckOnlyOurs(config.cache.data, "data directory", OthersMay::kRead));
  TRY_ASSIGN(auto store, RocksStore::Open(config.cache.data));
  return std::shared_ptr<Store>(std::move(store));
}

// A store in memory has no place for a trail, unless one is named.
Result<std::unique_ptr<AuditTrail>> OpenAudit(const Config& config, Storage storage) {
  AuditConfig audit = config.audit;
  if (!audit.enabled || (storage == Storage::kMemory && audit.directory.empty())) {
    return std::make_unique<AuditTrail>();
  }
  if (audit.directory.empty())
    audit.directory = (std::filesystem::path(config.cache.data) / "audit").string();
  TRY_ASSIGN(auto log, AuditLog::Open(std::move(audit), Clock::WallTime));
  return std::make_unique<AuditTrail>(std::move(log));
}

Result<std::unique_ptr<ResultSigner>> OpenSigner(const Config& config, Storage storage) {
  if (storage == Storage::kMemory) return ResultSigner::InMemory(config.server.issuer);
  return ResultSigner::AtFile((std::filesystem::path(config.cache.data) / "result-key.pem").string(),
                              config.server.issuer);
}

// As the file is now: what is tried out may still be edited.
Result<FloorPtr> FreshFloor(const std::string& setting) {
  TRY_ASSIGN(amd::FloorTable table, LoadFloor(setting));
  return FloorPtr(std::make_shared<const amd::FloorTable>(std::move(table)));
}

void FlushSeen(SeenPlatforms& seen) {
  if (const Status flushed = seen.Flush(); !flushed)
    LogWarning(StrCat("platforms seen: cannot be written down: ", flushed.error().message));
}

// A rack of new machines behind one address is well within the first, and the vendors' patience within the second.
constexpr MissRate kMissesPerClient{.per_second = 20, .burst = 200};
constexpr MissRate kMissesPerVendor{.per_second = 50, .burst = 1000};

// The platforms of an FMSPC whose PCK certificates were seen.
std::vector<intel::PlatformId> PlatformsOf(PlatformRegistry& registry, const intel::Fmspc& fmspc) {
  std::vector<intel::PlatformId> ids;
  const auto platforms = registry.Platforms();
  if (!platforms) {
    LogWarning(StrCat("platforms cannot be read: ", platforms.error().message));
    return ids;
  }
  for (const Platform& platform : *platforms) {
    if (platform.fmspc == fmspc) ids.push_back(platform.id);
  }
  return ids;
}

RefresherOptions RefresherOptionsOf(const Config& config, const Upstreams& upstreams,
                                    PlatformRegistry& registry) {
  RefresherOptions options;
  options.has_upstream = [mode = config.pccs.mode, &upstreams](Vendor vendor) {
    return mode != CachingMode::kOffline &&
           std::ranges::any_of(upstreams.States(),
                               [vendor](const auto& state) { return state.vendor == vendor; });
  };
  options.platforms = [&registry](const intel::Fmspc& fmspc) { return PlatformsOf(registry, fmspc); };
  return options;
}

// The administrator may send a bundle of many platforms, and take as large a one.
http::ConnectionLimits AdminLimits() {
  http::ConnectionLimits limits;
  limits.max_body = size_t{1} << 30;
  limits.body = limits.write = std::chrono::minutes(10);
  return limits;
}

http::Response NoSuchOwnRoute(const http::Request& request) {
  return ProblemResponse({.status = 404,
                          .title = "There is nothing here",
                          .detail = StrCat(request.method, " ", request.path, " is not a route of Thimble"),
                          .check = ""});
}

// Null without a certificate in the configuration.
Result<std::shared_ptr<const http::TlsContext>> LoadTls(const ServerConfig& server) {
  if (server.tls_certificate.empty()) return std::shared_ptr<const http::TlsContext>();
  return http::TlsContext::Load({server.tls_certificate, server.tls_key, server.client_ca});
}

}  // namespace

// Members are made from top to bottom, and what comes later refers to what comes before.
struct App::Impl {
  Impl(Config the_config, const AppOptions& options, TrustAnchors the_anchors,
       std::shared_ptr<Store> the_store, std::unique_ptr<UpstreamEvents> the_upstream_events,
       std::unique_ptr<Upstreams> the_upstreams, std::unique_ptr<AuditTrail> the_audit,
       std::unique_ptr<BaselineBook> the_baselines, std::unique_ptr<ResultSigner> the_signer,
       CachedChains& chains)
      : config(std::move(the_config)),
        storage(options.storage),
        clock(options.frozen_time),
        anchors(std::move(the_anchors)),
        store(std::move(the_store)),
        upstream_events(std::move(the_upstream_events)),
        upstreams(std::move(the_upstreams)),
        audit(std::move(the_audit)),
        baselines(std::move(the_baselines)),
        signer(std::move(the_signer)),
        registry(store),
        policies(store),
        version3_infos(store, anchors),
        fmspcs(FmspcsFrom(*upstreams, config.server.miss_budget), config.refresh.max_age),
        pck_source(registry, *upstreams),
        cache(
            store, anchors, FetchFrom(*upstreams, pck_source, miss_budgets, config.pccs.mode),
            CacheOptionsOf(config), [this](const CacheEvent& event) { events.Record(event); }, SteadyNow),
        refresher(cache, store, RefresherOptionsOf(config, *upstreams, registry)),
        refresh(refresher, clock),
        evaluation(*baselines, cache, clock),
        seen(store, kMaxSeenTcbs),
        pck_service(cache, registry, pck_source, clock, {config.pccs.mode, config.refresh.max_age}, &seen),
        verification(
            anchors, &cache, clock,
            [this](const intel::PlatformId& platform, const intel::PckTcb& raw) {
              return pck_service.ChainFor(platform, raw);
            },
            &seen, &challenges),
        impact_study(seen, cache, FreshFloor),
        recovery_watch(live_policies, *baselines, seen, cache, impact_study),
        intel_dialect(cache, evaluation, version3_infos, fmspcs, clock,
                      {config.honour_update, config.pccs.mode}),
        kds_dialect(cache, clock),
        pck_dialect(pck_service, clock),
        platforms_dialect(pck_service, registry, cache, evaluation, clock),
        upload(cache, registry, version3_infos, pck_service, clock),
        host_vcek(config.thim.host, cache, anchors, AskHostOf(config, *upstreams), clock),
        thim_dialect(cache, clock, [this] { return host_vcek.Get(); }),
        admin_dialect(upload, pck_service, registry, cache, policies, clock),
        transfer(cache, registry, upload, clock),
        transfer_api(transfer),
        history_api(cache),
        verify_api(live_policies, *baselines, *audit, *signer, verification),
        result_api(*signer, challenges, *audit, clock),
        collateral_api(*baselines, verification, clock),
        baseline_api(*baselines, FreshFloor, clock),
        impact_api(live_policies, *baselines, impact_study, clock),
        health_api(cache, events, refusals, *store, anchors, recovery_watch, *audit, reload_outcome, clock) {
    chains = {&cache, &clock};
    intel_dialect.AddTo(router);
    kds_dialect.AddTo(router);
    pck_dialect.AddTo(router);
    platforms_dialect.AddTo(router);
    admin_dialect.AddTo(router);
    history_api.AddTo(router);
    transfer_api.AddTo(router);
    thim_dialect.AddTo(router);
    verify_api.AddTo(router);
    result_api.AddTo(router);
    collateral_api.AddTo(router);
    baseline_api.AddTo(router);
    impact_api.AddTo(router);
    health_api.AddTo(router);
    router.Add({"POST",
                "/v1/refresh",
                {},
                [this](const http::Request&, const http::Query&) {
                  return http::Response{
                      .status = 200,
                      .headers = {{"Cache-Control", "no-store"}},
                      .content = http::Content::Make("application/json", RefreshJson(refresh.RunNow()))};
                },
                Role::kAdmin});
    router.Add({"POST",
                "/v1/backup",
                {"name"},
                [this](const http::Request&, const http::Query& query) {
                  const auto path = BackUp(query.Get("name").value_or(""));
                  if (!path) return ProblemResponse(ProblemOf(path.error()));
                  return http::Response{.status = 200,
                                        .headers = {{"Cache-Control", "no-store"}},
                                        .content = http::Content::Make("text/plain", StrCat(*path, "\n"))};
                },
                Role::kAdmin});
    AddMetricsTo(router, {cache, events, *upstream_events, verdicts, refresh, *store, clock}, requests);
    requests = std::make_unique<RequestMetrics>(router);  // last: it has to know every route
    verification.Watch([this](const VerificationRequest& request, const VerificationOutcome& outcome) {
      verdicts.Record(request, outcome);
    });
  }

  void StartHousekeeping() {
    housekeeping = std::make_unique<PeriodicTasks>(
        std::vector<PeriodicTask>{{kFlushEvery, [this] { FlushSeen(seen); }},
                                  {kLookEvery, [this] { recovery_watch.Look(clock.Now()); }}});
  }

  Result<std::string> BackUp(std::string_view name);

  const Config config;
  Snapshot<Roles> roles{Roles(config.roles)};
  Snapshot<Policies> live_policies{config.policies};
  Snapshot<ReloadOutcome> reload_outcome{ReloadOutcome{}};
  const Storage storage;
  const Clock clock;
  const TrustAnchors anchors;
  const std::shared_ptr<Store> store;
  const std::unique_ptr<UpstreamEvents> upstream_events;
  const std::unique_ptr<Upstreams> upstreams;
  const std::unique_ptr<AuditTrail> audit;
  const std::unique_ptr<BaselineBook> baselines;
  VerdictCounts verdicts;
  std::unique_ptr<RequestMetrics> requests;
  const std::unique_ptr<ResultSigner> signer;
  Challenges challenges;
  CacheEvents events;  // before the cache, whose background work records them
  RefusedRequests refusals;
  PlatformRegistry registry;
  AppraisalPolicies policies;
  Version3TcbInfos version3_infos;
  FmspcList fmspcs;
  PckSource pck_source;
  MissBudgets miss_budgets{kMissesPerClient, kMissesPerVendor, SteadyNow};
  CollateralCache cache;
  Refresher refresher;
  RefreshScheduler refresh;
  DefaultEvaluation evaluation;
  SeenPlatforms seen;
  PckService pck_service;
  Verification verification;
  ImpactStudy impact_study;
  RecoveryWatch recovery_watch;
  IntelDialect intel_dialect;
  KdsDialect kds_dialect;
  PckDialect pck_dialect;
  PlatformsDialect platforms_dialect;
  CollateralUpload upload;
  HostVcek host_vcek;
  ThimDialect thim_dialect;
  AdminDialect admin_dialect;
  Transfer transfer;
  TransferApi transfer_api;
  HistoryApi history_api;
  VerifyApi verify_api;
  ResultApi result_api;
  CollateralApi collateral_api;
  BaselineApi baseline_api;
  ImpactApi impact_api;
  HealthApi health_api;
  http::Router router{{"", false, NoSuchOwnRoute, BadRequest, Unauthorized}};
  std::shared_ptr<const http::TlsContext> tls;  // null: plain HTTP
  std::unique_ptr<http::HttpServer> tcp, admin;
  std::unique_ptr<PeriodicTasks> housekeeping;  // while listening
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() { Stop(); }

Result<std::unique_ptr<App>> App::Make(Config config, const AppOptions& options) {
  TRY_ASSIGN(TrustAnchors anchors, ReadAnchors(config.server.anchors));
  TRY(CheckFloors(config.baselines));
  const auto chains = std::make_shared<CachedChains>();
  auto upstream_events = std::make_unique<UpstreamEvents>();
  TRY_ASSIGN(auto upstreams, MakeUpstreams(config, chains, *upstream_events));
  TRY_ASSIGN(auto tls, LoadTls(config.server));
  TRY_ASSIGN(auto store, OpenStore(config, options.storage));
  TRY_ASSIGN(auto signer, OpenSigner(config, options.storage));
  TRY_ASSIGN(auto audit, OpenAudit(config, options.storage));
  TRY_ASSIGN(auto baselines, BaselineBook::Open(store, config.baselines, Clock(options.frozen_time).Now(),
                                                [&trail = *audit](const BaselineChange& change) {
                                                  return trail.Change(change);
                                                }));
  auto impl = std::make_unique<Impl>(std::move(config), options, std::move(anchors), std::move(store),
                                     std::move(upstream_events), std::move(upstreams), std::move(audit),
                                     std::move(baselines), std::move(signer), *chains);
  TRY_ASSIGN(const size_t dropped, impl->seen.Load());
  if (dropped != 0)
    LogWarning(StrCat("platforms seen: ", dropped, " records cannot be read and are dropped"));
  impl->tls = std::move(tls);
  return std::unique_ptr<App>(new App(std::move(impl)));
}

const Config& App::config() const { return impl_->config; }
const Clock& App::clock() const { return impl_->clock; }
const TrustAnchors& App::anchors() const { return impl_->anchors; }
CollateralCache& App::cache() { return impl_->cache; }
const DefaultEvaluation& App::evaluation() const { return impl_->evaluation; }
Verification& App::verification() { return impl_->verification; }
RefreshScheduler& App::refresh() { return impl_->refresh; }
Transfer& App::transfer() { return impl_->transfer; }
Result<std::string> App::BackUp(std::string_view name) { return impl_->BackUp(name); }

Result<std::string> App::Impl::BackUp(std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= 64 && name.front() != '.' && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_' || c == '.';
      });
  if (!plain) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("name: \"", name, "\" must be letters, digits, '-', '_' and '.', at most 64")};
  }
  const auto directory = std::filesystem::path(config.cache.data) / "backup";
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(directory.string(), ": ", error.message())};
  }
  const std::string path = (directory / name).string();
  TRY(store->BackUp(path));
  return path;
}

Status App::CheckClock() {
  constexpr Seconds kTolerance{300};  // as of what arrives (DESIGN section 3)
  const Instant now = impl_->clock.Now();
  for (const CacheStatus& item : impl_->cache.Status(now)) {
    if (item.issued <= now + kTolerance) continue;
    return Error{ErrorKind::kUnavailable, Check::kCollateralFromFuture,
                 StrCat("the clock says ", FormatRfc3339(now), ", but ", item.item, " was issued on ",
                        FormatRfc3339(item.issued), ": set the clock")};
  }
  return {};
}
SeenPlatforms& App::seen() { return impl_->seen; }
RecoveryWatch& App::recovery_watch() { return impl_->recovery_watch; }

http::Response App::Handle(const http::Request& request) const {
  const MissBudgets::OnBehalf client(request.client);
  const SteadyTime begun = SteadyNow();
  const http::Route* route = nullptr;
  http::Response response = impl_->router.Handle(request, impl_->roles.Get()->Of(request), &route);
  const auto took = SteadyNow() - begun;
  impl_->requests->Count(route, response.status, took);
  if (response.status >= 400) NoteCause(request, response);
  const bool failed = response.status >= 500;
  if (!failed && !Logs(LogLevel::kDebug)) return response;
  const std::string line =
      StrCat("request: id=", request.id, " client=", request.client, " method=", request.method,
             " path=", request.path, " status=", response.status,
             " took_us=", std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  failed ? LogWarning(line) : LogDebug(line);
  return response;
}

// Why a client got nothing, for the log and the status.
void App::NoteCause(const http::Request& request, const http::Response& response) const {
  const auto cause = response.Header("X-Thimble-Cause");
  if (!cause) return;
  std::string what = Shortened(request.method, request.path, request.query);
  LogInfo(StrCat("refused: id=", request.id, " cause=", *cause, " ", what));
  impl_->refusals.Note(impl_->clock.Now(), *cause, std::move(what));
}

std::vector<std::string> App::Routes() const { return impl_->router.Routes(); }

Status App::Listen() {
  TRY(impl_->audit->InForce(impl_->config.policies, *impl_->baselines));
  const auto handler = [this](const http::Request& request) { return Handle(request); };
  const auto address = http::ListenAddress::Parse(impl_->config.server.listen);
  if (!address) return Error{ErrorKind::kMalformed, Check::kRequest, "listen is not ADDRESS:PORT"};
  if (impl_->storage == Storage::kDisk) {
    impl_->admin = std::make_unique<http::HttpServer>(handler, AdminLimits());
    TRY(impl_->admin->StartUnix(AdminSocketPath(impl_->config.cache.data)));
  }
  impl_->tcp = std::make_unique<http::HttpServer>(handler);
  impl_->tcp->UseTls(impl_->tls);
  TRY(impl_->tcp->StartTcp(*address));
  impl_->StartHousekeeping();
  return {};
}

std::string App::address() const {
  auto address = http::ListenAddress::Parse(impl_->config.server.listen);
  if (!address || !impl_->tcp) return {};
  address->port = impl_->tcp->port();
  return address->ToString();
}

// First all that can fail, then all that cannot.
Status App::Reload(Config fresh) {
  TRY_ASSIGN(auto tls, LoadTls(fresh.server));
  if ((tls == nullptr) != (impl_->tls == nullptr)) {
    return Error{ErrorKind::kMalformed, Check::kRequest, "from HTTP to HTTPS, or back, needs a restart"};
  }
  for (const Upstream& upstream : fresh.intel_upstreams) TRY(CheckedUpstream(Vendor::kIntel, upstream));
  for (const Upstream& upstream : fresh.amd_upstreams) TRY(CheckedUpstream(Vendor::kAmd, upstream));
  TRY(impl_->baselines->Configure(fresh.baselines, impl_->clock.Now()));
  TRY(impl_->audit->InForce(fresh.policies, *impl_->baselines));
  TRY(impl_->upstreams->Replace(fresh.intel_upstreams, fresh.amd_upstreams));
  if (impl_->tcp) impl_->tcp->UseTls(std::move(tls));
  impl_->roles.Set(Roles(fresh.roles));
  impl_->live_policies.Set(fresh.policies);
  impl_->reload_outcome.Set({Clock::WallTime(), ""});
  LogInfo(
      "configuration read anew: certificates, roles, policies, baselines and upstreams are those of the "
      "file");
  if (const std::string keys = KeysForNextStart(impl_->config, fresh); !keys.empty())
    LogWarning(StrCat("these keys have changed, and take effect at the next start: ", keys));
  return {};
}

void App::ReloadRefused(const Error& error) {
  impl_->reload_outcome.Set({Clock::WallTime(), error.message});
  LogError(StrCat("the configuration is refused, the one before it stays in force: ", error.message));
}

bool App::tls() const { return impl_->tls != nullptr; }

void App::Stop() {
  impl_->refresh.Stop();
  if (impl_->tcp) impl_->tcp->Stop();
  if (impl_->admin) impl_->admin->Stop();
  impl_->housekeeping.reset();
  FlushSeen(impl_->seen);
}

std::string AdminSocketPath(const std::string& data) {
  return (std::filesystem::path(data) / "thimble.sock").string();
}

}  // namespace thimble
