// SPDX-License-Identifier: Apache-2.0
#include "service/api/transfer_api.h"

#include "service/api/problem.h"
#include "service/support/log.h"

namespace thimble {

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
  router.Add({"POST",
              "/v1/import",
              {"min_remaining"},
              [this](const Request& request, const Query& query) {
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
              },
              Role::kAdmin});
}

}  // namespace thimble
