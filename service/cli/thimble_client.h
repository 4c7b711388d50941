// SPDX-License-Identifier: Apache-2.0
//
// The Thimble that a command works with, the first of these: the store that --data names; the server that --server or
// THIMBLE_SERVER names; the store of --config, where this user can open it; the server of client.toml; the default store.
// A server is asked over HTTP, at its URL or through the socket beside its store; a store that none runs on is opened in
// this process, where the same requests are answered. RocksDB admits one process, so the directory of a running server
// is reached through the server alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/refresher.h"
#include "fetchers/http_client.h"
#include "service/app.h"
#include "service/cli/cli.h"
#include "service/cli/client/server_choice.h"
#include "service/monitoring/status_report.h"
#include "service/transfer/transfer.h"
#include "tcb/collateral_key.h"

namespace thimble {

class ThimbleClient {
 public:
  // `storage`: how the directory is opened where no server runs on it. Errors: those of the configuration and of the
  // store; as of AtUrl(). Says on stderr which place it is that answers.
  static Result<ThimbleClient> Open(const ConfigFlags& flags, const std::optional<std::string>& server,
                                    Storage storage);
  // The one that runs there, or on the configured store; else the one that client.toml names. Errors: as of Open(); unavailable when none runs.
  static Result<ThimbleClient> Running(const ConfigFlags& flags, const std::optional<std::string>& server);
  // The one that --server names. request.invalid when it is not a URL. Plain HTTP is allowed: the user has named this
  // host. `flags` and what else the user has said (client/server_choice.h) say how it is asked.
  static Result<ThimbleClient> AtUrl(const std::string& url, const ConfigFlags& flags);
  static Result<ThimbleClient> Of(const ServerChoice& choice);

  const std::string& name() const { return name_; }  // which it is: "the server at ..." or "the store in ..."
  const std::string& data() const { return data_; }  // the directory of its store; empty: on another host

  struct Call {
    std::string method = "GET", target;
    std::string body = {}, content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers = {};
  };
  // OK means that an answer came, whatever its status. Errors: upstream.unreachable.
  Result<HttpResponse> Send(Call call);
  // The body of an answer with status 200; the error that any other stands for.
  Result<std::string> Ask(Call call);

  Result<StatusReport> Status();
  // By what the default baseline chooses here. A server chooses for itself, when it is not told.
  Result<Selector> SelectorFor(IntelTee tee);
  // Makes sure that the item is cached.
  thimble::Status Fetch(const CollateralKey& key);
  Result<RefreshReport> Refresh(const std::string& query);  // one pass; "", or "?all=1": see OperationsApi
  Result<std::string> Export(bool with_history);
  Result<ImportReport> Import(std::string file, const std::optional<Seconds>& min_remaining);
  Result<std::string> BackUp(const std::string& name);  // the path of the copy

 private:
  struct Server {
    std::string base, socket, token;
    std::shared_ptr<HttpClient> http;
  };
  ThimbleClient(std::string name, Server server) : name_(std::move(name)), server_(std::move(server)) {}
  explicit ThimbleClient(std::unique_ptr<App> app);
  static Result<ThimbleClient> Find(const ConfigFlags& flags, const std::optional<std::string>& server,
                                    Storage storage);
  static Result<std::optional<ThimbleClient>> FindRunning(const ConfigFlags& flags,
                                                          const std::optional<std::string>& server);
  static std::optional<ThimbleClient> RunningOn(const std::string& data);
  thimble::Status CheckClock();

  std::string name_, data_;
  std::optional<Server> server_;  // else app_
  std::unique_ptr<App> app_;
};

}  // namespace thimble
