// SPDX-License-Identifier: Apache-2.0
#include "service/api/result_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "tcb/base/json.h"

namespace thimble {

void ResultApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"GET", "/.well-known/jwks.json", {}, [this](const Request&, const Query&) {
                return http::Response{
                    .status = 200,
                    .headers = {{"Cache-Control", "max-age=60"}},
                    .content = http::Content::Make("application/jwk-set+json", signer_.Jwks(clock_.Now()))};
              }});
  router.Add({"POST",
              "/v1/challenge",
              {},
              [this](const Request&, const Query&) { return Challenge(); },
              Role::kVerify});
  router.Add({"POST",
              "/v1/result-key/rotate",
              {},
              [this](const Request& request, const Query&) { return Rotate(request); },
              Role::kAdmin});
}

http::Response ResultApi::Rotate(const http::Request& request) {
  const auto rotation = signer_.Rotate(clock_.Now(), [&](const KeyRotation& change) {
    return audit_.Change({AuthorOf(request), change.fresh, change.retired, change.retired_until});
  });
  if (!rotation) return ProblemResponse(ProblemOf(rotation.error()));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("kid").String(rotation->fresh);
  json.Key("retired").String(rotation->retired);
  json.Key("retired_until").String(FormatRfc3339(rotation->retired_until));
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response ResultApi::Challenge() const {
  const auto challenge = challenges_.Issue(clock_.Now());
  if (!challenge) return ProblemResponse(ProblemOf(challenge.error()));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("nonce").Hex(challenge->nonce);
  json.Key("expires").String(FormatRfc3339(challenge->expires));
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

}  // namespace thimble
