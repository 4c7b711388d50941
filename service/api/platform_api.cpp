// SPDX-License-Identifier: Apache-2.0
#include "service/api/platform_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

http::Response NoSuchPlatform(std::string_view qe_id) {
  return ProblemResponse({.status = 404,
                          .title = "There is no such platform",
                          .detail = StrCat("no platform with QE id \"", qe_id, "\" is registered"),
                          .check = std::string(CheckName(Check::kPckNotRegistered))});
}

std::string ForgottenJson(const std::vector<intel::PlatformId>& ids) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject().Key("forgotten").BeginArray();
  for (const intel::PlatformId& id : ids) json.String(id.name());
  json.EndArray().EndObject();
  return body;
}

}  // namespace

void PlatformApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"DELETE",
              "/v1/platforms/{qe_id}",
              {},
              [this](const Request& r, const Query& q) { return Forget(q.Segment("qe_id"), r); },
              Role::kAdmin});
}

http::Response PlatformApi::Forget(std::string_view qe_id, const http::Request& request) {
  const auto known = registry_.IdsOf(qe_id);
  if (!known) return ProblemResponse(ProblemOf(known.error()));
  if (known->empty()) return NoSuchPlatform(qe_id);
  for (const intel::PlatformId& id : *known) {
    if (const Status recorded = audit_.Change(AuditTrail::ForgottenPlatform{id.name(), AuthorOf(request)});
        !recorded)
      return ProblemResponse(ProblemOf(recorded.error()));
  }
  const auto forgotten = service_.Forget(qe_id);
  if (!forgotten) return ProblemResponse(ProblemOf(forgotten.error()));
  LogInfo("platform forgotten", {{"id", request.id}, {"qe_id", qe_id}, {"by", AuthorOf(request).name()}});
  return http::NoStore(200, "application/json", ForgottenJson(*forgotten));
}

}  // namespace thimble
