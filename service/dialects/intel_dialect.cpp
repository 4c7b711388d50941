// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/intel_dialect.h"

#include <algorithm>
#include <array>

#include "service/dialects/custom_parameter.h"
#include "service/dialects/pccs_answers.h"
#include "service/http/query.h"
#include "service/support/time_text.h"
#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

// Intel's client reads an answer and its chain, each with a NUL, into at most 65535 bytes, and takes a longer one for an
// empty success (spec/intel-qcnl-client.md, trap 3).
constexpr size_t kLongestAnswer = 65533;

using http::Query;
using http::Request;

bool IsVersion3(std::string_view prefix) { return prefix.ends_with("/v3"); }

enum class When : bool { kInTime, kAtOnce };

void AddGet(http::Router& router, std::string_view prefix, std::string_view path,
            std::vector<std::string> parameters, http::RouteHandler handler, When when = When::kAtOnce) {
  // Azure's client adds these to every request; they choose nothing.
  parameters.insert(parameters.end(), {"clientid", "api-version"});
  if (IsVersion3(prefix)) handler = pccs::WithVersion3Warning(std::move(handler));
  router.Add({.method = "GET",
              .path = StrCat(prefix, path),
              .parameters = std::move(parameters),
              .handler = std::move(handler),
              .at_once = when == When::kAtOnce});
}

constexpr std::array<std::string_view, 4> kPlatformClasses = {"all", "client", "E3", "E5"};

constexpr std::string_view kBadCustom = "customParameter: not base64 of Azure's JSON";
constexpr std::string_view kBadUri =
    "uri: must be the address of an Intel CRL, without ca; encoding: \"der\" or \"pem\"";

bool GoodCustomParameter(const Query& query) {
  const auto text = query.Get("customParameter");
  return !text || ParseCustomParameter(*text).has_value();
}

// The end of an address that was not percent-encoded is a parameter of its own.
bool GoodEncoding(const Query& query) {
  const auto text = query.Get("encoding");
  return !text || EqualIgnoringCase(*text, "der") || EqualIgnoringCase(*text, "pem");
}

Error NotHeld() { return {ErrorKind::kUnavailable, Check::kModeForbidsFetch, "not cached"}; }

Error TooOld(const CollateralItem& held) {
  return {ErrorKind::kUnavailable, Check::kCollateralMissing,
          StrCat(held.name(), ": the cached item is past its nextUpdate and its grace")};
}

http::Response RefusalOfChoice(const Error& error) {
  return error.kind == ErrorKind::kMalformed ? pccs::InvalidParameters(error.message)
                                             : pccs::RefusalOf(error);
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
      return http::Content::Make("application/json", verbatim, ChainHeader(item));
    case ItemForm::kHexCrl:
      return http::Content::Make("application/x-pem-file; charset=utf-8", HexLower(item.body()),
                                 ChainHeader(item));
    case ItemForm::kPemCrl:
      return http::Content::Make("application/x-pem-file", EncodePem(item.body(), "X509 CRL"),
                                 ChainHeader(item));
    case ItemForm::kHexRootCrl:  // PCCS sends no chain with it, and Azure's client reads none without it
      return http::Content::Make("application/pkix-crl; charset=utf-8", HexLower(item.body()),
                                 ChainHeader(item));
    case ItemForm::kDerCrl:
      return http::Content::Make("application/pkix-crl", verbatim, ChainHeader(item));
    case ItemForm::kDerCrlAlone:
    case ItemForm::kVerbatim:
      break;
  }
  return http::Content::Make("application/pkix-crl", verbatim);
}

std::optional<intel::PckCa> ParseCa(std::string_view text) {
  if (EqualIgnoringCase(text, "processor")) return intel::PckCa::kProcessor;
  if (EqualIgnoringCase(text, "platform")) return intel::PckCa::kPlatform;
  return std::nullopt;
}

// The form in which Intel's own distribution points have it: PCK CRLs as PEM, unless the address says otherwise.
ItemForm FormOfCrlUrl(const CollateralKey& key, std::string_view uri) {
  if (std::holds_alternative<RootCaCrlKey>(key)) return ItemForm::kDerCrl;
  const auto decoded = PercentDecode(uri);
  const bool der = decoded && LowerCase(*decoded).ends_with("encoding=der");
  return der ? ItemForm::kDerCrl : ItemForm::kPemCrl;
}

// The chain as it is in its header is a little longer than what the client keeps of it, and costs nothing to measure.
bool TooLongForIntelsClient(const http::Content& content) {
  return content.body().size() + content.head().size() > kLongestAnswer;
}

}  // namespace

void IntelDialect::AddTo(http::Router& router) {
  for (const std::string_view root : pccs::kRoots) AddUnder(router, root);
  // Where the root CA CRL lies at Intel's: who replaces the host alone asks here (PCCS 10).
  for (const std::string_view path : {"/IntelSGXRootCA.der", "/IntelSGXRootCA.crl"}) {
    AddGet(router, "", path, {}, [this](const Request& r, const Query&) {
      return Serve(r, RootCaCrlKey{}, ItemForm::kDerCrlAlone);
    });
  }
}

void IntelDialect::AddUnder(http::Router& router, std::string_view root) {
  const std::string sgx = StrCat(root, "/sgx/certification/"), tdx = StrCat(root, "/tdx/certification/");
  const std::string sgx3 = StrCat(sgx, "v3"), sgx4 = StrCat(sgx, "v4"), tdx4 = StrCat(tdx, "v4");
  const auto bad_request = [](std::string_view detail) { return pccs::InvalidParameters(detail); };
  router.AddDialect(
      {StrCat(sgx3, "/"), true,
       [](const Request& r) { return pccs::WithVersion3Warning(pccs::NoSuchRoute(r)); },
       [](std::string_view detail) { return pccs::WithVersion3Warning(pccs::InvalidParameters(detail)); },
       [](Role) { return pccs::WithVersion3Warning(pccs::Unauthorized()); }});
  const auto unauthorized = [](Role) { return pccs::Unauthorized(); };
  router.AddDialect({sgx, true, pccs::NoSuchRoute, bad_request, unauthorized});
  router.AddDialect({tdx, true, pccs::NoSuchRoute, bad_request, unauthorized});

  const std::vector<std::string> choice = {"update", "tcbEvaluationDataNumber", "customParameter", "at"};
  std::vector<std::string> choice_and_fmspc = choice;
  choice_and_fmspc.emplace_back("fmspc");
  for (const auto& [prefix, tee, qe] : {std::tuple(sgx4, IntelTee::kSgx, EnclaveId::kQe),
                                        std::tuple(tdx4, IntelTee::kTdx, EnclaveId::kTdQe)}) {
    AddGet(router, prefix, "/tcb", choice_and_fmspc,
           [this, tee = tee](const Request& r, const Query& q) { return TcbInfo(r, q, tee); });
    AddGet(router, prefix, "/tcbevaluationdatanumbers", {"at"},
           [this, tee = tee](const Request& r, const Query&) { return EvaluationNumbers(r, tee); });
    AddGet(router, prefix, "/qe/identity", choice,
           [this, qe = qe](const Request& r, const Query& q) { return Identity(r, q, qe); });
  }
  AddVersionless(router, sgx4);
  AddGet(
      router, sgx4, "/fmspcs", {"platform"}, [this](const Request&, const Query& q) { return Fmspcs(q); },
      When::kInTime);

  AddGet(
      router, sgx3, "/tcb", {"fmspc", "update"},
      [this](const Request& r, const Query& q) { return Version3TcbInfo(r, q); }, When::kInTime);
  AddGet(router, sgx3, "/qe/identity", choice,
         [this](const Request& r, const Query& q) { return Identity(r, q, EnclaveId::kQe); });
  AddVersionless(router, sgx3);
}

// What is the same in v3 and v4. Azure's extra chooses nothing among CRLs.
void IntelDialect::AddVersionless(http::Router& router, std::string_view prefix) {
  AddGet(router, prefix, "/qve/identity", {"update", "tcbEvaluationDataNumber", "customParameter", "at"},
         [this](const Request& r, const Query& q) { return Identity(r, q, EnclaveId::kQve); });
  AddGet(router, prefix, "/pckcrl", {"ca", "encoding", "uri", "customParameter", "at"},
         [this](const Request& r, const Query& q) { return PckCrl(r, q); });
  AddGet(router, prefix, "/rootcacrl", {"customParameter", "at"}, [this](const Request& r, const Query& q) {
    if (!GoodCustomParameter(q)) return pccs::InvalidParameters(kBadCustom);
    return Serve(r, RootCaCrlKey{}, ItemForm::kHexRootCrl);
  });
  // `encoding` is the end of a uri that was not percent-encoded: Intel's own client sends it so.
  AddGet(router, prefix, "/crl", {"uri", "encoding", "customParameter", "at"},
         [this](const Request& r, const Query& q) { return Crl(r, q); });
}

// A number in Azure's parameter goes before `update`, which clients always send.
Result<IntelDialect::Choice> IntelDialect::ChoiceOf(const http::Query& query, IntelTee tee) const {
  const Error bad{
      ErrorKind::kMalformed, Check::kRequest,
      "update: \"early\" or \"standard\"; tcbEvaluationDataNumber: a number, and then neither update nor "
      "customParameter"};
  const auto by_number = [](uint32_t number) { return Choice{{Selector::Kind::kNumber, number}, nullptr}; };
  const auto update = query.Get("update");
  const auto number = query.Get("tcbEvaluationDataNumber");
  const auto custom = query.Get("customParameter");
  if ((update && number) || (custom && number)) return bad;
  if (number) {
    const auto parsed = ParseEvaluationNumber(*number);
    return parsed ? Result<Choice>(by_number(*parsed)) : bad;
  }
  if (custom) {
    const auto parsed = ParseCustomParameter(*custom);
    if (!parsed) return bad;
    if (parsed->evaluation_number) return by_number(*parsed->evaluation_number);
  }
  if (!update) return evaluation_.For(tee);
  if (EqualIgnoringCase(*update, "early")) return Choice{{Selector::Kind::kEarly, 0}, nullptr};
  if (!EqualIgnoringCase(*update, "standard")) return bad;
  return options_.honour_update ? Result<Choice>(Choice{}) : evaluation_.For(tee);
}

http::Response IntelDialect::TcbInfo(const http::Request& request, const http::Query& query, IntelTee tee) {
  const auto fmspc = intel::Fmspc::FromHex(query.Get("fmspc").value_or(""));
  if (!fmspc) return pccs::InvalidParameters("fmspc: must be 12 hex digits");
  if (!request.may_wait && evaluation_.NeedsList()) return http::Later();
  const auto choice = ChoiceOf(query, tee);
  if (!choice) return RefusalOfChoice(choice.error());
  return Serve(request, TcbInfoKey{tee, *fmspc, choice->selector}, ItemForm::kJson, choice->baseline);
}

// Another signed format, which v4 data cannot answer: it was uploaded, or it is gone. As in PCCS's, LAZY mode says that
// there is no way to get it any more.
http::Response IntelDialect::Version3TcbInfo(const Request& request, const Query& query) {
  const auto fmspc = intel::Fmspc::FromHex(query.Get("fmspc").value_or(""));
  const std::string_view update = query.Get("update").value_or("standard");
  const bool early = EqualIgnoringCase(update, "early");
  if (!fmspc || (!early && !EqualIgnoringCase(update, "standard")))
    return pccs::InvalidParameters("fmspc: must be 12 hex digits; update: \"early\" or \"standard\"");
  const auto kind = early ? Selector::Kind::kEarly : Selector::Kind::kStandard;
  const auto held = version3_infos_.Find({IntelTee::kSgx, *fmspc, {kind, 0}});
  if (!held.ok()) return pccs::RefusalOf(held.error());
  if (!*held) {
    return options_.mode == CachingMode::kLazy ? pccs::VersionRetired() : pccs::RefusalOf(NotHeld());
  }
  const Instant now = clock_.Now();
  const ItemPtr& item = (*held)->item;
  const bool stale = now > item->next_update();
  if (now > item->next_update() + options_.stale_grace) return pccs::NotNow(TooOld(*item));
  auto content = http::Content::Make("application/json", std::string(AsText(item->body())),
                                     {{"SGX-TCB-Info-Issuer-Chain", PercentEncode(item->issuer_chain())}});
  return ItemResponse(request,
                      {.item = item,
                       .freshness = stale ? Freshness::kStale : Freshness::kFresh,
                       .fetched = (*held)->came,
                       .last_check = kNever},
                      std::move(content), now);
}

http::Response IntelDialect::Identity(const http::Request& request, const http::Query& query, EnclaveId id) {
  if (!request.may_wait && evaluation_.NeedsList()) return http::Later();
  const auto choice = ChoiceOf(query, id == EnclaveId::kTdQe ? IntelTee::kTdx : IntelTee::kSgx);
  if (!choice) return RefusalOfChoice(choice.error());
  return Serve(request, EnclaveIdentityKey{id, choice->selector}, ItemForm::kJson, choice->baseline);
}

http::Response IntelDialect::EvaluationNumbers(const http::Request& request, IntelTee tee) {
  return Serve(request, EvaluationNumbersKey{tee}, ItemForm::kJson);
}

// By CA as Intel's clients ask, or by the address of the CRL as Azure's does, escaped once or twice.
http::Response IntelDialect::PckCrl(const http::Request& request, const http::Query& query) {
  if (!GoodCustomParameter(query)) return pccs::InvalidParameters(kBadCustom);
  const auto uri = query.Get("uri");
  const auto encoding = query.Get("encoding");
  if (uri) {
    const auto key = query.Get("ca") ? std::nullopt : KeyOfCrlAddress(*uri, options_.site);
    if (!key || !GoodEncoding(query)) return pccs::InvalidParameters(kBadUri);
    const bool der = encoding && EqualIgnoringCase(*encoding, "der");
    return Serve(request, *key, der ? ItemForm::kDerCrl : FormOfCrlUrl(*key, *uri));
  }
  const auto ca = ParseCa(query.Get("ca").value_or(""));
  if (!ca) return pccs::InvalidParameters("ca: must be \"processor\" or \"platform\"");
  if (!encoding) return Serve(request, PckCrlKey{*ca}, ItemForm::kHexCrl);
  if (EqualIgnoringCase(*encoding, "der")) return Serve(request, PckCrlKey{*ca}, ItemForm::kDerCrl);
  if (EqualIgnoringCase(*encoding, "pem")) return Serve(request, PckCrlKey{*ca}, ItemForm::kPemCrl);
  return pccs::InvalidParameters("encoding: must be \"der\" or \"pem\"; without it the CRL is hex");
}

http::Response IntelDialect::Crl(const http::Request& request, const http::Query& query) {
  const auto key = KeyOfCrlAddress(query.Get("uri").value_or(""), options_.site);
  if (!GoodCustomParameter(query)) return pccs::InvalidParameters(kBadCustom);
  if (!key || !GoodEncoding(query)) return pccs::InvalidParameters(kBadUri);
  return Serve(request, *key, ItemForm::kDerCrlAlone);
}

http::Response IntelDialect::Fmspcs(const http::Query& query) {
  const std::string platform(query.Get("platform").value_or("all"));
  if (std::ranges::find(kPlatformClasses, platform) == kPlatformClasses.end()) {
    return pccs::InvalidParameters("platform: must be all, client, E3 or E5");
  }
  if (options_.mode != CachingMode::kLazy) return pccs::RefusalOf(NotHeld());
  const auto list = fmspcs_.Get(platform, clock_.Now());
  if (!list.ok()) return pccs::RefusalOf(list.error());
  return {.status = 200,
          .headers = {{"Cache-Control", "max-age=3600"}},
          .content = http::Content::Make("application/json", *list)};
}

// What was held at the time that `at` names, as it was answered then.
http::Response IntelDialect::ServePast(const http::Request& request, std::string_view at,
                                       const CollateralKey& key, ItemForm form) {
  const auto time = ParseTimeText(at);
  if (!time) return pccs::InvalidParameters(StrCat("at: must be ", kTimeTextLike));
  const auto version = cache_.HistoryAt(key, *time);
  if (!version) {
    return pccs::RefusalOf(
        {ErrorKind::kUnavailable, Check::kUpstreamNotFound, StrCat("the history has no version of ", at)});
  }
  CacheAnswer answer{.item = version->item,
                     .freshness = Freshness::kFresh,
                     .fetched = version->fetched,
                     .last_check = version->fetched,
                     .next_refresh = version->item->next_update(),
                     .hit = true};
  if (*time > version->item->next_update()) answer.freshness = Freshness::kStale;
  auto content = MakeContent(*version->item, form);
  if (TooLongForIntelsClient(*content)) return pccs::TooLong();
  return ItemResponse(request, answer, std::move(content), *time);
}

http::Response IntelDialect::Serve(const http::Request& request, const CollateralKey& key, ItemForm form,
                                   const BaselinePtr& baseline) {
  if (request.query.find("at=") != std::string::npos) {
    if (!request.may_wait) return http::Later();
    const auto query = Query::Parse(request.query);
    if (const auto at = query ? query->Get("at") : std::nullopt) return ServePast(request, *at, key, form);
  }
  const Instant now = clock_.Now();
  if (request.may_wait && options_.mode != CachingMode::kLazy && !cache_.Peek(key, now)) {
    return pccs::RefusalOf(NotHeld());
  }
  const auto looked_up = AnswerFor(cache_, key, request, now);
  if (!looked_up) return http::Later();
  if (!looked_up->ok()) return pccs::RefusalOf(looked_up->error());
  const CacheAnswer& answer = **looked_up;
  auto content = PreparedContent(answer, form, MakeContent);
  if (TooLongForIntelsClient(*content)) return pccs::TooLong();
  http::Response response = ItemResponse(request, answer, std::move(content), now);
  AddEvaluationHeaders(response, *answer.item, baseline);
  return response;
}

}  // namespace thimble
