// SPDX-License-Identifier: Apache-2.0
#include "fetchers/vendor_answer.h"

#include <algorithm>

#include "fetchers/fetched.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr int kRetired = 410;

Status CheckStatus(const HttpResponse& response, const std::string& url) {
  if (response.status == 200) return {};
  const bool not_found = response.status == 404 || response.status == kRetired;
  Error error = UpstreamError(
      not_found ? Check::kUpstreamNotFound : Check::kUpstreamStatus,
      StrCat("GET ", url, ": HTTP ", response.status, response.status == kRetired ? " (retired)" : ""));
  error.http_status = response.status;
  return error;
}

}  // namespace

std::string ItemClassOf(const CollateralKey& key) {
  std::string name = KeyName(key);
  name.resize(std::min(name.size(), name.find('/', name.find('/') + 1)));
  return name;
}

Error VendorAnswer::NotAsked(std::string_view why) const {
  return UpstreamError(Check::kUpstreamAnswer, StrCat("GET ", url, ": ", why));
}

Result<std::string> IssuerChain(const VendorAnswer& answer, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto value = answer.response.Header(name);
    if (!value) continue;
    auto chain = PercentDecode(*value);
    if (!chain || chain->find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      return answer.NotAsked(StrCat("header ", name, " is not percent-encoded PEM"));
    }
    return std::move(*chain);
  }
  return answer.NotAsked(StrCat("no header ", *names.begin()));
}

Result<HttpResponse> SendShown(HttpClient& client, const HttpRequest& request, std::string_view shown) {
  auto response = client.Send(request);
  if (response.ok()) return response;
  std::string& message = response.error().message;
  if (const size_t at = message.find(request.url); at != std::string::npos) {
    message.replace(at, request.url.size(), shown);
  }
  return response;
}

Result<VendorAnswer> Ask(HttpClient& client, const VendorRequest& request) {
  HttpRequest http;
  http.url = request.url;
  http.headers = request.headers;
  http.max_body = request.max_body;
  http.deadline = request.deadline;
  http.allow_http = request.allow_http;
  http.item_class = request.item_class;
  const std::string& shown = request.shown.empty() ? request.url : request.shown;
  TRY_ASSIGN(HttpResponse response, SendShown(client, http, shown));
  TRY(CheckStatus(response, shown));
  return VendorAnswer{std::move(response), shown};
}

bool IsRetired(const Error& error) {
  return error.check == Check::kUpstreamNotFound && error.http_status == kRetired;
}

}  // namespace thimble
