// SPDX-License-Identifier: Apache-2.0
#include "service/app.h"

#include "service/support/log.h"
#include "service/support/peer_address.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::chrono::seconds kFlushEvery{5}, kWatchEvery{60};

}  // namespace

App::App(Config config, const AppOptions& options)
    : config_(std::move(config)),
      options_(options),
      clock_(options.frozen_time),
      proxies_(config_.server.trusted_proxies, config_.server.forwarded_header),
      proxy_protocol_(proxies_, config_.server.proxy_protocol),
      roles_(Roles(config_.roles)) {}

App::~App() { Stop(); }

// What the configuration says is checked before the store is opened.
Result<std::unique_ptr<App>> App::Make(Config config, const AppOptions& options) {
  std::unique_ptr<App> app(new App(std::move(config), options));
  TRY_ASSIGN(auto tls, LoadTls(app->config_.server));
  TRY_ASSIGN(app->collateral_, Collateral::Make(app->config_, options.storage, app->clock_));
  TRY_ASSIGN(app->appraisal_, Appraisal::Make(app->config_, options.storage, *app->collateral_, app->clock_));
  app->routes_ = std::make_unique<thimble::Routes>(
      app->config_, *app->collateral_, *app->appraisal_, app->proxy_protocol_, app->reload_outcome_,
      *app->listener_counts_, app->clock_,
      [app = app.get()](const http::Request& request) { return app->roles_.Get()->Of(request); });
  app->browsers_.Set(RulesForBrowsers(app->config_.server, app->config_.server.listen, tls.get()));
  app->servers_ =
      std::make_unique<Servers>(app->config_, options.storage, std::move(tls), app->listener_counts_);
  return app;
}

http::Response App::Handle(http::Request& request) {
  if (auto forwarded = proxies_.Resolve(request)) return Judged(*forwarded);
  return Judged(request);
}

http::Response App::Handle(const http::Request& request) {
  http::Request own = request;
  return Handle(own);
}

std::optional<http::Response> App::HandleAtOnce(http::Request& request) {
  request.may_wait = false;
  http::Response response = Handle(request);
  request.may_wait = true;
  return response.later ? std::nullopt : std::optional(std::move(response));
}

// A token that is refused is counted once.
http::Response App::Judged(http::Request& request) {
  Roles::Judgement judgement = roles_.Get()->Judge(request);
  if (judgement.failed && !request.may_wait) return http::Later();
  request.grants = std::move(judgement.grants);
  request.token_refused =
      judgement.failed && listener_counts_->MayWarn();  // strangers can cause them at will
  if (judgement.failed) ++listener_counts_->authentications;
  return routes_->Handle(request, judgement.roles, *browsers_.Get());
}

// What later records refer to by its digest.
Status App::RecordRules(const ConfiguredPolicies& policies) const {
  return appraisal_->audit->InForce(
      {policies, *appraisal_->baselines, collateral_->anchors, appraisal_->floors->InForce()});
}

std::optional<http::BodyLimit> App::BodyLimitOf(const http::Request& head) const {
  if (head.admin && head.path == TransferApi::kImportPath)
    return std::nullopt;  // as large as the socket lets it be
  return routes_->BodyLimitOf(head, [&] {
    const auto forwarded = proxies_.Resolve(head);
    return roles_.Get()->Of(forwarded ? *forwarded : head);
  });
}

// A proxy on this host that is not named hides its clients behind the exemptions of loopback.
void App::WarnOfHiddenClients() const {
  const auto address = http::ListenAddress::Parse(config_.server.listen);
  if (!proxies_.empty() || config_.roles.empty() || !address || !http::IsLoopbackPeer(address->host)) return;
  LogWarning(
      "no trusted proxies", {{"listen", config_.server.listen}},
      "a proxy on this host counts as one client, without limits: name it in [server] trusted_proxies");
}

Status App::Listen() {
  TRY(RecordRules(config_.policies));
  TRY(StartSharing());
  TRY(servers_->Listen([this](http::Request& request) { return Handle(request); },
                       {.body_limit = [this](const http::Request& head) { return BodyLimitOf(head); },
                        .proxy_protocol = &proxy_protocol_,
                        .at_once = [this](http::Request& request) { return HandleAtOnce(request); }}));
  listener_counts_->since = clock_.Now().time_since_epoch().count();
  WarnOfHiddenClients();
  StartHousekeeping();
  return {};
}

Result<size_t> App::PullRegistry() {
  PlatformRegistry& registry = collateral_->registry;
  const uint64_t before = registry.left_out();
  auto pulled = registry.Pull();
  if (const uint64_t left_out = registry.left_out() - before; left_out != 0)
    LogWarning("shared database", {{"left_out", left_out}},
               "rows that are no entries of the registry: who writes there?");
  return pulled;
}

// What is held here is renewed by what other replicas have asked for.
Status App::StartSharing() {
  if (!collateral_->shared) return {};
  SharedLink::Work work;
  work.registry = [this] { return PullRegistry(); };
  work.item = [this](const CollateralKey& key, const FetchedBytes& item) {
    CollateralCache& cache = collateral_->cache;
    if (!cache.Peek(key, clock_.Now())) return;
    if (const Status taken = cache.TakeShared(key, item, clock_.Now()); !taken)
      LogDebug("not taken from another replica", {{"item", KeyName(key)}}, taken.error().message);
  };
  work.baselines = [this](const std::vector<AgreedBaseline>& agreed, bool all) {
    const auto usable = [this](const Baseline& baseline) -> Status {
      TRY(appraisal_->floors->Try(baseline.amd));
      return {};
    };
    return appraisal_->baselines->TakeOver(agreed, all, usable, clock_.Now());
  };
  work.keys = [this] { return appraisal_->signer->Points(clock_.Now()); };
  return collateral_->shared->Start(std::move(work));
}

void App::StartHousekeeping() {
  housekeeping_ = std::make_unique<PeriodicTasks>(
      std::vector<PeriodicTask>{{kFlushEvery, [this] { collateral_->FlushSeen(); }},
                                {kWatchEvery, [this] { appraisal_->recovery_watch.Check(clock_.Now()); }},
                                {kWatchEvery, [this] { appraisal_->moved_sets.Check(clock_.Now()); }}});
}

// First all that can fail, then all that cannot.
Status App::Reload(Config fresh) {
  TRY_ASSIGN(auto tls, LoadTls(fresh.server));
  TRY(servers_->CheckTls(tls));
  for (const Upstream& upstream : fresh.intel_upstreams) TRY(CheckedUpstream(Vendor::kIntel, upstream));
  for (const Upstream& upstream : fresh.amd_upstreams) TRY(CheckedUpstream(Vendor::kAmd, upstream));
  TRY(appraisal_->floors->Configure(fresh.baselines, fresh.policies, fresh.floors, clock_.Now()));
  TRY(appraisal_->baselines->Configure(fresh.baselines, clock_.Now()));
  if (collateral_->shared) collateral_->shared->Nudge();
  TRY(RecordRules(fresh.policies));
  TRY(collateral_->upstreams->Replace(fresh.intel_upstreams, fresh.amd_upstreams));
  collateral_->lags.Forget();
  appraisal_->UseFloorsUrl(config_.pccs.mode, fresh.floors.url);  // the mode is for the next start
  browsers_.Set(RulesForBrowsers(fresh.server, config_.server.listen, tls.get()));
  servers_->UseTls(std::move(tls));
  roles_.Set(Roles(fresh.roles));
  appraisal_->policies.Set(SharedPolicies(fresh.policies));
  reload_outcome_.Set({Clock::WallTime(), ""});
  LogInfo("configuration reloaded", {},
          "certificates, roles, policies, baselines, floors and upstreams are those of the file");
  if (const std::string keys = KeysForNextStart(config_, fresh); !keys.empty())
    LogWarning("changed keys take effect at the next start", {{"keys", keys}});
  return {};
}

void App::RecordRefusedReload(const Error& error) {
  reload_outcome_.Set({Clock::WallTime(), error.message});
  LogError("configuration refused", {}, StrCat("the one before it stays in force: ", error.message));
}

void App::Stop() {
  if (collateral_) collateral_->refresh.Stop();
  if (servers_) servers_->Stop();
  if (collateral_ && collateral_->shared) collateral_->shared->Stop();
  housekeeping_.reset();
  if (collateral_) collateral_->FlushSeen();
}

}  // namespace thimble
