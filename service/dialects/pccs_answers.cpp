// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/pccs_answers.h"

#include "fetchers/vendor_answer.h"
#include "service/http/cause.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::pccs {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr std::string_view kNoCacheData = "No cache data for this platform.";
constexpr std::string_view kInternalError = "Internal server error occurred.";
constexpr std::string_view kInvalidParameters = "Invalid request parameters.";
constexpr std::string_view kNumberRetired =
    "The requested TCB evaluation data number is no longer available.";
constexpr std::string_view kVersion3Warning =
    "299 - \"PCS API version 3 is no longer available. Cached collateral downloaded from API version 3 is "
    "deprecated, will not be refreshed, and may expire. Please migrate to API version 4.\"";

http::Response Text(int status, std::string_view body, const http::HeaderList& headers = {}) {
  http::Response response =
      http::NoStore(status, body.empty() ? nullptr : http::Content::Make(kHtml, std::string(body)));
  response.headers.insert(response.headers.begin(), headers.begin(), headers.end());
  return response;
}

http::Response Refusal(int status, std::string_view body, Check cause, std::string_view detail = {}) {
  http::Response response = Text(status, body);
  http::AddCause(response, CheckName(cause), detail);
  return response;
}

http::Response Refusal(int status, std::string_view body, const Error& error) {
  return Refusal(status, body, error.check, error.message);
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') {
      out += StrCat("&#", static_cast<int>(c), ";");
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

http::Response InvalidParameters(std::string_view detail) {
  return Refusal(400, kInvalidParameters, Check::kRequest, detail);
}
http::Response Unauthorized() { return Text(401, "Authentication failed."); }
http::Response Successful() { return PlainText("Operation successful."); }
http::Response PlainText(std::string body) { return Text(200, body); }

http::Response VersionRetired() {
  return Text(
      410,
      "The Intel PCS API version 3 reached planned EOL. Accordingly, collateral from this API version "
      "cannot be retrieved any longer.");
}

http::Response IntegrityFailed(const Error& error) {
  return Refusal(460, "The integrity of the data can't be verified.", error);
}

http::Response TooLong() { return Refusal(500, kInternalError, Check::kAnswerTooLong); }

http::Response TooLarge(size_t limit) {
  return Refusal(413, StrCat("The upload is larger than [pccs] max_upload, ", limit, " bytes."),
                 Check::kRequest);
}

http::Response NotNow(const Error& error) {
  http::Response response = Refusal(503, "", error);
  if (error.check == Check::kMissBudget) response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response PlatformUnknown(const Error& error) {
  return Refusal(461, "The platform was not found in the cache.", error);
}

http::Response RefusalOf(const Error& error) {
  if (error.kind == ErrorKind::kInternal) return Refusal(500, kInternalError, error.check);
  if (error.kind == ErrorKind::kMalformed) return Refusal(400, kInvalidParameters, error);
  switch (error.check) {
    case Check::kUpstreamNotFound:
      if (IsRetired(error)) return Refusal(410, kNumberRetired, error);
      return Refusal(404, kNoCacheData, error);
    case Check::kRequest:  // the vendor's 400
    case Check::kUpstreamKey:
    case Check::kModeForbidsFetch:
    case Check::kPckNotRegistered:
    case Check::kPckNoCertForTcb:
      return Refusal(404, kNoCacheData, error);
    case Check::kPckPlatformMismatch:
      return IntegrityFailed(error);
    default:
      return NotNow(error);
  }
}

http::Response NoSuchRoute(const http::Request& request) {
  return Text(404,
              StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<title>Error</title>\n</head>\n<body>\n<pre>Cannot ",
                     EscapeHtml(request.method), " ", EscapeHtml(request.path), "</pre>\n</body>\n</html>\n"),
              {{"Content-Security-Policy", "default-src 'none'"}, {"X-Content-Type-Options", "nosniff"}});
}

http::Response WithVersion3Warning(http::Response response) {
  response.headers.emplace_back("Warning", kVersion3Warning);
  return response;
}

http::RouteHandler WithVersion3Warning(http::RouteHandler handler) {
  return [inner = std::move(handler)](const http::Request& request, const http::Query& query) {
    return WithVersion3Warning(inner(request, query));
  };
}

}  // namespace thimble::pccs
