// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/pck_dialect.h"

#include <algorithm>

#include "service/dialects/pccs_answers.h"
#include "service/dialects/served_item.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_set.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using http::Query;
using http::Request;

constexpr int64_t kLongestMaxAge = 86400;
constexpr std::string_view kBadPlatform =
    "qeid, pceid (4 hex digits), cpusvn (32) and pcesvn (4) must be there; encrypted_ppid has 768";
constexpr std::string_view kBadProof =
    "pceid (4 hex digits) must be there, with qeid or with encrypted_ppid (768)";
constexpr std::string_view kBadManifest =
    "the body must be JSON: platformManifest and pceid (4 hex digits), in hex";

// `qeid`, `pceid`, and `encrypted_ppid` if it is there; nullopt for a wrong length or alphabet of any of them.
std::optional<PckRequest> ParsePlatform(const Query& query) {
  const auto pce_id = intel::PceId::FromHex(query.Get("pceid").value_or(""));
  auto platform = pce_id ? intel::PlatformId::From(query.Get("qeid").value_or(""), *pce_id) : std::nullopt;
  if (!platform) return std::nullopt;
  PckRequest request{*std::move(platform), {}};
  if (const auto hex = query.Get("encrypted_ppid")) {
    request.ppid = intel::EncryptedPpid::FromHex(*hex);
    if (!request.ppid) return std::nullopt;
  }
  return request;
}

std::string_view UpperCaName(intel::PckCa ca) {
  return ca == intel::PckCa::kPlatform ? "PLATFORM" : "PROCESSOR";
}

// PCCS writes the CA in upper case, the PCS in lower.
http::HeaderList PlatformHeaders(const CollateralItem& item, std::string_view ca_name) {
  const intel::PckSet& set = *item.pck_set();
  return {{"SGX-FMSPC", set.fmspc.HexUpper()},
          {"SGX-PCK-Certificate-CA-Type", std::string(ca_name)},
          {"SGX-PCK-Certificate-Issuer-Chain", PercentEncode(item.issuer_chain())}};
}

std::string Pem(const intel::PckCertificate& certificate) {
  return EncodePem(certificate.certificate->der(), "CERTIFICATE");
}

std::shared_ptr<const http::Content> PccsForm(const PckChoice& choice) {
  const CollateralItem& item = *choice.set.item;
  http::HeaderList headers = PlatformHeaders(item, UpperCaName(item.pck_set()->ca));
  headers.emplace_back("SGX-TCBm", choice.certificate->tcb.HexUpper());
  return http::Content::Make("application/x-pem-file", Pem(*choice.certificate), std::move(headers));
}

std::shared_ptr<const http::Content> AzureForm(const PckChoice& choice, Instant now) {
  const int64_t left = (choice.certificate->certificate->validity().not_after - now).count();
  std::string body;
  json::Writer(&body)
      .BeginObject()
      .Key("pckCert")
      .String(Pem(*choice.certificate))
      .Key("sgx-Pck-Certificate-Issuer-Chain")
      .String(PercentEncode(choice.set.item->issuer_chain()))
      .Key("sgx-Tcbm")
      .String(choice.certificate->tcb.HexUpper())
      .Key("cacheMaxAge")
      .Signed(std::clamp<int64_t>(left, 0, kLongestMaxAge))
      .EndObject();
  return http::Content::Make("application/json; charset=utf-8", std::move(body));
}

struct ManifestRequest {
  intel::PlatformManifest manifest;
  intel::PceId pce_id;
};

// {"platformManifest": hex, "pceid": hex}; nullopt: it is not that.
std::optional<ManifestRequest> ReadManifestRequest(const Request& request) {
  if (!EqualIgnoringCase(request.MediaType(), "application/json")) return std::nullopt;
  const auto document =
      json::Document::Parse(request.body, "request", ErrorKind::kMalformed, Check::kRequest);
  if (!document.ok()) return std::nullopt;
  const auto text = [&](std::string_view name) -> std::string_view {
    const auto value = (*document)->root().Find(name);
    const auto read = value ? value->String() : Result<std::string_view>(std::string_view());
    return read.ok() ? *read : std::string_view();
  };
  const auto bytes = FromHex(text("platformManifest"));
  const auto manifest = bytes ? intel::PlatformManifest::From(*bytes) : std::nullopt;
  const auto pce_id = intel::PceId::FromHex(text("pceid"));
  if (!manifest || !pce_id) return std::nullopt;
  return ManifestRequest{*manifest, *pce_id};
}

}  // namespace

void PckDialect::AddTo(http::Router& router) {
  const http::RouteHandler one = [this](const Request& r, const Query& q) { return PckCert(r, q); };
  const http::RouteHandler all = [this](const Request& r, const Query& q) {
    return q.Get("qeid") ? PckCerts(r, q) : PckCertsByProof(r, q);
  };
  const http::RouteHandler by_manifest = [this](const Request& r, const Query&) {
    return PckCertsByManifest(r);
  };
  const std::vector<std::string> platform = {"qeid", "encrypted_ppid", "pceid", "clientid", "api-version"};
  std::vector<std::string> with_tcb = platform;
  with_tcb.insert(with_tcb.end(), {"cpusvn", "pcesvn"});
  for (const std::string_view root : pccs::kRoots) {
    const std::string v3 = StrCat(root, "/sgx/certification/v3"), v4 = StrCat(root, "/sgx/certification/v4");
    // Intel's client can be configured to send whatever its site wants, and PCCS takes it (spec/intel-pccs-api.md
    // section 9, custom_request_options).
    router.Add({.method = "GET",
                .path = StrCat(v4, "/pckcert"),
                .parameters = with_tcb,
                .handler = one,
                .takes_any_parameter = true});
    router.Add({.method = "GET",
                .path = StrCat(v3, "/pckcert"),
                .parameters = with_tcb,
                .handler = pccs::WithVersion3Warning(one),
                .takes_any_parameter = true});
    router.Add({"GET", StrCat(v4, "/pckcerts"), platform, all});
    router.Add({"GET", StrCat(v3, "/pckcerts"), platform, pccs::WithVersion3Warning(all)});
    router.Add({"POST", StrCat(v4, "/pckcerts"), {}, by_manifest});
    router.Add({"POST", StrCat(v3, "/pckcerts"), {}, pccs::WithVersion3Warning(by_manifest)});
  }
}

// A platform that is not here and must not be fetched has a code of its own.
http::Response PckDialect::RefusalOf(const Error& error) const {
  const bool unknown = error.check == Check::kPckNotRegistered || error.check == Check::kModeForbidsFetch;
  if (unknown && service_.mode() != CachingMode::kLazy) return pccs::PlatformUnknown(error);
  return pccs::RefusalOf(error);
}

http::Response PckDialect::PckCert(const Request& request, const Query& query) {
  const auto platform = ParsePlatform(query);
  const auto raw = intel::PckTcb::FromHex(query.Get("cpusvn").value_or(""), query.Get("pcesvn").value_or(""));
  if (!platform || !raw) return pccs::InvalidParameters(kBadPlatform);
  const auto choice = service_.Choose(*platform, *raw);
  if (!choice.ok()) return RefusalOf(choice.error());
  const Instant now = clock_.Now();
  auto content = query.Get("api-version") ? AzureForm(*choice, now) : PccsForm(*choice);
  return PartResponse(request, choice->set, choice->certificate->certificate->sha256(), std::move(content),
                      now);
}

http::Response PckDialect::PckCerts(const Request& request, const Query& query) {
  const auto platform = ParsePlatform(query);
  if (!platform) return pccs::InvalidParameters(kBadPlatform);
  const auto set = service_.Certificates(*platform);
  if (!set.ok()) return RefusalOf(set.error());
  auto content = http::Content::Make("application/json", std::string(AsText(set->item->body())),
                                     PlatformHeaders(*set->item, UpperCaName(set->item->pck_set()->ca)));
  return ItemResponse(request, *set, std::move(content), clock_.Now());
}

http::Response PckDialect::PckCertsByProof(const Request& request, const Query& query) {
  const auto pce_id = intel::PceId::FromHex(query.Get("pceid").value_or(""));
  const auto ppid = intel::EncryptedPpid::FromHex(query.Get("encrypted_ppid").value_or(""));
  if (!pce_id || !ppid) return pccs::InvalidParameters(kBadProof);
  return AnswerAsPcs(request, *ppid, *pce_id);
}

http::Response PckDialect::PckCertsByManifest(const Request& request) {
  const auto asked = ReadManifestRequest(request);
  if (!asked) return pccs::InvalidParameters(kBadManifest);
  return AnswerAsPcs(request, asked->manifest, asked->pce_id);
}

// In every mode 404 for what is not here: the PCS has no other word for it.
http::Response PckDialect::AnswerAsPcs(const Request& request, const intel::PlatformProof& proof,
                                       const intel::PceId& pce_id) {
  const auto set = service_.CertificatesByProof(proof, pce_id);
  if (!set.ok()) return pccs::RefusalOf(set.error());
  const CollateralItem& item = *set->item;
  auto content = http::Content::Make("application/json", std::string(AsText(item.body())),
                                     PlatformHeaders(item, intel::PckCaName(item.pck_set()->ca)));
  return ItemResponse(request, *set, std::move(content), clock_.Now());
}

}  // namespace thimble
