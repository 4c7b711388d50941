// SPDX-License-Identifier: Apache-2.0
//
// Where a command works: on a running Thimble, or in this process on the store's directory. RocksDB admits one process,
// so the directory of a running server is reached through the server's socket.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/refresher.h"
#include "service/app.h"
#include "service/cli/cli.h"
#include "service/cli/remote.h"
#include "service/monitoring/status_report.h"
#include "service/transfer/transfer.h"
#include "tcb/collateral.h"

namespace thimble {

class ThimbleClient {
 public:
  static Result<ThimbleClient> Open(const ConfigFlags& flags, const std::optional<std::string>& server);

  // The answer to a request of the administrator, whatever its status: from the server, or from the store in this process.
  Result<HttpResponse> Ask(const std::string& method, const std::string& target, std::string body = "");
  Result<StatusReport> Status();
  // By what the default baseline chooses here. A server chooses for itself, when it is not told.
  Result<Selector> SelectorFor(IntelTee tee);
  // Makes sure that the item is held.
  thimble::Status Fetch(const CollateralKey& key);
  // One refresh pass.
  Result<RefreshReport> Refresh();
  Result<std::string> Export(bool with_history);
  Result<ImportReport> Import(std::string file, const std::optional<Seconds>& min_remaining);
  // The path of the copy.
  Result<std::string> BackUp(const std::string& name);

 private:
  explicit ThimbleClient(Remote remote) : remote_(std::move(remote)) {}
  explicit ThimbleClient(std::unique_ptr<App> app) : app_(std::move(app)) {}

  std::optional<Remote> remote_;  // else app_
  std::unique_ptr<App> app_;
};

}  // namespace thimble
