// SPDX-License-Identifier: Apache-2.0
#include "service/place.h"

#include <filesystem>

#include "fetchers/amd_urls.h"
#include "fetchers/intel_urls.h"
#include "service/command_support.h"
#include "service/refresh_report.h"
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

// The target under which another Thimble serves this item. A Thimble that is not asked for a selector takes its own
// baseline.
std::string TargetOf(const CollateralKey& key) {
  constexpr std::string_view kAnyOrigin = "http://localhost";
  if (VendorOf(key) == Vendor::kAmd) return KdsUrl("", key);
  return IntelUrl(StrCat(kAnyOrigin, "/sgx/certification/v4/"), key).substr(kAnyOrigin.size());
}

}  // namespace

Result<Place> Place::Open(const ConfigFlags& flags, const std::optional<std::string>& server) {
  if (server) {
    TRY_ASSIGN(Remote remote, Remote::AtUrl(*server));
    return Place(std::move(remote));
  }
  TRY_ASSIGN(Config config, EffectiveConfig(flags));
  if (auto running = ServerOn(config.cache.data)) return Place(*std::move(running));
  TRY_ASSIGN(auto app, App::Make(std::move(config), {}));
  return Place(std::move(app));
}

Result<HttpResponse> Place::Ask(const std::string& method, const std::string& target, std::string body) {
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

Result<Selector> Place::SelectorFor(IntelTee tee) {
  if (remote_) return Selector{};
  TRY_ASSIGN(const auto choice, app_->evaluation().For(tee));
  return choice.selector;
}

Result<StatusReport> Place::Status() {
  if (!remote_) return MakeStatusReport(app_->cache(), app_->clock().Now());
  TRY_ASSIGN(const HttpResponse response, remote_->Get("/v1/status"));
  if (response.status != 200) {
    return Error{ErrorKind::kUnavailable, Check::kUpstreamStatus,
                 StrCat(remote_->name(), " answered /v1/status with HTTP ", response.status)};
  }
  return ParseStatusJson(AsText(response.body));
}

thimble::Status Place::Fetch(const CollateralKey& key) {
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

Result<RefreshReport> Place::Refresh() {
  if (!remote_) {
    TRY(app_->CheckClock());
    return app_->refresh().RunNow();
  }
  TRY_ASSIGN(const HttpResponse response, remote_->Post("/v1/refresh", "application/json", ""));
  if (response.status != 200) {
    return Error{ErrorKind::kUnavailable, Check::kUpstreamStatus,
                 StrCat(remote_->name(), " answered /v1/refresh with HTTP ", response.status)};
  }
  return ParseRefreshJson(AsText(response.body));
}

}  // namespace thimble
