// SPDX-License-Identifier: Apache-2.0
#include "service/api/request_fields.h"

#include <algorithm>

#include "service/support/time_text.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/json_names.h"

namespace thimble {

Error BadRequestError(std::string message) {
  return {ErrorKind::kMalformed, Check::kRequest, std::move(message)};
}

Author AuthorOf(const http::Request& request, Role role) {
  Author author;
  author.address = request.client.empty() ? "unix" : request.client;
  if (request.admin) {
    author.role = RoleName(role);
    author.uid = request.uid;
    if (request.uid) author.user = UserName(*request.uid);
    return author;
  }
  const auto by = std::ranges::find(request.grants, role, &http::ShownGrant::role);
  if (by == request.grants.end()) return author;
  author.role = RoleName(role);
  author.label = by->label;
  author.token = by->token;
  author.certificate = by->certificate;
  return author;
}

Result<std::optional<std::string>> OptionalText(const json::Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member) return std::optional<std::string>();
  const auto text = member->String();
  if (!text) return BadRequestError(StrCat(name, ": ", text.error().message));
  return std::optional<std::string>(*text);
}

std::optional<std::string> OptionalText(const http::Query& query, std::string_view name) {
  const auto value = query.Get(name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

Result<input::Evidence> EvidenceMember(const json::Value& object) {
  const auto member = object.Find("evidence");
  if (!member || member->IsNull()) return BadRequestError("evidence: must be there");
  const bool readable =
      member->String().ok() || member->Array().ok() || member->type() == json::Type::kObject;
  if (!readable) return BadRequestError("evidence: is no text, list of bytes or object");
  return input::DecodeEvidence(*member);
}

bool IsContainer(const json::Value& object) {
  const input::JsonForm* const form = input::FindJsonForm(object);
  return form != nullptr && form->name == "evidence";
}

Status RefuseOptionsIn(const json::Value& container) {
  constexpr std::string_view kOptions[] = {
      "at",           "policy", "baseline", "collateral", "endorsements",    "product",        "nonce",
      "runtime_data", "ear",    "format",   "thim",       "uvm_endorsement", "security_policy"};
  for (const std::string_view name : kOptions) {
    const bool theirs =
        name == "nonce" && container.Find("runtimeData");  // Azure Attestation's, for its token
    if (container.Find(name) && !theirs)
      return BadRequestError(StrCat(name, ": goes beside the member \"evidence\", not into its container"));
  }
  return {};
}

namespace {

// In base64; an empty policy is a policy.
Status ReadBytes(const json::Value& object, std::string_view name, std::optional<Bytes>& out) {
  TRY_ASSIGN(const auto text, OptionalText(object, name));
  if (!text) return {};
  out = FromBase64(*text);
  return out ? Status() : BadRequestError(StrCat(name, ": not base64"));
}

// The certificates in it are hints, as those of any caller.
Status ReadThim(const json::Value& thim, amd::EndorsementSet& endorsements) {
  const auto add = [&](std::string_view name, std::string_view text) {
    const ByteView bytes = AsBytes(text);
    endorsements.hints.push_back({std::string(name), Bytes(bytes.begin(), bytes.end())});
  };
  if (thim.type() != json::Type::kObject) {
    const auto text = thim.String();
    if (!text) return BadRequestError("thim: is neither an object nor a text");
    const auto decoded = FromBase64(*text);
    add("thim", decoded ? AsText(*decoded) : *text);
    return {};
  }
  for (const std::string_view name : {"vcekCert", "certificateChain"}) {
    const auto text = thim.GetString(name);
    if (!text) return BadRequestError(StrCat("thim: ", text.error().message));
    add(StrCat("thim.", name), *text);
  }
  return {};
}

}  // namespace

Status ReadContainerMembers(const json::Value& object, VerificationRequest& request) {
  TRY(ReadBytes(object, "uvm_endorsement", request.uvm_endorsement));
  TRY(ReadBytes(object, "security_policy", request.security_policy));
  const auto thim = object.Find("thim");
  return thim ? ReadThim(*thim, request.endorsements) : Status();
}

Status SetAt(const std::optional<std::string>& text, VerificationRequest& request) {
  if (!text) return {};
  request.at = ParseTimeText(*text);
  if (request.at) return {};
  return BadRequestError(StrCat("at: \"", *text, "\" is not ", kTimeTextLike));
}

Status SetProduct(const std::optional<std::string>& text, VerificationRequest& request) {
  if (!text) return {};
  request.product = amd::ProductFromName(*text);
  if (request.product) return {};
  return BadRequestError("product: not Milan, Genoa, Bergamo, Siena or Turin");
}

Status SetBaseline(const std::optional<std::string>& name, const BaselineBook& baselines,
                   VerificationRequest& request) {
  const BaselinePtr baseline = baselines.Find(name.value_or("default"));
  if (!baseline) return BadRequestError(StrCat("baseline: there is no ", *name));
  request.baseline_name = baseline->name;
  request.baseline_version = baseline->version;
  request.baseline = baseline->baseline;
  return {};
}

Status ReadCandidateMembers(const json::Value& object, const FloorBook& floors, Baseline& out) {
  TRY(ReadBaselineMembers(object, out));
  if (!object.Find("amd")) return {};
  TRY_ASSIGN(out.amd, floors.SettingOf(out.amd));
  return {};
}

}  // namespace thimble
