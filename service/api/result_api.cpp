// SPDX-License-Identifier: Apache-2.0
#include "service/api/result_api.h"

#include "tcb/base/json.h"

namespace thimble {

void ResultApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"GET", "/.well-known/jwks.json", {}, [this](const Request&, const Query&) {
                return http::Response{
                    .status = 200,
                    .headers = {{"Cache-Control", "max-age=60"}},
                    .content = http::Content::Make("application/jwk-set+json", signer_.jwks())};
              }});
  router.Add({"POST",
              "/v1/challenge",
              {},
              [this](const Request&, const Query&) { return Challenge(); },
              Role::kVerify});
}

http::Response ResultApi::Challenge() const {
  const Challenges::Challenge challenge = challenges_.Issue(clock_.Now());
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("nonce").Hex(challenge.nonce);
  json.Key("expires").String(FormatRfc3339(challenge.expires));
  json.EndObject();
  return {.status = 200,
          .headers = {{"Cache-Control", "no-store"}},
          .content = http::Content::Make("application/json", std::move(body))};
}

}  // namespace thimble
