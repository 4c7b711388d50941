// SPDX-License-Identifier: Apache-2.0
//
// The composition root: makes and owns store, anchors, upstreams, cache, verification and server, in this order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "service/baselines/evaluation.h"
#include "service/baselines/recovery_watch.h"
#include "service/config/config.h"
#include "service/http/types.h"
#include "service/support/clock.h"
#include "service/transfer/transfer.h"
#include "service/upstreams/refresh_scheduler.h"
#include "service/verification/verification.h"

namespace thimble {

enum class Storage : uint8_t { kDisk, kMemory };

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

  const Config& config() const;
  const Clock& clock() const;
  const TrustAnchors& anchors() const;
  CollateralCache& cache();
  const DefaultEvaluation& evaluation() const;
  Verification& verification();
  RefreshScheduler& refresh();
  Transfer& transfer();
  // A copy of the store beside it, DATA/backup/NAME, while it is in use; the path. It is a store by itself.
  Result<std::string> BackUp(std::string_view name);

  // Refuses a clock that lies before the issue date of something that is held: it would call what has ended fresh.
  Status CheckClock();
  SeenPlatforms& seen();
  // What the housekeeping thread does every minute: looks out for TCB recoveries.
  RecoveryWatch& recovery_watch();

  // What the HTTP server answers; also for tests, without a socket.
  http::Response Handle(const http::Request& request) const;

  std::vector<std::string> Routes() const;  // "GET /v1/status"

  // Listens on the configured address, and with a store on disk on DATA/thimble.sock.
  Status Listen();
  // Takes certificates, roles, policies, baselines and upstreams from another configuration; requests under way keep
  // what they began with. An error of the configuration changes nothing; when the store or the audit trail fails,
  // baselines that were recorded before hold. What else differs needs a restart, which the log says.
  Status Reload(Config fresh);
  // The file that was to be taken cannot be read: shown in the status until one is taken.
  void ReloadRefused(const Error& error);
  bool tls() const;             // whether it serves HTTPS
  std::string address() const;  // "127.0.0.1:8081", after Listen()
  void Stop();                  // answers what is under way first

 private:
  void NoteCause(const http::Request& request, const http::Response& response) const;
  struct Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// DATA/thimble.sock.
std::string AdminSocketPath(const std::string& data);

}  // namespace thimble
