// SPDX-License-Identifier: Apache-2.0
#include "fetchers/vendor_answer.h"

#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kRetired = "HTTP 410 (retired)";

Status CheckStatus(const HttpResponse& response, const std::string& url) {
  switch (response.status) {
    case 200:
      return {};
    case 404:
      return UpstreamError(Check::kUpstreamNotFound, StrCat("GET ", url, ": HTTP 404"));
    case 410:
      return UpstreamError(Check::kUpstreamNotFound, StrCat("GET ", url, ": ", kRetired));
    default:
      return UpstreamError(Check::kUpstreamStatus, StrCat("GET ", url, ": HTTP ", response.status));
  }
}

}  // namespace

Error VendorAnswer::NotAsked(std::string_view why) const {
  return UpstreamError(Check::kUpstreamAnswer, StrCat("GET ", url, ": ", why));
}

Result<VendorAnswer> Ask(HttpClient& client, const VendorRequest& request) {
  HttpRequest http;
  http.url = request.url;
  http.max_body = request.max_body;
  http.deadline = request.deadline;
  http.allow_http = request.allow_http;
  TRY_ASSIGN(HttpResponse response, client.Send(http));
  TRY(CheckStatus(response, request.url));
  return VendorAnswer{std::move(response), request.url};
}

bool IsRetired(const Error& error) {
  return error.check == Check::kUpstreamNotFound && error.message.ends_with(kRetired);
}

}  // namespace thimble
