// SPDX-License-Identifier: Apache-2.0
#include "fetchers/azure_thim.h"

#include "fetchers/pccs_pck.h"
#include "fetchers/url.h"
#include "fetchers/vendor_answer.h"
#include "tcb/amd/endorsement.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxBody = 256u << 10;
constexpr std::string_view kAmdPath = "/metadata/THIM/amd/certification";
constexpr std::string_view kExtras = "&clientid=production_client&api-version=2021-07-22-preview";

using Json = std::unique_ptr<const json::Document>;

struct ThimAnswer {
  VendorAnswer answer;
  Json document;
};

Result<ThimAnswer> Get(HttpClient& client, VendorRequest request) {
  request.max_body = kMaxBody;
  request.headers = {{"Metadata", "true"}};
  TRY_ASSIGN(VendorAnswer answer, Ask(client, request));
  auto document = json::Document::Parse(AsText(answer.response.body), "body", ErrorKind::kUnavailable,
                                        Check::kUpstreamAnswer);
  if (!document.ok()) return answer.NotAsked(document.error().message);
  return ThimAnswer{std::move(answer), std::move(document).value()};
}

Result<std::string> Member(const ThimAnswer& thim, std::string_view name) {
  const auto value = thim.document->root().Find(name);
  const auto text = value ? value->String() : Result<std::string_view>(thim.answer.NotAsked(""));
  if (!text.ok()) return thim.answer.NotAsked(StrCat("no text \"", name, "\""));
  return std::string(*text);
}

Error OtherThanAsked(const ThimAnswer& thim, std::string_view difference) {
  Error error = UpstreamError(Check::kUpstreamNotFound, StrCat("GET ", thim.answer.url, ": ", difference));
  error.http_status = thim.answer.response.status;
  return error;
}

// ---- AMD ----

struct HostVcek {
  Bytes der;
  amd::Endorsement endorsement;
  std::string chain;  // PEM
};
Result<HostVcek> DecodeHostVcek(const ThimAnswer& thim) {
  TRY_ASSIGN(const std::string pem, Member(thim, "vcekCert"));
  TRY_ASSIGN(std::string chain, Member(thim, "certificateChain"));
  const auto ders = DecodePem(pem, "CERTIFICATE", 1, Check::kUpstreamAnswer);
  if (!ders.ok() || ders->size() != 1) return thim.answer.NotAsked("vcekCert is not one certificate in PEM");
  const auto certificate = Certificate::Parse(ders->front(), Check::kUpstreamAnswer);
  if (!certificate.ok()) return thim.answer.NotAsked(certificate.error().message);
  auto endorsement = amd::ParseEndorsement(**certificate, Check::kUpstreamAnswer);
  if (!endorsement.ok()) return thim.answer.NotAsked(endorsement.error().message);
  return HostVcek{ders->front(), *std::move(endorsement), std::move(chain)};
}

// The certificate's own words, not `tcbm`: they are what the report is checked against.
std::optional<std::string> Difference(const HostVcek& host, const VcekKey& key) {
  if (host.endorsement.hwid != key.hwid) return "the VCEK of this host, which is another chip";
  if (const auto spl = amd::TcbDifference(host.endorsement, key.tcb)) {
    return StrCat("the VCEK of another TCB: ", *spl);
  }
  return std::nullopt;
}

// ---- Intel ----

Result<std::string> SetOfOne(const ThimAnswer& thim) {
  TRY_ASSIGN(const std::string pem, Member(thim, "pckCert"));
  TRY_ASSIGN(const std::string tcbm, Member(thim, "sgx-Tcbm"));
  return PckSetOfOne(thim.answer, pem, tcbm);
}

}  // namespace

std::optional<std::string> NormalizeThimBase(std::string_view base) {
  const auto url = ParseUrl(StrCat(base, base.ends_with('/') ? "" : "/"));
  if (!url || url->target != "/") return std::nullopt;
  return url->Origin();
}

Result<Fetched> FetchThimHost(HttpClient& client, const ThimUpstream& upstream, SteadyTime deadline) {
  TRY_ASSIGN(const ThimAnswer thim, Get(client, {.url = StrCat(upstream.base, kAmdPath),
                                                 .allow_http = upstream.allow_http,
                                                 .deadline = deadline,
                                                 .item_class = "amd/vcek"}));
  TRY_ASSIGN(HostVcek host, DecodeHostVcek(thim));
  return Fetched{{std::move(host.der), std::move(host.chain)}, thim.answer.url};
}

Result<Fetched> FetchThimAmd(HttpClient& client, const ThimUpstream& upstream, const CollateralKey& key,
                             SteadyTime deadline) {
  const auto* vcek = std::get_if<VcekKey>(&key);
  const auto* chain = std::get_if<AmdChainKey>(&key);
  if (vcek == nullptr && (chain == nullptr || chain->kind != amd::SigningKey::kVcek)) {
    return UpstreamError(Check::kRequest, StrCat("not an item of Azure's: ", KeyName(key)));
  }
  TRY_ASSIGN(const ThimAnswer thim, Get(client, {.url = StrCat(upstream.base, kAmdPath),
                                                 .allow_http = upstream.allow_http,
                                                 .deadline = deadline,
                                                 .item_class = "amd/vcek"}));
  TRY_ASSIGN(HostVcek host, DecodeHostVcek(thim));
  if (chain != nullptr) {
    if (host.endorsement.product != chain->product)
      return OtherThanAsked(thim, "the chain of another product");
    return Fetched{{Bytes(host.chain.begin(), host.chain.end()), ""}, thim.answer.url};
  }
  if (const auto difference = Difference(host, *vcek)) return OtherThanAsked(thim, *difference);
  return Fetched{{std::move(host.der), std::move(host.chain)}, thim.answer.url};
}

Result<Fetched> FetchThimPck(HttpClient& client, const ThimUpstream& upstream, const PckQuery& query,
                             SteadyTime deadline) {
  if (!query.raw) return UpstreamError(Check::kUpstreamNotFound, "no TCB to ask Azure's cache for");
  const std::string url = upstream.base + "pckcert";
  TRY_ASSIGN(const ThimAnswer thim,
             Get(client, {.url = StrCat(url, PckCertParameters(query, *query.raw), kExtras),
                          .allow_http = upstream.allow_http,
                          .deadline = deadline,
                          .item_class = ItemClassOf(PckCertsKey{query.platform}),
                          .shown = url}));
  TRY_ASSIGN(const std::string body, SetOfOne(thim));
  TRY_ASSIGN(const std::string header, Member(thim, "sgx-Pck-Certificate-Issuer-Chain"));
  auto chain = PercentDecode(header);
  if (!chain) return thim.answer.NotAsked("sgx-Pck-Certificate-Issuer-Chain is not percent-encoded PEM");
  return Fetched{{Bytes(body.begin(), body.end()), *std::move(chain)}, url};
}

}  // namespace thimble
