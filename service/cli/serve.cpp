// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>

#include <csignal>

#include "service/app.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/support/log.h"
#include "service/support/malloc_tuning.h"
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

void LogStart(const App& app) {
  for (const TrustAnchor& anchor : app.anchors().all()) {
    LogInfo("trust anchor",
            {{"name", anchor.name}, {"added", anchor.extra}, {"spki_sha256", anchor.spki_sha256.hex()}});
  }
  for (const Upstream& upstream : app.config().intel_upstreams)
    LogInfo("upstream", {{"vendor", "intel"}, {"url", upstream.url}});
  for (const Upstream& upstream : app.config().amd_upstreams)
    LogInfo("upstream", {{"vendor", "amd"}, {"url", upstream.url}});
  if (app.clock().frozen()) LogWarning("time is frozen", {{"at", FormatRfc3339(app.clock().Now())}});
}

void Reload(App& app, const ConfigFlags& flags) {
  auto config = EffectiveConfig(flags);
  const Status taken = config ? app.Reload(std::move(config).value()) : Status(config.error());
  if (!taken) app.RecordRefusedReload(taken.error());
}

}  // namespace

ExitCode Run(const ServeOptions& options) {
  KeepFreedMemory();
  const sigset_t signals = BlockSignals();
  auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), false);
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

  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) Reload(**app, options.flags);
  LogInfo("stopping", {}, "requests under way are answered first");
  (*app)->Stop();
  return ExitCode::kDone;
}

}  // namespace thimble
