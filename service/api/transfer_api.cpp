// SPDX-License-Identifier: Apache-2.0
#include "service/api/transfer_api.h"

#include "service/api/problem.h"
#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::chrono::minutes kImportTime{10};

http::Response TooLarge(size_t limit) {
  return ProblemResponse(
      {.status = 413,
       .title = "The file is too large",
       .detail = StrCat("it is larger than [pccs] max_upload, ", limit,
                        " bytes: raise that, or import it on the server's host, through its socket"),
       .check = std::string(CheckName(Check::kRequest))});
}

}  // namespace

void TransferApi::AddTo(http::Router& router) {
  using http::Query;
  using http::Request;
  router.Add({"GET",
              "/v1/export",
              {"history"},
              [this](const Request&, const Query& query) {
                const std::string_view history = query.Get("history").value_or("0");
                if (history != "0" && history != "1") return BadRequest("history must be 0 or 1");
                return http::NoStore(200, "application/octet-stream", transfer_.Export(history == "1"));
              },
              Role::kAdmin});
  router.Add(
      {.method = "POST",
       .path = std::string(kImportPath),
       .parameters = {"min_remaining"},
       .handler = [this](const Request& request, const Query& query) { return Import(request, query); },
       .role = Role::kAdmin,
       .body = http::BodyLimit{max_file_, kImportTime, TooLarge(max_file_)}});
}

http::Response TransferApi::Import(const http::Request& request, const http::Query& query) {
  std::optional<Seconds> min_remaining;
  if (const auto text = query.Get("min_remaining")) {
    min_remaining = ParseDuration(*text);
    if (!min_remaining) return BadRequest("min_remaining must be a duration like 7d");
  }
  const auto report = transfer_.Import(request.body, min_remaining);
  if (!report) return ProblemResponse(ProblemOf(report.error()));
  LogInfo("import", {{"id", request.id},
                     {"taken", report->taken},
                     {"held", report->held},
                     {"refused", report->refused.size()}});
  return http::NoStore(200, "application/json", ImportJson(*report));
}

}  // namespace thimble
