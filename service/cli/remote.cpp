// SPDX-License-Identifier: Apache-2.0
#include "service/cli/remote.h"

#include "fetchers/curl_http_client.h"
#include "fetchers/url.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

namespace {

// A refresh of many items, or the import of a large bundle, takes its time.
std::shared_ptr<HttpClient> PatientClient() {
  CurlOptions options;
  options.total_timeout = std::chrono::minutes(30);
  return std::make_shared<CurlHttpClient>(options);
}

}  // namespace

Remote::Remote(std::string name, std::string base, std::string socket)
    : name_(std::move(name)), base_(std::move(base)), socket_(std::move(socket)), client_(PatientClient()) {}

Result<Remote> Remote::AtUrl(std::string_view url) {
  const auto parsed = ParseUrl(url);
  if (!parsed || parsed->target != "/") {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("--server \"", url, "\" must be a URL like https://thimble.example:8081")};
  }
  return Remote(std::string(url), parsed->Origin(), "");
}

Remote Remote::AtSocket(const std::string& path) { return Remote(path, "http://localhost", path); }

HttpRequest Remote::RequestTo(std::string_view target) const {
  HttpRequest request;
  request.url = StrCat(base_, target);
  request.max_body = size_t{1} << 30;
  request.unix_socket = socket_;
  request.allow_http = true;
  return request;
}

Result<HttpResponse> Remote::Get(std::string_view target) const { return client_->Send(RequestTo(target)); }

Result<HttpResponse> Remote::Post(std::string_view target, std::string_view content_type,
                                  std::string body) const {
  return Send("POST", target, content_type, std::move(body));
}

Result<HttpResponse> Remote::Send(std::string_view method, std::string_view target,
                                  std::string_view content_type, std::string body) const {
  HttpRequest request = RequestTo(target);
  request.method = method;
  request.headers = {{"Content-Type", std::string(content_type)}};
  request.body = std::move(body);
  return client_->Send(request);
}

}  // namespace thimble
