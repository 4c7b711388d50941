// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "service/app.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/support/log.h"
#include "service/support/malloc_tuning.h"
#include "service/support/peer_address.h"
#include "service/support/service_manager.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// Blocked in every thread, since threads inherit it: the signals are waited for, not handled.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

std::string RolesText(const std::vector<RoleGrant>& grants) {
  std::string out;
  for (const RoleGrant& grant : grants) {
    const std::string_view label = grant.label;
    out += StrCat(out.empty() ? "" : " ", RoleName(grant.role), label.empty() ? "" : "=", label);
  }
  return out.empty() ? "none" : out;
}

std::string BaselinesText(const Summary& summary) {
  std::string out;
  for (const Summary::Baseline& baseline : summary.baselines) {
    out += StrCat(out.empty() ? "" : " ", baseline.name, "@", baseline.version, ",intel=", baseline.intel);
    if (baseline.sgx) out += StrCat(",sgx=", *baseline.sgx);
    if (baseline.tdx) out += StrCat(",tdx=", *baseline.tdx);
    out += StrCat(",amd=", baseline.amd);
  }
  return out;
}

// What runs, by which rules: one line, to be found in a log after months.
void LogRules(const App& app, const ConfigFlags& flags) {
  const Summary summary = app.summary();
  std::string policies;
  for (const Summary::Policy& policy : summary.policies)
    policies += StrCat(policies.empty() ? "" : " ", policy.name, "@", policy.sha256);
  LogInfo("starting", {{"version", summary.version},
                       {"configuration", flags.config.value_or("none")},
                       {"data", app.config().cache.data},
                       {"tls", app.tls()},
                       {"certificate_ends",
                        summary.certificate_end ? FormatRfc3339(*summary.certificate_end) : std::string()},
                       {"client_ca", app.config().server.client_ca},
                       {"roles", RolesText(app.config().roles)},
                       {"policies", policies},
                       {"baselines", BaselinesText(summary)},
                       {"items", summary.items.all()},
                       {"registrations", summary.registrations}});
}

void LogStart(const App& app) {
  for (const TrustAnchor& anchor : app.anchors().all()) {
    LogInfo("trust anchor",
            {{"name", anchor.name}, {"added", anchor.extra}, {"spki_sha256", anchor.spki_sha256.hex()}});
  }
  for (const AnchorUse use : kAnchorUses) {
    for (const PathRoot& root : app.anchors().For(use).roots)
      LogInfo("trust anchor", {{"name", root.name},
                               {"added", true},
                               {"use", AnchorUseName(use)},
                               {"spki_sha256", root.spki_sha256.hex()}});
  }
  for (const Upstream& upstream : app.config().intel_upstreams)
    LogInfo("upstream", {{"vendor", "intel"}, {"url", upstream.url}});
  for (const Upstream& upstream : app.config().amd_upstreams)
    LogInfo("upstream", {{"vendor", "amd"}, {"url", upstream.url}});
  if (app.clock().frozen()) LogWarning("time is frozen", {{"at", FormatRfc3339(app.clock().Now())}});
}

// How it ended, in a line.
std::string Reload(App& app, const ConfigFlags& flags) {
  auto config = EffectiveConfig(flags);
  const Status taken = config ? app.Reload(std::move(config).value()) : Status(config.error());
  if (taken) return StrCat("listening on ", app.address());
  app.RecordRefusedReload(taken.error());
  return StrCat("configuration refused, the one before it stays in force: ", taken.error().message);
}

// Readiness takes the cache's locks and reads the store: what hangs there does not come back from it.
void LookAtItself(App& app) {
  http::Request request;
  request.method = "GET";
  request.path = "/readyz";
  request.client = http::kCommandLine;
  request.admin = true;
  (void)app.Handle(request);  // ready or not, it answers
}

// 0: none came in this time.
int NextSignal(const sigset_t& signals, const std::optional<std::chrono::microseconds>& patience) {
  if (!patience) return std::max(::sigwaitinfo(&signals, nullptr), 0);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*patience);
  const timespec wait{seconds.count(), std::chrono::nanoseconds(*patience - seconds).count()};
  return std::max(::sigtimedwait(&signals, nullptr, &wait), 0);
}

void ServeUntilTold(App& app, const ConfigFlags& flags, const sigset_t& signals) {
  const ServiceManager manager = ServiceManager::FromEnvironment();
  manager.Ready(StrCat("listening on ", app.address()));
  for (;;) {
    const int signal = NextSignal(signals, manager.alive_every());
    if (signal == SIGHUP) {
      manager.Reloading();
      manager.Ready(Reload(app, flags));
    } else if (signal != 0) {
      break;
    }
    if (!manager.alive_every()) continue;
    LookAtItself(app);
    manager.Alive();
  }
  manager.Stopping();
}

}  // namespace

ExitCode Run(const ServeOptions& options) {
  KeepFreedMemory();
  const sigset_t signals = BlockSignals();
  auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), false);
  if (const Status foreign = CheckNotItsOwn(*config); !foreign) return Fail(foreign.error(), false);
  const auto frozen = ParseTimeFlag("--frozen-time", options.frozen_time);
  if (!frozen) return Fail(frozen.error(), false);

  auto app =
      App::Make(std::move(config).value(),
                {.storage = options.ephemeral ? Storage::kMemory : Storage::kDisk, .frozen_time = *frozen});
  if (!app) {
    PrintError(app.error().message);
    return app.error().kind == ErrorKind::kInternal ? ExitCode::kUnavailable : ExitCode::kUsage;
  }
  SetLogFormat((*app)->config().log.format);
  SetLogLevel((*app)->config().log.level);
  LogRules(**app, options.flags);
  LogStart(**app);
  if (const Status clock = (*app)->CheckClock(); !clock) {
    PrintError(clock.error().message);
    return ExitCode::kUnavailable;
  }
  const Status listening = (*app)->Listen();
  if (!listening) {
    PrintError(listening.error().message);
    return ExitCode::kUnavailable;
  }
  PrintLine(StrCat("listening on ", (*app)->tls() ? "https://" : "http://", (*app)->address()));
  FlushOutput();
  (*app)->refresh().Start();

  ServeUntilTold(**app, options.flags, signals);
  LogInfo("stopping", {}, "requests under way are answered first");
  (*app)->Stop();
  return ExitCode::kDone;
}

}  // namespace thimble
