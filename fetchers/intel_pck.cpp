// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_pck.h"

#include "fetchers/vendor_answer.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr size_t kMaxBody = 1u << 20;
constexpr std::string_view kChainHeader = "sgx-pck-certificate-issuer-chain";

HttpRequest RequestByPpid(const std::string& url, const intel::EncryptedPpid& ppid,
                          const intel::PceId& pce_id) {
  HttpRequest request;
  request.url = StrCat(url, "?encrypted_ppid=", ppid.HexUpper(), "&pceid=", pce_id.HexUpper());
  return request;
}

HttpRequest RequestByManifest(const std::string& url, const intel::PlatformManifest& manifest,
                              const intel::PceId& pce_id) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {{"Content-Type", "application/json"}};
  json::Writer writer(&request.body);
  writer.BeginObject()
      .Key("platformManifest")
      .String(HexUpper(manifest.bytes()))
      .Key("pceid")
      .String(pce_id.HexUpper())
      .EndObject();
  return request;
}

Result<HttpRequest> MakeRequest(const std::string& url, const PckQuery& query) {
  const intel::PceId& pce_id = query.platform.pce_id();
  if (!query.proof) {
    return UpstreamError(
        Check::kUpstreamNotFound,
        StrCat(url, " is not asked: neither encrypted PPID nor platform manifest of the platform is known"));
  }
  if (const auto* manifest = std::get_if<intel::PlatformManifest>(&*query.proof)) {
    return RequestByManifest(url, *manifest, pce_id);
  }
  const auto& ppid = std::get<intel::EncryptedPpid>(*query.proof);
  if (ppid.zero()) {
    return UpstreamError(
        Check::kUpstreamNotFound,
        StrCat(url, " is not asked: the encrypted PPID is all zeros, the platform cannot tell it"));
  }
  return RequestByPpid(url, ppid, pce_id);
}

// The vendor's own words beside a refusal.
std::string Explanation(const HttpResponse& response) {
  std::string out;
  for (const std::string_view name : {"error-code", "error-message", "request-id"}) {
    if (const auto value = response.Header(name)) out += StrCat(", ", name, " ", *value);
  }
  return out;
}

Status CheckStatus(const HttpResponse& response, const std::string& what) {
  const auto error = [&](Check check, std::string_view meaning) {
    Error refused =
        UpstreamError(check, StrCat(what, ": HTTP ", response.status, meaning, Explanation(response)));
    refused.http_status = response.status;
    return refused;
  };
  switch (response.status) {
    case 200:
      return {};
    case 400:
      return error(Check::kRequest, " (encrypted PPID, manifest or PCE-ID cannot be read)");
    case 401:
    case 403:
      return error(Check::kUpstreamKey, " (subscription key missing or not valid)");
    case 404:
      return error(Check::kUpstreamNotFound, " (this route, or the platform, is not known there)");
    default:
      return error(Check::kUpstreamStatus, "");
  }
}

}  // namespace

Result<Fetched> FetchPckCerts(HttpClient& client, const PckUpstream& upstream, const PckQuery& query,
                              SteadyTime deadline) {
  const std::string url = upstream.base + "pckcerts";
  TRY_ASSIGN(HttpRequest request, MakeRequest(url, query));
  if (!upstream.subscription_key.empty()) {
    request.headers.emplace_back("Ocp-Apim-Subscription-Key", upstream.subscription_key);
  }
  request.max_body = kMaxBody;
  request.deadline = deadline;
  request.allow_http = upstream.allow_http;
  request.item_class = ItemClassOf(PckCertsKey{query.platform});
  TRY_ASSIGN(HttpResponse response, SendShown(client, request, url));
  TRY(CheckStatus(response, StrCat(request.method, " ", url)));

  VendorAnswer answer{std::move(response), url};
  TRY_ASSIGN(std::string chain, IssuerChain(answer, {kChainHeader}));
  const auto array = json::Document::Parse(AsText(answer.response.body), "body", ErrorKind::kUnavailable,
                                           Check::kUpstreamAnswer);
  if (!array.ok()) return answer.NotAsked(array.error().message);
  if ((*array)->root().type() != json::Type::kArray) return answer.NotAsked("not a list of certificates");
  return Fetched{{std::move(answer.response.body), std::move(chain)}, std::move(answer.url)};
}

}  // namespace thimble
