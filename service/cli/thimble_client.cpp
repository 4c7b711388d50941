// SPDX-License-Identifier: Apache-2.0
#include "service/cli/thimble_client.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "fetchers/amd_urls.h"
#include "fetchers/curl_http_client.h"
#include "fetchers/intel_urls.h"
#include "fetchers/url.h"
#include "service/cli/command_support.h"
#include "service/monitoring/refresh_report.h"
#include "service/support/file.h"
#include "service/support/peer_address.h"
#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxTokenFile = 4096;

// A refresh of many items, or the import of a large bundle, takes its time.
std::shared_ptr<HttpClient> PatientClient(const ServerChoice& choice = {}) {
  CurlOptions options;
  options.ca_file = choice.ca;
  options.client_certificate = choice.client_certificate;
  options.client_key = choice.client_key;
  options.total_timeout = std::chrono::minutes(30);
  return std::make_shared<CurlHttpClient>(options);
}

// The target under which a Thimble serves this item. One that is not asked for a selector takes its own baseline.
std::string TargetOf(const CollateralKey& key) {
  constexpr std::string_view kAnyOrigin = "http://localhost";
  if (VendorOf(key) == Vendor::kAmd) return KdsUrl("", key);
  return IntelUrl(StrCat(kAnyOrigin, "/sgx/certification/v4/"), key).substr(kAnyOrigin.size());
}

http::Request AdminRequest(ThimbleClient::Call call) {
  http::Request request;
  request.method = std::move(call.method);
  const size_t question = std::min(call.target.find('?'), call.target.size());
  request.path = call.target.substr(0, question);
  if (question < call.target.size()) request.query = call.target.substr(question + 1);
  request.body = std::move(call.body);
  request.headers = {{"content-type", std::move(call.content_type)}};
  for (auto& [name, value] : call.headers) request.headers.emplace_back(LowerCase(name), std::move(value));
  request.client = http::kCommandLine;
  request.admin = true;
  request.uid = ::geteuid();
  return request;
}

HttpResponse AsReceived(const http::Response& response) {
  HttpResponse answer;
  answer.status = response.status;
  const auto add = [&answer](const http::HeaderList& headers) {
    for (const auto& [name, value] : headers) answer.headers.emplace_back(LowerCase(name), value);
  };
  add(response.headers);
  if (response.content) {
    add(response.content->headers());
    const ByteView bytes = AsBytes(response.content->body());
    answer.body.assign(bytes.begin(), bytes.end());
  }
  return answer;
}

}  // namespace

// -- Opening ----------------------------------------------------------------------------------------------------------

ThimbleClient::ThimbleClient(std::unique_ptr<App> app)
    : name_(StrCat("the store in ", app->config().cache.data)),
      data_(app->config().cache.data),
      app_(std::move(app)) {}

Result<ThimbleClient> ThimbleClient::Of(const ServerChoice& choice) {
  const auto parsed = ParseUrl(choice.url);
  const std::string from = choice.chosen_by.empty() ? "--server" : choice.chosen_by;
  if (!parsed || parsed->target != "/") {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(from, " \"", choice.url, "\" must be a URL like https://thimble.example:8081")};
  }
  if (!choice.left_out.empty()) PrintErrorLines(Lines::Of(choice.left_out));
  Server server{parsed->Origin(), "", "", PatientClient(choice)};
  if (!choice.token_file.empty()) {
    TRY_ASSIGN(server.token, ReadFile(choice.token_file, kMaxTokenFile));
    server.token.resize(std::min(server.token.find_first_of("\r\n"), server.token.size()));
  }
  const std::string by = choice.chosen_by.empty() ? "" : StrCat(" (by ", choice.chosen_by, ")");
  return ThimbleClient(StrCat("the server at ", choice.url, by), std::move(server));
}

Result<ThimbleClient> ThimbleClient::AtUrl(const std::string& url, const ConfigFlags& flags) {
  TRY_ASSIGN(const ServerChoice choice, ChoiceFor(url, flags));
  return Of(choice);
}

// A server that runs on this directory.
std::optional<ThimbleClient> ThimbleClient::RunningOn(const std::string& data) {
  const std::string path = AdminSocketPath(data);
  std::error_code ignored;  // a socket that cannot be looked at is not there for us
  if (!std::filesystem::is_socket(path, ignored)) return std::nullopt;
  ThimbleClient client(StrCat("the server at ", path), {"http://localhost", path, "", PatientClient()});
  client.data_ = data;
  if (!client.Send({.target = "/healthz"})) return std::nullopt;
  return client;
}

// nullopt: no server is named, and none runs on the store.
Result<std::optional<ThimbleClient>> ThimbleClient::FindRunning(const ConfigFlags& flags,
                                                                const std::optional<std::string>& server) {
  const auto asked = [](const ServerChoice& choice) -> Result<std::optional<ThimbleClient>> {
    TRY_ASSIGN(ThimbleClient client, Of(choice));
    return std::optional<ThimbleClient>(std::move(client));
  };
  TRY_ASSIGN(const auto named, NamedServer(flags, server));
  if (named) return asked(*named);
  TRY_ASSIGN(const Config config, EffectiveConfig(flags));
  const bool store_is_named = flags.config || flags.data;
  if (store_is_named) {
    if (auto running = RunningOn(config.cache.data)) return running;
    // Closed, or still to be made, and ours to open; else client.toml may know who has it.
    if (::access(config.cache.data.c_str(), R_OK | X_OK) == 0 || errno == ENOENT)
      return std::optional<ThimbleClient>();
  }
  TRY_ASSIGN(const auto of_file, ServerOfFile(flags));
  if (of_file) return asked(*of_file);
  return store_is_named ? std::optional<ThimbleClient>() : RunningOn(config.cache.data);
}

Result<ThimbleClient> ThimbleClient::Open(const ConfigFlags& flags, const std::optional<std::string>& server,
                                          Storage storage) {
  auto client = Find(flags, server, storage);
  if (client) PrintNote(StrCat("asked: ", client->name()));
  return client;
}

Result<ThimbleClient> ThimbleClient::Find(const ConfigFlags& given, const std::optional<std::string>& server,
                                          Storage storage) {
  const ConfigFlags flags = WithInstalled(given);
  TRY_ASSIGN(auto running, FindRunning(flags, server));
  if (running) return *std::move(running);
  TRY_ASSIGN(Config config, EffectiveConfig(flags));
  TRY_ASSIGN(auto app, App::Make(std::move(config), {.storage = storage, .frozen_time = {}}));
  return ThimbleClient(std::move(app));
}

Result<ThimbleClient> ThimbleClient::Running(const ConfigFlags& given,
                                             const std::optional<std::string>& server) {
  const ConfigFlags flags = WithInstalled(given);
  TRY_ASSIGN(auto running, FindRunning(flags, server));
  if (running) return *std::move(running);
  TRY_ASSIGN(const Config config, EffectiveConfig(flags));
  return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable,
               StrCat("no server runs on ", config.cache.data)};
}

// -- Asking -----------------------------------------------------------------------------------------------------------

Result<HttpResponse> ThimbleClient::Send(Call call) {
  if (!server_) {
    http::Request own = AdminRequest(std::move(call));
    return AsReceived(app_->Handle(own));
  }
  HttpRequest request;
  request.method = std::move(call.method);
  request.url = StrCat(server_->base, call.target);
  request.headers = std::move(call.headers);
  if (request.method != "GET") request.headers.emplace_back("Content-Type", std::move(call.content_type));
  if (!server_->token.empty()) request.headers.emplace_back("Authorization", "Bearer " + server_->token);
  request.body = std::move(call.body);
  request.max_body = size_t{1} << 30;
  request.unix_socket = server_->socket;
  request.allow_http = true;
  auto answer = server_->http->Send(request);
  if (answer || answer.error().message.find("certificate") == std::string::npos) return answer;
  Error unknown = answer.error();
  unknown.message = StrCat("the certificate of ", server_->base,
                           " is not of a CA that is known here: --ca ca.pem (", unknown.message, ")");
  return unknown;
}

Result<std::string> ThimbleClient::Ask(Call call) {
  const std::string target = call.target;
  TRY_ASSIGN(const HttpResponse answer, Send(std::move(call)));
  if (answer.status == 200) return std::string(AsText(answer.body));
  Error error = ErrorOf(answer);
  error.message = StrCat(name_, " answered ", target, " with ", error.message);
  return error;
}

Result<Selector> ThimbleClient::SelectorFor(IntelTee tee) {
  if (server_) return Selector{};
  TRY_ASSIGN(const auto choice, app_->evaluation().For(tee));
  return choice.selector;
}

thimble::Status ThimbleClient::Fetch(const CollateralKey& key) {
  if (!server_) {
    const auto answer = app_->cache().Get(key, app_->clock().Now());
    return answer ? thimble::Status() : thimble::Status(answer.error());
  }
  TRY_ASSIGN(const HttpResponse answer, Send({.target = TargetOf(key)}));
  if (answer.status == 200) return {};
  Error error = ErrorOf(answer);
  error.message = StrCat(name_, " answered HTTP ", answer.status, ", cause ",
                         answer.Header("x-thimble-cause").value_or("unknown"));
  // A dialect's 404 is about the item, not about the request.
  if (answer.status == 404 || answer.status == 410) {
    error.kind = ErrorKind::kUnavailable;
    error.check = Check::kUpstreamNotFound;
  }
  return error;
}

Result<StatusReport> ThimbleClient::Status() {
  TRY_ASSIGN(const std::string answer, Ask({.target = "/v1/status"}));
  return ParseStatusJson(answer);
}

thimble::Status ThimbleClient::CheckClock() { return app_ ? app_->CheckClock() : thimble::Status(); }

Result<RefreshReport> ThimbleClient::Refresh(const std::string& query) {
  TRY(CheckClock());
  TRY_ASSIGN(const std::string answer, Ask({.method = "POST", .target = StrCat("/v1/refresh", query)}));
  return ParseRefreshJson(answer);
}

Result<std::string> ThimbleClient::Export(bool with_history) {
  return Ask({.target = StrCat("/v1/export?history=", with_history ? 1 : 0)});
}

Result<ImportReport> ThimbleClient::Import(std::string file, const std::optional<Seconds>& min_remaining) {
  TRY(CheckClock());
  std::string target = "/v1/import";
  if (min_remaining) target += StrCat("?min_remaining=", FormatDuration(*min_remaining));
  TRY_ASSIGN(const std::string answer, Ask({.method = "POST",
                                            .target = target,
                                            .body = std::move(file),
                                            .content_type = "application/octet-stream"}));
  return ParseImportJson(answer);
}

Result<std::string> ThimbleClient::BackUp(const std::string& name) {
  TRY_ASSIGN(std::string path,
             Ask({.method = "POST", .target = StrCat("/v1/backup?name=", PercentEncode(name))}));
  if (path.ends_with('\n')) path.pop_back();
  return path;
}

}  // namespace thimble
