// SPDX-License-Identifier: Apache-2.0
#include "service/api/collateral_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/transfer/tar.h"
#include "service/verification/collateral_json.h"
#include "service/verification/handed_evidence.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

// The files of a collateral directory (DESIGN section 4).
Result<std::string> CollateralTar(const intel::VerifiedCollateral& collateral, Instant now) {
  TarWriter tar(now);
  tar.Add("tcb_info.json", AsText(collateral.tcb_info->body()));
  tar.Add("tcb_info_chain.pem", collateral.tcb_info->issuer_chain());
  tar.Add("qe_identity.json", AsText(collateral.qe_identity->body()));
  tar.Add("qe_identity_chain.pem", collateral.qe_identity->issuer_chain());
  tar.Add("pck_crl.der", AsText(collateral.pck_crl->body()));
  tar.Add("pck_crl_chain.pem", collateral.pck_crl->issuer_chain());
  tar.Add("root_ca_crl.der", AsText(collateral.root_ca_crl->body()));
  tar.Add("pck_chain.pem", collateral.pck_chain);
  return std::move(tar).Finish();
}

Result<std::string> EndorsementsTar(const amd::CachedEndorsements& endorsements, Instant now) {
  TarWriter tar(now);
  if (endorsements.vcek) tar.Add("vcek.der", AsText(endorsements.vcek->body()));
  if (endorsements.chain) tar.Add("chain.pem", AsText(endorsements.chain->body()));
  if (endorsements.crl) tar.Add("crl.der", AsText(endorsements.crl->body()));
  return std::move(tar).Finish();
}

std::string EndorsementsJson(const amd::CachedEndorsements& endorsements) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("endorsements").BeginArray();
  if (endorsements.vcek) json.String(EncodePem(endorsements.vcek->body(), "CERTIFICATE"));
  if (endorsements.chain) json.String(AsText(endorsements.chain->body()));
  if (endorsements.crl) json.String(EncodePem(endorsements.crl->body(), "X509 CRL"));
  json.EndArray().EndObject();
  return out;
}

http::ContentPtr Answer(bool tar, std::string body) {
  return http::Content::Make(tar ? "application/x-tar" : "application/json", std::move(body));
}

// What both forms of a request may say, options still as text.
struct Body {
  input::Evidence evidence;
  std::optional<std::string> at, baseline, product, format;
};

Result<Body> BodyFromJson(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "request", ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  Body body;
  if (!root.Find("evidence") && IsContainer(root)) {
    TRY(RefuseOptionsIn(root));
    TRY_ASSIGN(body.evidence, input::DecodeEvidence(root));
    return body;
  }
  TRY(root.AllowOnly({"evidence", "at", "baseline", "product", "format"}));
  TRY_ASSIGN(body.evidence, EvidenceMember(root));
  TRY_ASSIGN(body.at, OptionalText(root, "at"));
  TRY_ASSIGN(body.baseline, OptionalText(root, "baseline"));
  TRY_ASSIGN(body.product, OptionalText(root, "product"));
  TRY_ASSIGN(body.format, OptionalText(root, "format"));
  return body;
}

Result<Body> ReadBody(const http::Request& request, const http::Query& query) {
  if (EqualIgnoringCase(request.MediaType(), "application/json")) {
    if (!query.all().empty()) return BadRequestError("a JSON request takes its options in the body");
    return BodyFromJson(request.body);
  }
  if (!EqualIgnoringCase(request.MediaType(), "application/octet-stream")) {
    return BadRequestError("Content-Type must be application/json or application/octet-stream");
  }
  const auto text = [&query](std::string_view name) { return OptionalText(query, name); };
  TRY_ASSIGN(input::Evidence evidence, input::DecodeEvidence(AsBytes(request.body)));
  return Body{std::move(evidence), text("at"), text("baseline"), text("product"), text("format")};
}

Result<VerificationRequest> RequestFor(Body body, const BaselineBook& baselines) {
  VerificationRequest request;
  TRY(TakeEvidence(std::move(body.evidence), request));
  TRY(SetAt(body.at, request));
  TRY(SetProduct(body.product, request));
  TRY(SetBaseline(body.baseline, baselines, request));
  return request;
}

}  // namespace

void CollateralApi::AddTo(http::Router& router) {
  router.Add({"POST",
              "/v1/collateral",
              {"at", "baseline", "product", "format"},
              [this](const http::Request& r, const http::Query& q) { return Post(r, q); },
              Role::kVerify});
}

http::Response CollateralApi::Post(const http::Request& request, const http::Query& query) {
  auto body = ReadBody(request, query);
  if (!body.ok()) return ProblemResponse(ProblemOf(body.error()));
  const std::string format = body->format.value_or("json");
  if (format != "json" && format != "tar") return BadRequest("format: \"json\" or \"tar\"");
  const auto wanted = RequestFor(*std::move(body), baselines_);
  if (!wanted.ok()) return ProblemResponse(ProblemOf(wanted.error()));
  const auto kind = DetectEvidence(wanted->evidence);
  if (!kind.ok()) return ProblemResponse(ProblemOf(kind.error()));
  if (*kind == EvidenceKind::kTpmQuote || *kind == EvidenceKind::kVbsReport)
    return BadRequest("evidence: has no collateral: it rests on certificates that come with it");
  const bool tar = format == "tar";
  const bool quote = *kind == EvidenceKind::kQuote || *kind == EvidenceKind::kOpenEnclave;
  auto content = quote ? ForQuote(*wanted, tar) : ForReport(*wanted, tar);
  if (!content.ok()) return ProblemResponse(ProblemOf(content.error()));
  return http::NoStore(200, *std::move(content));
}

Result<http::ContentPtr> CollateralApi::ForQuote(const VerificationRequest& wanted, bool tar) {
  if (wanted.product) return BadRequestError("product: goes only with an SNP report");
  TRY_ASSIGN(const auto collateral, verification_.Gather(wanted));
  if (!tar) return Answer(false, CollateralJson(collateral));
  TRY_ASSIGN(std::string archive, CollateralTar(collateral, clock_.Now()));
  return Answer(true, std::move(archive));
}

Result<http::ContentPtr> CollateralApi::ForReport(const VerificationRequest& wanted, bool tar) {
  TRY_ASSIGN(const auto endorsements, verification_.GatherEndorsements(wanted));
  if (!tar) return Answer(false, EndorsementsJson(endorsements));
  TRY_ASSIGN(std::string archive, EndorsementsTar(endorsements, clock_.Now()));
  return Answer(true, std::move(archive));
}

}  // namespace thimble
