// SPDX-License-Identifier: Apache-2.0
#include "service/api/problem.h"

#include "service/results/render.h"
#include "service/support/error_status.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

std::string_view TitleOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformed:
      return "The input cannot be decoded";
    case ErrorKind::kRejected:
      return "The input was refused";
    case ErrorKind::kUnavailable:
      return "Something that is needed is not available";
    case ErrorKind::kInternal:
      break;
  }
  return "Thimble or its store failed";
}

std::string_view TypeOf(int status) {
  switch (status) {
    case 400:
      return "urn:thimble:problem:malformed";
    case 409:
      return "urn:thimble:problem:declined";
    case 422:
      return "urn:thimble:problem:refused";
    case 503:
      return "urn:thimble:problem:unavailable";
    case 500:
      return "urn:thimble:problem:internal";
    default:
      return "about:blank";
  }
}

}  // namespace

Problem ProblemOf(const Error& error, const CheckLog* checks) {
  return {.status = HttpStatusOf(error.kind),
          .title = std::string(TitleOf(error.kind)),
          .detail = error.message,
          .check = std::string(CheckName(error.check)),
          .checks = checks};
}

std::string ProblemJson(const Problem& problem) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("type").String(TypeOf(problem.status));
  json.Key("title").String(problem.title);
  json.Key("status").Unsigned(static_cast<uint64_t>(problem.status));
  json.Key("detail").String(problem.detail);
  if (!problem.check.empty()) json.Key("check").String(problem.check);
  if (problem.checks != nullptr) {
    json.Key("checks").BeginArray();
    WriteChecks(json, *problem.checks, {});
    json.EndArray();
  }
  if (!problem.impact.empty()) json.Key("impact").Raw(problem.impact);
  json.EndObject();
  return out;
}

http::Response ProblemResponse(const Problem& problem) {
  http::Response response = http::NoStore(problem.status, "application/problem+json", ProblemJson(problem));
  if (!problem.check.empty()) response.headers.emplace_back("X-Thimble-Cause", problem.check);
  if (problem.check == CheckName(Check::kMissBudget)) response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response Unauthorized(Role role) {
  http::Response response = ProblemResponse(
      {.status = 401,
       .title = "Not allowed",
       .detail = StrCat("this needs the role \"", RoleName(role),
                        "\", which no token or certificate of the request has here: send one that has it as "
                        "Authorization: Bearer, or use the Unix socket in the data directory"),
       .check = std::string(CheckName(Check::kRequest))});
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response BusyWith(std::string_view what) {
  http::Response response = ProblemResponse({.status = 503,
                                             .title = StrCat("As many ", what, " as may be are under way"),
                                             .detail = "ask again when one has ended",
                                             .check = "server.busy"});
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

http::Response BadRequest(std::string_view detail) {
  return ProblemResponse({.status = 400,
                          .title = "The request cannot be understood",
                          .detail = std::string(detail),
                          .check = std::string(CheckName(Check::kRequest))});
}

}  // namespace thimble
