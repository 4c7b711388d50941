// SPDX-License-Identifier: Apache-2.0
#include "service/api/verify_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/http/query.h"
#include "service/results/render.h"
#include "service/verification/handed_evidence.h"
#include "service/verification/oe_endorsements.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/amd_json.h"
#include "tcb/input/collateral_form.h"
#include "tcb/input/tpm_json.h"

namespace thimble {
namespace {

// Bytes in hex or base64, where they are given.
Result<std::optional<Bytes>> Decoded(std::string_view name, const std::optional<std::string>& text,
                                     std::optional<Bytes> (*decode)(std::string_view)) {
  if (!text) return std::optional<Bytes>();
  auto bytes = decode(*text);
  if (!bytes || bytes->empty()) {
    return BadRequestError(StrCat(name, ": not ", decode == FromHex ? "hex" : "base64"));
  }
  return bytes;
}

}  // namespace

// What both forms of a request may say, still as text.
struct VerifyApi::Options {
  std::optional<std::string> at, policy, baseline, report_data, product, nonce, runtime_data;
};

void VerifyApi::AddTo(http::Router& router) {
  router.Add({"POST",
              "/v1/verify",
              {"at", "policy", "baseline", "report_data", "product", "nonce", "runtime_data", "ear"},
              [this](const http::Request& r, const http::Query& q) { return Verify(r, q); },
              Role::kVerify});
}

http::Response VerifyApi::Verify(const http::Request& request, const http::Query& query) {
  const std::string_view type = request.MediaType();
  const bool is_json = EqualIgnoringCase(type, "application/json");
  if (!is_json && !EqualIgnoringCase(type, "application/octet-stream")) {
    return ProblemResponse({.status = 415,
                            .title = "Content-Type must be application/json or application/octet-stream",
                            .detail = StrCat("Content-Type: ", type),
                            .check = std::string(CheckName(Check::kRequest))});
  }
  if (is_json && !query.all().empty()) return BadRequest("a JSON request takes its options in the body");
  return is_json ? VerifyJson(request, request.body) : Judge(request, FromQuery(request.body, query));
}

http::Response VerifyApi::VerifyJson(const http::Request& request, std::string_view body) {
  return Judge(request, FromJson(body));
}

http::Response VerifyApi::Judge(const http::Request& request, const Result<Asked>& asked) {
  if (!asked) return ProblemResponse(ProblemOf(asked.error()));
  // Before a nonce is used up for it.
  if (const Status may = asked->request.ear ? signer_.MaySign() : Status(); !may)
    return ProblemResponse(ProblemOf(may.error()));
  const VerificationOutcome outcome = verification_.Run(asked->request);
  if (outcome.error) return ProblemResponse(ProblemOf(*outcome.error, &outcome.verdict.checks));
  auto body = Answer(request, asked->request, outcome);
  if (!body) return ProblemResponse(ProblemOf(body.error()));
  http::Response response = http::NoStore(200, "application/json", *std::move(body));
  if (!asked->decoded.empty()) response.headers.emplace_back("X-Thimble-Decoded", asked->decoded);
  return response;
}

// Signed first, so that the record names the token; and recorded before anybody has it.
Result<std::string> VerifyApi::Answer(const http::Request& request, const VerificationRequest& asked,
                                      const VerificationOutcome& outcome) {
  const ResultView view{outcome, *asked.policy, asked.baseline_name, asked.baseline_version};
  std::optional<std::string> token, token_id;
  if (asked.ear) {
    const auto nonce = asked.nonce ? std::optional(Base64Url(*asked.nonce)) : std::nullopt;
    TRY_ASSIGN(SignedResult made, signer_.Sign(view, nonce));
    token = std::move(made.token);
    token_id = std::move(made.id);
  }
  const Status recorded = audit_.Decision({request.id, request.client, AuthorOf(request, Role::kVerify)},
                                          asked, outcome, token_id);
  if (!recorded && audit_.must_record()) return recorded.error();
  return RenderResult(view, token);
}

Result<VerifyApi::Asked> VerifyApi::FromJson(std::string_view body) const {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "request", ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  if (!root.Find("evidence") && IsContainer(root)) return FromContainer(root);
  TRY(root.AllowOnly({"evidence", "at", "policy", "baseline", "report_data", "collateral", "endorsements",
                      "td_quote", "tpm_quote", "ak_cert", "ak_chain", "ak_public", "product", "nonce",
                      "runtime_data", "ear", "uvm_endorsement", "security_policy", "thim"}));

  VerificationRequest request;
  if (const auto ear = root.Find("ear")) {
    TRY_ASSIGN(request.ear, ear->Bool());
  }
  TRY_ASSIGN(input::Evidence evidence, EvidenceMember(root));
  if (const auto collateral = root.Find("collateral")) {
    request.plugin_evidence = collateral->Find(kOeEndorsements).has_value();
    TRY_ASSIGN(request.collateral, request.plugin_evidence ? ReadOeEndorsements(*collateral)
                                                           : input::ReadCollateralObject(*collateral));
  }
  if (const auto endorsements = root.Find("endorsements")) {
    TRY_ASSIGN(request.endorsements, ReadEndorsements(*endorsements));
  }
  if (const auto tpm_quote = root.Find("tpm_quote")) {
    TRY_ASSIGN(request.tpm_quote, ReadTpmQuote(*tpm_quote));
  }
  TRY(ReadContainerMembers(root, request));
  TRY(input::ReadTpmKey(root, request.tpm_key));
  TRY_ASSIGN(const auto td_quote, OptionalText(root, "td_quote"));
  TRY_ASSIGN(request.td_quote, Decoded("td_quote", td_quote, FromBase64));
  Options options;
  TRY_ASSIGN(options.at, OptionalText(root, "at"));
  TRY_ASSIGN(options.policy, OptionalText(root, "policy"));
  TRY_ASSIGN(options.baseline, OptionalText(root, "baseline"));
  TRY_ASSIGN(options.report_data, OptionalText(root, "report_data"));
  TRY_ASSIGN(options.product, OptionalText(root, "product"));
  TRY_ASSIGN(options.nonce, OptionalText(root, "nonce"));
  TRY_ASSIGN(options.runtime_data, OptionalText(root, "runtime_data"));
  return Apply(options, std::move(evidence), std::move(request));
}

// The container that other verifiers are sent, as it is: by default policy and baseline. What asks for another judgement
// has its place beside "evidence" alone: dropped in silence here, it would be taken for kept. A report data only rejects.
Result<VerifyApi::Asked> VerifyApi::FromContainer(const json::Value& object) const {
  TRY(RefuseOptionsIn(object));
  Options options;
  TRY_ASSIGN(options.report_data, OptionalText(object, "report_data"));
  TRY_ASSIGN(input::Evidence evidence, input::DecodeEvidence(object));
  return Apply(options, std::move(evidence), {});
}

Result<VerifyApi::Asked> VerifyApi::FromQuery(const std::string& body, const http::Query& query) const {
  const auto text = [&query](std::string_view name) { return OptionalText(query, name); };
  VerificationRequest request;
  const std::string_view ear = query.Get("ear").value_or("false");
  if (ear != "true" && ear != "false") return BadRequestError("ear: not true or false");
  request.ear = ear == "true";
  TRY_ASSIGN(input::Evidence evidence, input::DecodeEvidence(AsBytes(body)));
  return Apply({text("at"), text("policy"), text("baseline"), text("report_data"), text("product"),
                text("nonce"), text("runtime_data")},
               std::move(evidence), std::move(request));
}

Result<VerifyApi::Asked> VerifyApi::Apply(const Options& options, input::Evidence evidence,
                                          VerificationRequest request) const {
  TRY(SetAt(options.at, request));
  if (options.report_data) {
    request.report_data = FromHex(*options.report_data);
    if (!request.report_data || request.report_data->size() > ReportData::kSize) {
      return BadRequestError("report_data: not hex of at most 64 bytes");
    }
  }
  TRY_ASSIGN(request.nonce, Decoded("nonce", options.nonce, FromHex));
  TRY_ASSIGN(request.runtime_data, Decoded("runtime_data", options.runtime_data, FromBase64));
  std::string decoded = evidence.decoded;
  TRY(TakeEvidence(std::move(evidence), request));
  TRY(SetProduct(options.product, request));
  const auto policies = policies_.Get();
  const auto policy = policies->find(options.policy.value_or("default"));
  if (policy == policies->end()) return BadRequestError(StrCat("policy: there is no ", *options.policy));
  request.policy = policy->second;
  // For another time the caller's own decide where there are any; for now they are hints.
  if (request.at || ModeOf(request) == CallerCollateral::kAny)
    request.endorsements = amd::AsGiven(request.endorsements);

  if (!IsJudgedAsBrought(request)) {
    TRY(SetBaseline(options.baseline, baselines_, request));
    return Asked{std::move(request), std::move(decoded)};
  }
  if (options.baseline) {
    return BadRequestError(StrCat("baseline: has no meaning beside collateral under policy ",
                                  request.policy->id,
                                  ", which takes that as it is (caller_collateral = \"any\")"));
  }
  return Asked{std::move(request), std::move(decoded)};
}

}  // namespace thimble
