// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/kds_dialect.h"

#include "fetchers/amd_urls.h"
#include "service/api/problem.h"
#include "service/dialects/served_item.h"
#include "service/http/cause.h"
#include "service/support/error_status.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// AMD's own interval between identical requests: an honest client waits it out (spec/amd-sev-snp.md a).
constexpr const char* kRetryAfter = "10";

http::Response Refusal(int status, Check cause, std::string_view body, std::string_view detail = {}) {
  http::Response response = http::NoStore(
      status, body.empty() ? nullptr : http::Content::Make("text/plain; charset=utf-8", StrCat(body, "\n")));
  http::AddCause(response, CheckName(cause), detail);
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfter);
  return response;
}

http::Response NotFound(std::string_view body) { return Refusal(404, Check::kUpstreamNotFound, body); }

// As on the other dialects, what cannot be obtained is 503 without a body (docs/DEVIATIONS.md).
http::Response RefusalOf(const Error& error) {
  if (error.check == Check::kUpstreamNotFound) return NotFound("The KDS has no such certificate.");
  return Refusal(error.kind == ErrorKind::kInternal ? 500 : 503, error.check, "",
                 error.kind == ErrorKind::kInternal ? "" : error.message);
}

http::Response NoSuchPath() {
  return NotFound(
      "The KDS has /vcek/v1/{product}/{hwid}, cert_chain and crl, and /vlek/v1/{product}/cert_chain and crl; "
      "products are Milan, Genoa and Turin, an hwid has 128 hex digits, of Turin 16.");
}

http::Response BadParameters() {
  return Refusal(400, Check::kRequest,
                 "Parameters are blSPL, teeSPL, snpSPL, ucodeSPL, each from 0 to 255, and for Turin fmcSPL.");
}

http::Response NoSuchRoute(const http::Request& request) {
  if (request.method == "PUT") return NotFound("Only a VCEK can be put here.");
  if (request.method != "GET" && request.method != "HEAD") return NotFound("GET is the only method.");
  return NoSuchPath();
}

// Whether the path alone is one of the KDS's: then its parameters are what is wrong.
bool IsKnownPath(std::string_view path) {
  constexpr std::string_view kAll = "?blSPL=0&teeSPL=0&snpSPL=0&ucodeSPL=0";
  return ParseKdsUrl(path) || ParseKdsUrl(StrCat(path, kAll)) || ParseKdsUrl(StrCat(path, kAll, "&fmcSPL=0"));
}

http::Response NotUnderstood(std::string_view path) {
  return IsKnownPath(path) ? BadParameters() : NoSuchPath();
}

std::optional<CollateralKey> KeyOf(const http::Request& request) {
  return ParseKdsUrl(request.query.empty() ? request.path : StrCat(request.path, "?", request.query));
}

http::Response MaskedChip() {
  return Refusal(
      400, Check::kSnpChipId,
      "The chip id is all zero: the host masks it, or signs with a VLEK. There is no VCEK for it.");
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
  const std::vector<std::string> tcb = {"blSPL", "teeSPL", "snpSPL", "ucodeSPL", "fmcSPL"};
  const auto get = [this](const http::Request& request, const http::Query&) { return Get(request); };
  const auto put = [this](const http::Request& request, const http::Query&) { return Put(request); };
  for (const char* const prefix : {"/vcek/v1/", "/vlek/v1/"}) {
    router.AddDialect({.prefix = prefix,
                       .not_found = NoSuchRoute,
                       .bad_request = [](std::string_view) { return BadParameters(); },
                       .unauthorized = Unauthorized});
    for (const char* const shared : {"{product}/cert_chain", "{product}/crl"}) {
      router.Add({.method = "GET",
                  .path = StrCat(prefix, shared),
                  .parameters = {},
                  .handler = get,
                  .at_once = true});
    }
  }
  router.Add({.method = "GET",
              .path = "/vcek/v1/{product}/{hwid}",
              .parameters = tcb,
              .handler = get,
              .at_once = true});
  router.Add({"PUT", "/vcek/v1/{product}/{hwid}", tcb, put, Role::kAdmin});
}

http::Response KdsDialect::Get(const http::Request& request) {
  const auto key = KeyOf(request);
  if (!key) return NotUnderstood(request.path);
  if (const auto* const vcek = std::get_if<VcekKey>(&*key); vcek != nullptr && AllZero(vcek->hwid)) {
    return MaskedChip();
  }
  return Serve(request, *key);
}

http::Response KdsDialect::Put(const http::Request& request) {
  const auto key = KeyOf(request);
  if (!key) return NotUnderstood(request.path);
  const auto* const vcek = std::get_if<VcekKey>(&*key);
  if (vcek == nullptr) return NoSuchRoute(request);
  return AllZero(vcek->hwid) ? MaskedChip() : Take(request, *vcek);
}

http::Response KdsDialect::Serve(const http::Request& request, const CollateralKey& key) {
  const Instant now = clock_.Now();
  const auto looked_up = AnswerFor(cache_, key, request, now);
  if (!looked_up) return http::Later();
  if (!looked_up->ok()) return RefusalOf(looked_up->error());
  const CacheAnswer& answer = **looked_up;
  return ItemResponse(request, answer, PreparedContent(answer, ItemForm::kVerbatim, MakeContent), now);
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
