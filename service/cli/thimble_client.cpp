// SPDX-License-Identifier: Apache-2.0
#include "service/cli/thimble_client.h"

#include <filesystem>

#include "fetchers/amd_urls.h"
#include "fetchers/intel_urls.h"
#include "service/cli/command_support.h"
#include "service/monitoring/refresh_report.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// A server that runs on this directory.
std::optional<Remote> ServerOn(const std::string& data) {
  const std::string path = AdminSocketPath(data);
  std::error_code ignored;  // a socket that cannot be looked at is not there for us
  if (!std::filesystem::is_socket(path, ignored)) return std::nullopt;
  Remote remote = Remote::AtSocket(path);
  return remote.Get("/healthz") ? std::optional(std::move(remote)) : std::nullopt;
}

// The words of a problem object.
std::string DetailOf(std::string_view body) {
  const auto document =
      json::Document::Parse(body, "problem", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  const auto detail = document ? (*document)->root().Find("detail") : std::nullopt;
  const auto text = detail ? detail->String() : Result<std::string_view>(std::string_view("no reason given"));
  return std::string(text ? *text : std::string_view("no reason given"));
}

constexpr const char* kJson = "application/json";

// The target under which another Thimble serves this item. A Thimble that is not asked for a selector takes its own
// baseline.
std::string TargetOf(const CollateralKey& key) {
  constexpr std::string_view kAnyOrigin = "http://localhost";
  if (VendorOf(key) == Vendor::kAmd) return KdsUrl("", key);
  return IntelUrl(StrCat(kAnyOrigin, "/sgx/certification/v4/"), key).substr(kAnyOrigin.size());
}

// What a server answers; what it refuses is an error of the kind that its own command would have.
Result<std::string> Body(const Remote& remote, std::string_view target, Result<HttpResponse> response) {
  if (!response) return std::move(response).error();
  if (response->status == 200) return std::string(AsText(response->body));
  ErrorKind kind = ErrorKind::kUnavailable;
  if (response->status == 422) kind = ErrorKind::kRejected;
  if (response->status == 400) kind = ErrorKind::kMalformed;
  return Error{kind, Check::kUpstreamStatus,
               StrCat(remote.name(), " answered ", target, " with HTTP ", response->status, ": ",
                      DetailOf(AsText(response->body)))};
}

}  // namespace

Result<ThimbleClient> ThimbleClient::Open(const ConfigFlags& flags,
                                          const std::optional<std::string>& server) {
  if (server) {
    TRY_ASSIGN(Remote remote, Remote::AtUrl(*server));
    return ThimbleClient(std::move(remote));
  }
  TRY_ASSIGN(Config config, EffectiveConfig(flags));
  if (auto running = ServerOn(config.cache.data)) return ThimbleClient(*std::move(running));
  TRY_ASSIGN(auto app, App::Make(std::move(config), {}));
  return ThimbleClient(std::move(app));
}

Result<HttpResponse> ThimbleClient::Ask(const std::string& method, const std::string& target,
                                        std::string body) {
  if (remote_) return remote_->Send(method, target, "application/json", std::move(body));
  http::Request request;
  request.method = method;
  request.path = target;
  request.body = std::move(body);
  request.headers = {{"content-type", "application/json"}};
  request.client = "command line";
  request.admin = true;
  const http::Response response = app_->Handle(request);
  HttpResponse answer;
  answer.status = response.status;
  if (response.content) {
    const ByteView bytes = AsBytes(response.content->body());
    answer.body.assign(bytes.begin(), bytes.end());
  }
  return answer;
}

Result<Selector> ThimbleClient::SelectorFor(IntelTee tee) {
  if (remote_) return Selector{};
  TRY_ASSIGN(const auto choice, app_->evaluation().For(tee));
  return choice.selector;
}

Result<StatusReport> ThimbleClient::Status() {
  if (!remote_) return MakeStatusReport(app_->cache(), app_->clock().Now());
  TRY_ASSIGN(const HttpResponse response, remote_->Get("/v1/status"));
  if (response.status != 200) {
    return Error{ErrorKind::kUnavailable, Check::kUpstreamStatus,
                 StrCat(remote_->name(), " answered /v1/status with HTTP ", response.status)};
  }
  return ParseStatusJson(AsText(response.body));
}

thimble::Status ThimbleClient::Fetch(const CollateralKey& key) {
  if (!remote_) {
    const auto answer = app_->cache().Get(key, app_->clock().Now());
    return answer ? thimble::Status() : thimble::Status(answer.error());
  }
  TRY_ASSIGN(const HttpResponse response, remote_->Get(TargetOf(key)));
  if (response.status == 200) return {};
  const bool gone = response.status == 404 || response.status == 410;
  return Error{ErrorKind::kUnavailable, gone ? Check::kUpstreamNotFound : Check::kUpstreamStatus,
               StrCat(remote_->name(), " answered HTTP ", response.status, ", cause ",
                      response.Header("x-thimble-cause").value_or("unknown"))};
}

Result<RefreshReport> ThimbleClient::Refresh() {
  if (!remote_) {
    TRY(app_->CheckClock());
    return app_->refresh().RunNow();
  }
  TRY_ASSIGN(const std::string answer,
             Body(*remote_, "/v1/refresh", remote_->Post("/v1/refresh", kJson, "")));
  return ParseRefreshJson(answer);
}

Result<std::string> ThimbleClient::Export(bool with_history) {
  if (!remote_) return app_->transfer().Export(with_history);
  const std::string target = StrCat("/v1/export?history=", with_history ? 1 : 0);
  return Body(*remote_, target, remote_->Get(target));
}

Result<ImportReport> ThimbleClient::Import(std::string file, const std::optional<Seconds>& min_remaining) {
  if (!remote_) {
    TRY(app_->CheckClock());
    return app_->transfer().Import(file, min_remaining);
  }
  std::string target = "/v1/import";
  if (min_remaining) target += StrCat("?min_remaining=", FormatDuration(*min_remaining));
  TRY_ASSIGN(const std::string answer,
             Body(*remote_, target, remote_->Post(target, "application/octet-stream", std::move(file))));
  return ParseImportJson(answer);
}

Result<std::string> ThimbleClient::BackUp(const std::string& name) {
  if (!remote_) return app_->BackUp(name);
  const std::string target = StrCat("/v1/backup?name=", PercentEncode(name));
  TRY_ASSIGN(std::string path, Body(*remote_, target, remote_->Post(target, kJson, "")));
  if (path.ends_with('\n')) path.pop_back();
  return path;
}

}  // namespace thimble
