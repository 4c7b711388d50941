// SPDX-License-Identifier: Apache-2.0
#include "service/intel_dialect.h"

#include <charconv>

#include "fetchers/vendor_answer.h"
#include "service/ascii.h"
#include "service/crl_urls.h"
#include "service/query.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr std::string_view kSgx = "/sgx/certification/v4";
constexpr std::string_view kTdx = "/tdx/certification/v4";

// Bodies of spec/intel-pccs-api.md section 3.
constexpr std::string_view kInvalidParameters = "Invalid request parameters.";
constexpr std::string_view kNoCacheData = "No cache data for this platform.";
constexpr std::string_view kInternalError = "Internal server error occurred.";
constexpr std::string_view kRetired = "The requested TCB evaluation data number is no longer available.";

http::Response Refusal(int status, std::string_view body, std::string_view cause) {
  http::Response response;
  response.status = status;
  response.headers = {{"Cache-Control", "no-store"}, {"X-Thimble-Cause", std::string(cause)}};
  if (!body.empty()) response.content = http::Content::Make("text/html; charset=utf-8", std::string(body));
  return response;
}

http::Response InvalidParameters(std::string_view) {
  return Refusal(400, kInvalidParameters, CheckName(Check::kRequest));
}

http::Response RefusalOf(const Error& error) {
  const std::string_view cause = CheckName(error.check);
  if (error.kind == ErrorKind::kInternal) return Refusal(500, kInternalError, cause);
  if (error.check != Check::kUpstreamNotFound) return Refusal(503, "", cause);
  return IsRetired(error) ? Refusal(410, kRetired, cause) : Refusal(404, kNoCacheData, cause);
}

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'') {
      out += StrCat("&#", static_cast<int>(c), ";");
    } else {
      out += c;
    }
  }
  return out;
}

// The page of PCCS's framework, for unknown paths and wrong methods alike.
http::Response NoSuchRoute(const http::Request& request) {
  http::Response response;
  response.status = 404;
  response.headers = {{"Cache-Control", "no-store"},
                      {"Content-Security-Policy", "default-src 'none'"},
                      {"X-Content-Type-Options", "nosniff"}};
  response.content = http::Content::Make(
      "text/html; charset=utf-8",
      StrCat("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
             "charset=\"utf-8\">\n<title>Error</title>\n</head>\n"
             "<body>\n<pre>Cannot ",
             EscapeHtml(request.method), " ", EscapeHtml(request.path), "</pre>\n</body>\n</html>\n"));
  return response;
}

// The issuer chain's header: its name is the kind of item's. CRLs that are sent alone have none.
http::HeaderList ChainHeader(const CollateralItem& item) {
  std::string_view name;
  if (item.tcb_info() != nullptr) name = "TCB-Info-Issuer-Chain";
  if (item.identity() != nullptr) name = "SGX-Enclave-Identity-Issuer-Chain";
  if (item.numbers() != nullptr) name = "TCB-Evaluation-Data-Numbers-Issuer-Chain";
  if (item.crl() != nullptr) name = "SGX-PCK-CRL-Issuer-Chain";
  return {{std::string(name), PercentEncode(item.issuer_chain())}};
}

std::shared_ptr<const http::Content> MakeContent(const CollateralItem& item, ItemForm form) {
  const std::string verbatim(AsText(item.body()));
  switch (form) {
    case ItemForm::kJson:
      return http::Content::Make("application/json; charset=utf-8", verbatim, ChainHeader(item));
    case ItemForm::kHexCrl:
      return http::Content::Make("application/x-pem-file; charset=utf-8", HexLower(item.body()),
                                 ChainHeader(item));
    case ItemForm::kPemCrl:
      return http::Content::Make("application/x-pem-file", EncodePem(item.body(), "X509 CRL"),
                                 ChainHeader(item));
    case ItemForm::kHexCrlAlone:
      return http::Content::Make("application/pkix-crl; charset=utf-8", HexLower(item.body()));
    case ItemForm::kDerCrl:
      return http::Content::Make("application/pkix-crl", verbatim, ChainHeader(item));
    case ItemForm::kDerCrlAlone:
      break;
  }
  return http::Content::Make("application/pkix-crl", verbatim);
}

std::optional<intel::PckCa> ParseCa(std::string_view text) {
  if (EqualIgnoringCase(text, "processor")) return intel::PckCa::kProcessor;
  if (EqualIgnoringCase(text, "platform")) return intel::PckCa::kPlatform;
  return std::nullopt;
}

std::optional<uint32_t> ParseNumber(std::string_view text) {
  uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

}  // namespace

void IntelDialect::AddTo(http::Router& router) {
  router.AddDialect({"/sgx/certification/", true, NoSuchRoute, InvalidParameters});
  router.AddDialect({"/tdx/certification/", true, NoSuchRoute, InvalidParameters});

  const auto get = [&router](std::string_view prefix, std::string_view path,
                             std::vector<std::string> parameters, http::RouteHandler handler) {
    // Azure's client adds these to every request; they choose nothing.
    parameters.insert(parameters.end(), {"clientid", "api-version"});
    router.Add({"GET", StrCat(prefix, path), std::move(parameters), std::move(handler)});
  };
  using http::Query;
  using http::Request;
  for (const auto& [prefix, tee, qe] : {std::tuple(kSgx, IntelTee::kSgx, EnclaveId::kQe),
                                        std::tuple(kTdx, IntelTee::kTdx, EnclaveId::kTdQe)}) {
    get(prefix, "/tcb", {"fmspc", "update", "tcbEvaluationDataNumber"},
        [this, tee = tee](const Request& r, const Query& q) { return TcbInfo(r, q, tee); });
    get(prefix, "/qe/identity", {"update", "tcbEvaluationDataNumber"},
        [this, qe = qe](const Request& r, const Query& q) { return Identity(r, q, qe); });
    get(prefix, "/tcbevaluationdatanumbers", {},
        [this, tee = tee](const Request& r, const Query&) { return EvaluationNumbers(r, tee); });
  }
  get(kSgx, "/qve/identity", {"update", "tcbEvaluationDataNumber"},
      [this](const Request& r, const Query& q) { return Identity(r, q, EnclaveId::kQve); });
  get(kSgx, "/pckcrl", {"ca", "encoding"}, [this](const Request& r, const Query& q) { return PckCrl(r, q); });
  get(kSgx, "/rootcacrl", {},
      [this](const Request& r, const Query&) { return Serve(r, RootCaCrlKey{}, ItemForm::kHexCrlAlone); });
  // `encoding` is the end of a uri that was not percent-encoded: Intel's own client sends it so.
  get(kSgx, "/crl", {"uri", "encoding"}, [this](const Request& r, const Query& q) { return Crl(r, q); });
}

std::optional<Selector> IntelDialect::SelectorOf(const http::Query& query) const {
  const auto update = query.Get("update");
  const auto number = query.Get("tcbEvaluationDataNumber");
  if (update && number) return std::nullopt;
  if (number) {
    const auto parsed = ParseNumber(*number);
    return parsed ? std::optional(Selector{Selector::Kind::kNumber, *parsed}) : std::nullopt;
  }
  if (!update) return options_.baseline;
  if (EqualIgnoringCase(*update, "early")) return Selector{Selector::Kind::kEarly, 0};
  if (!EqualIgnoringCase(*update, "standard")) return std::nullopt;
  return options_.honour_update ? Selector{} : options_.baseline;
}

http::Response IntelDialect::TcbInfo(const http::Request& request, const http::Query& query, IntelTee tee) {
  const auto fmspc = intel::Fmspc::FromHex(query.Get("fmspc").value_or(""));
  const auto selector = SelectorOf(query);
  if (!fmspc || !selector) return InvalidParameters("");
  return Serve(request, TcbInfoKey{tee, *fmspc, *selector}, ItemForm::kJson);
}

http::Response IntelDialect::Identity(const http::Request& request, const http::Query& query, EnclaveId id) {
  const auto selector = SelectorOf(query);
  if (!selector) return InvalidParameters("");
  return Serve(request, EnclaveIdentityKey{id, *selector}, ItemForm::kJson);
}

http::Response IntelDialect::EvaluationNumbers(const http::Request& request, IntelTee tee) {
  return Serve(request, EvaluationNumbersKey{tee}, ItemForm::kJson);
}

http::Response IntelDialect::PckCrl(const http::Request& request, const http::Query& query) {
  const auto ca = ParseCa(query.Get("ca").value_or(""));
  if (!ca) return InvalidParameters("");
  const auto encoding = query.Get("encoding");
  if (!encoding) return Serve(request, PckCrlKey{*ca}, ItemForm::kHexCrl);
  if (EqualIgnoringCase(*encoding, "der")) return Serve(request, PckCrlKey{*ca}, ItemForm::kDerCrl);
  if (EqualIgnoringCase(*encoding, "pem")) return Serve(request, PckCrlKey{*ca}, ItemForm::kPemCrl);
  return InvalidParameters("");
}

http::Response IntelDialect::Crl(const http::Request& request, const http::Query& query) {
  const auto encoding = query.Get("encoding");
  if (encoding && !EqualIgnoringCase(*encoding, "der") && !EqualIgnoringCase(*encoding, "pem")) {
    return InvalidParameters("");
  }
  const auto key = KeyOfCrlUrl(query.Get("uri").value_or(""));
  if (!key) return InvalidParameters("");
  return Serve(request, *key, ItemForm::kDerCrlAlone);
}

http::Response IntelDialect::Serve(const http::Request& request, const CollateralKey& key, ItemForm form) {
  const Instant now = clock_.Now();
  const auto answer = cache_.Get(key, now);
  if (!answer) return RefusalOf(answer.error());
  return ItemResponse(request, *answer, contents_.Get(answer->item, form, MakeContent), now);
}

}  // namespace thimble
