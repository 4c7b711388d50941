// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/json_names.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::input {
namespace {

constexpr std::string_view kAsCollateral = "it goes beside the evidence, as collateral";
constexpr std::string_view kAsEndorsements = "it goes beside the evidence, as endorsements or --collateral";
constexpr std::string_view kImport = "`thimble import` takes it";
constexpr std::string_view kRequest = "POST it to /v1/verify, or hand over its member \"evidence\"";

// What is more particular stands before what it could be taken for.
constexpr JsonForm kForms[] = {
    {{"tcbInfo", "signature"}, "tcb_info", "a TCB info", kAsCollateral},
    {{"enclaveIdentity", "signature"}, "enclave_identity", "an enclave identity", kAsCollateral},
    {{"tcbEvaluationDataNumbers", "signature"},
     "evaluation_numbers",
     "a list of evaluation data numbers",
     ""},
    {{"vcekCert", "certificateChain"}, "thim_document", "a THIM document (VCEK and chain)", kAsEndorsements},
    {{"tcb_info", "qe_identity"}, "collateral", "collateral for a quote", kAsCollateral},
    {{"tcb_info_issuer_chain"}, "collateral", "collateral for a quote", kAsCollateral},
    {{"platforms", "collaterals"}, "platform_bundle", "a PCCS's platformcollateral bundle", kImport},
    {{"hcl_report"}, "evidence", "evidence of an Azure vTPM, as trustee has it", ""},
    {{"attestation_report"}, "evidence", "SNP evidence, as trustee has it", ""},
    {{"SnpReport"}, "evidence", "the member \"report\" of a request to MAA", "hand over the whole request"},
    {{"vbs_report"}, "evidence", "the report of a VBS enclave with what goes beside it", ""},
    {{"tpm_quote"}, "evidence", "a TPM's quote with what goes beside it", ""},
    {{"endorsements"}, "endorsements", "endorsements for an SNP report", kAsEndorsements},
    {{"decision", "authentic"}, "verification_result", "the result of a verification", ""},
    {{"tee-evidence"},
     "attestation_request",
     "a request to trustee's KBS",
     "hand over its member \"tee-evidence\""},
    {{"evidence", "tee"},
     "attestation_request",
     "a request to trustee's attestation service",
     "hand over its member \"evidence\""},
    {{"evidence"}, "verify_request", "a request of POST /v1/verify", kRequest},
    {{"quote"}, "evidence", "evidence with a quote", ""},
    {{"report"}, "evidence", "evidence with a report", ""},
    {{"qe_id", "pce_id"},
     "registration",
     "the registration of a platform",
     "POST it to /sgx/certification/v4/platforms"},
    {{"keys"}, "key_set", "a set of public keys (JWKS)", "`thimble verify-result --jwks` takes it"},
    {{"format", "sources", "issued"}, "floors", "floors for AMD", "`thimble floors` takes it"},
    {{"items", "registrations"}, "status", "the status of a Thimble", ""},
    {{"ready", "degraded"}, "readiness", "the readiness of a Thimble", ""},
    {{"taken", "held"}, "import_report", "the report of an import", ""},
    {{"baselines"}, "baselines", "the baselines of a Thimble", ""},
    {{"key", "versions"}, "history", "the history of an item", ""},
    {{"nonce", "expires"}, "challenge", "a challenge of Thimble's", ""},
    {{"detail", "check", "status"}, "problem", "an error of Thimble's", ""},
    {{"detail", "title", "status"}, "problem", "an error of Thimble's", ""},
};

// Names come from the input: few, and short.
std::string MemberNames(const json::Value& object) {
  constexpr size_t kNames = 5, kLength = 32;
  const auto members = object.Members();
  if (!members || members->empty()) return "no members";
  std::string out = "members ";
  for (size_t i = 0; i < std::min(members->size(), kNames); ++i)
    out += StrCat(i == 0 ? "" : ", ", "\"", members->at(i).first.substr(0, kLength), "\"");
  return members->size() > kNames ? StrCat(out, " and ", members->size() - kNames, " more") : out;
}

}  // namespace

const JsonForm* FindJsonForm(const json::Value& object) {
  const auto* const form = std::ranges::find_if(kForms, [&](const JsonForm& each) {
    return std::ranges::all_of(each.members, [&](std::string_view member) {
      return member.empty() || object.Find(member).has_value();
    });
  });
  return form == std::end(kForms) ? nullptr : form;
}

Contents ContentsOfJson(const json::Value& object) {
  const JsonForm* const form = FindJsonForm(object);
  if (form != nullptr) return {std::string(form->what), std::string(form->advice)};
  return {StrCat("JSON of a form that is not known, with ", MemberNames(object)), ""};
}

Contents ContentsOfJson(std::string_view text) {
  const auto document = json::Document::Parse(text, "JSON", ErrorKind::kMalformed, Check::kEvidenceFormat);
  if (document) return ContentsOfJson((*document)->root());
  return {StrCat("text that begins like JSON, and is none (", document.error().message, ")"), ""};
}

}  // namespace thimble::input
