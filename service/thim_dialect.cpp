// SPDX-License-Identifier: Apache-2.0
#include "service/thim_dialect.h"

#include <algorithm>

#include "service/ascii.h"
#include "service/pccs_answers.h"
#include "service/served_item.h"
#include "service/tcb_number.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr Seconds kLongestMaxAge{86400};

http::Response Refusal(int status, std::string_view cause, std::string_view what) {
  std::string body;
  json::Writer(&body).BeginObject().Key("error").String(what).EndObject();
  return {.status = status,
          .headers = {{"Cache-Control", "no-store"}, {"X-Thimble-Cause", std::string(cause)}},
          .content = http::Content::Make("application/json", std::move(body))};
}
http::Response BadRequest(std::string_view what) {
  return Refusal(400, "bad_request", StrCat("Bad request. ", what));
}

http::Response RefusalOf(const Error& error) {
  http::Response response = pccs::RefusalOf(error);
  if (response.status != 404) return response;
  return Refusal(404, pccs::CauseOf(error), error.message);
}

std::string MaxAge(const CollateralItem& item, Instant now) {
  return std::to_string(std::clamp(item.next_update() - now, Seconds(0), kLongestMaxAge).count());
}

std::string VcekPem(const CollateralItem& item) { return EncodePem(item.body(), "CERTIFICATE"); }

}  // namespace

void ThimDialect::AddTo(http::Router& router) {
  router.Add({"GET",
              "/metadata/THIM/amd/certification",
              {"api-version", "clientid"},
              [this](const http::Request& r, const http::Query&) { return Host(r); }});
}

http::Response ThimDialect::Host(const http::Request& request) {
  if (!EqualIgnoringCase(request.Header("metadata").value_or(""), "true")) {
    return BadRequest("Required metadata header not specified");
  }
  const auto key = host_();
  if (!key.ok()) return RefusalOf(key.error());
  const Instant now = clock_.Now();
  const auto answer = cache_.Get(*key, now);
  if (!answer.ok()) return RefusalOf(answer.error());
  std::string body;
  json::Writer(&body)
      .BeginObject()
      .Key("vcekCert")
      .String(VcekPem(*answer->item))
      .Key("tcbm")
      .String(TcbNumber(key->tcb))
      .Key("certificateChain")
      .String(answer->item->issuer_chain())
      .Key("cacheControl")
      .String(MaxAge(*answer->item, now))
      .EndObject();
  return ItemResponse(request, *answer,
                      http::Content::Make("application/json; charset=utf-8", std::move(body)), now);
}

}  // namespace thimble
