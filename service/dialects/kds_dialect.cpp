// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/kds_dialect.h"

#include "fetchers/amd_urls.h"
#include "service/api/problem.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// AMD's own interval between identical requests: an honest client waits it out (spec/amd-sev-snp.md a).
constexpr const char* kRetryAfter = "10";

http::Response Refusal(int status, Check cause, std::string_view body) {
  http::Response response;
  response.status = status;
  response.headers = {{"Cache-Control", "no-store"}, {"X-Thimble-Cause", std::string(CheckName(cause))}};
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfter);
  if (!body.empty()) response.content = http::Content::Make("text/plain; charset=utf-8", StrCat(body, "\n"));
  return response;
}

http::Response NotFound(std::string_view body) { return Refusal(404, Check::kUpstreamNotFound, body); }

// As on the other dialects, what cannot be obtained is 503 without a body (docs/DEVIATIONS.md).
http::Response RefusalOf(const Error& error) {
  if (error.check == Check::kUpstreamNotFound) return NotFound("The KDS has no such certificate.");
  return Refusal(error.kind == ErrorKind::kInternal ? 500 : 503, error.check, "");
}

// Whether the path alone is one of the KDS's: then its parameters are what is wrong.
bool IsKnownPath(std::string_view path) {
  constexpr std::string_view kAll = "?blSPL=0&teeSPL=0&snpSPL=0&ucodeSPL=0";
  return ParseKdsUrl(path) || ParseKdsUrl(StrCat(path, kAll)) || ParseKdsUrl(StrCat(path, kAll, "&fmcSPL=0"));
}

http::Response NotUnderstood(std::string_view path) {
  if (!IsKnownPath(path)) {
    return NotFound(
        "The KDS has /vcek/v1/{product}/{hwid}, cert_chain and crl, and /vlek/v1/{product}/cert_chain and "
        "crl; "
        "products are Milan, Genoa and Turin, an hwid has 128 hex digits, of Turin 16.");
  }
  return Refusal(400, Check::kRequest,
                 "Parameters are blSPL, teeSPL, snpSPL, ucodeSPL, each from 0 to 255, and for Turin fmcSPL.");
}

std::optional<CollateralKey> KeyOf(const http::Request& request) {
  return ParseKdsUrl(request.query.empty() ? request.path : StrCat(request.path, "?", request.query));
}

std::string_view TypeOf(const CollateralItem& item) {
  if (item.vcek() != nullptr) return "application/pkix-cert";
  return item.crl() != nullptr ? "application/pkix-crl" : "application/x-pem-file";
}

std::shared_ptr<const http::Content> MakeContent(const CollateralItem& item, ItemForm) {
  return http::Content::Make(std::string(TypeOf(item)), std::string(AsText(item.body())));
}

}  // namespace

void KdsDialect::AddTo(http::Router& router) {
  for (const char* prefix : {"/vcek/v1/", "/vlek/v1/"}) {
    router.AddDialect(
        {.prefix = prefix,
         .trailing_slash = false,
         .not_found = {},
         .bad_request = {},
         .unauthorized = {},
         .all = [this](const http::Request& request, RoleSet roles) { return Answer(request, roles); }});
  }
}

http::Response KdsDialect::Answer(const http::Request& request, RoleSet roles) {
  const bool put = request.method == "PUT";
  if (!put && request.method != "GET" && request.method != "HEAD") return NotFound("GET is the only method.");
  const Role role = put ? Role::kAdmin : Role::kRead;
  if (!roles.Has(role)) return Unauthorized(role);
  const auto key = KeyOf(request);
  if (!key) return NotUnderstood(request.path);
  const auto* const vcek = std::get_if<VcekKey>(&*key);
  if (vcek != nullptr && AllZero(vcek->hwid)) {
    return Refusal(
        400, Check::kSnpChipId,
        "The chip id is all zero: the host masks it, or signs with a VLEK. There is no VCEK for it.");
  }
  if (!put) return Serve(request, *key);
  return vcek != nullptr ? Take(request, *vcek) : NotFound("Only a VCEK can be put here.");
}

http::Response KdsDialect::Serve(const http::Request& request, const CollateralKey& key) {
  const Instant now = clock_.Now();
  const auto answer = cache_.Get(key, now);
  if (!answer) return RefusalOf(answer.error());
  return ItemResponse(request, *answer, contents_.Get(answer->item, ItemForm::kVerbatim, MakeContent), now);
}

// What an administrator brings is verified as a fetch is, by the chain that the cache holds or fetches.
http::Response KdsDialect::Take(const http::Request& request, const VcekKey& key) {
  const auto refused = [](const Error& error) {
    return Refusal(HttpStatusOf(error.kind), error.check,
                   StrCat(CheckName(error.check), ": ", error.message));
  };
  const Instant now = clock_.Now();
  const auto chain = cache_.Get(AmdChainKey{key.product, amd::SigningKey::kVcek}, now);
  if (!chain) return refused(chain.error());
  const ByteView body = AsBytes(request.body);
  const FetchedBytes brought{{{body.begin(), body.end()}, std::string(AsText(chain->item->body()))},
                             "import"};
  const auto taken = cache_.Put(key, brought, now, false);
  if (!taken) return refused(taken.error());
  http::Response response;
  response.status = 204;
  return response;
}

}  // namespace thimble
