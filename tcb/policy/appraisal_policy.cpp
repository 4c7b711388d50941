// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/appraisal_policy.h"

#include <algorithm>
#include <map>
#include <set>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/appraisal_reference.h"
#include "tcb/policy/digest.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxTextBytes = 1u << 20;

enum class Kind : uint8_t { kPlatform, kTdQe, kEnclave, kTd };
struct Class {
  std::string_view id;
  Kind kind;
  EvidenceClass evidence;  // kTdQe: of every TD in the same file
};
constexpr std::array<Class, 7> kClasses = {{
    {"3123ec35-8d38-4ea5-87a5-d6c48b567570", Kind::kPlatform, EvidenceClass::kSgx},
    {"9eec018b-7481-4b1c-8e1a-9f7c0c8c777f", Kind::kPlatform, EvidenceClass::kTdx10},
    {"f708b97f-0fb2-4e6b-8b03-8a5bcd1221d3", Kind::kPlatform, EvidenceClass::kTdx15},
    {"3769258c-75e6-4bc7-8d72-d2b0e224cad2", Kind::kTdQe, EvidenceClass::kTdx15},
    {"bef7cb8c-31aa-42c1-854c-10db005d5c41", Kind::kEnclave, EvidenceClass::kSgx},
    {"a1e4ee9c-a12e-48ac-bed0-e3f89297f687", Kind::kTd, EvidenceClass::kTdx10},
    {"45b734fc-aa4e-4c3d-ad28-e43d08880e68", Kind::kTd, EvidenceClass::kTdx15},
}};

// -- the file --

// What has been read so far: a policy for each class of evidence that occurs.
struct Draft {
  std::map<EvidenceClass, Policy> policies;
  std::optional<TcbReference> td_qe;
  std::set<std::string_view> seen;  // class ids, of kClasses
};

Status ReadEntry(const json::Value& entry, Draft& draft) {
  TRY(entry.AllowOnly({"environment", "reference"}));
  TRY_ASSIGN(const json::Value environment, entry.Get("environment"));
  TRY(environment.AllowOnly({"class_id", "description"}));
  TRY_ASSIGN(const json::Value id, environment.Get("class_id"));
  TRY_ASSIGN(const std::string_view name, id.String());
  const auto known =
      std::find_if(kClasses.begin(), kClasses.end(), [&](const Class& c) { return c.id == Lower(name); });
  if (known == kClasses.end()) return MalformedPolicy(StrCat("unknown class_id \"", name, "\""));
  if (!draft.seen.insert(known->id).second)
    return MalformedPolicy(StrCat("two policies of class_id ", known->id));
  TRY_ASSIGN(const json::Value reference, entry.Get("reference"));
  switch (known->kind) {
    case Kind::kPlatform:
      return ReadPlatform(reference, draft.policies[known->evidence]);
    case Kind::kEnclave:
      return ReadEnclave(reference, draft.policies[known->evidence]);
    case Kind::kTd:
      return ReadTd(reference, known->evidence, draft.policies[known->evidence]);
    case Kind::kTdQe:
      break;
  }
  TRY_ASSIGN(draft.td_qe, ReadTdQe(reference));
  return {};
}

Result<std::unique_ptr<const json::Document>> ParseJson(std::string_view text) {
  return json::Document::Parse(text, "appraisal policy", ErrorKind::kMalformed, Check::kPolicyFormat);
}

Status ReadPayload(std::string_view text, Draft& draft) {
  TRY_ASSIGN(const auto document, ParseJson(text));
  const json::Value root = document->root();
  const auto list = root.Find("policy_array");
  if (!list) return ReadEntry(root, draft);
  TRY(root.AllowOnly({"policy_array"}));
  TRY_ASSIGN(const auto entries, list->Array());
  if (entries.empty()) return MalformedPolicy("policy_array is empty");
  for (const json::Value& entry : entries) TRY(ReadEntry(entry, draft));
  return {};
}

Status ReadJwt(std::string_view jwt, Draft& draft) {
  const size_t first = jwt.find('.');
  const size_t last = jwt.rfind('.');
  if (first == std::string_view::npos || jwt.find('.', first + 1) != last || first == last) {
    return MalformedPolicy("neither a JSON object nor a JWT of three parts");
  }
  const auto claims = FromBase64(jwt.substr(first + 1, last - first - 1));
  if (!claims) return MalformedPolicy("the JWT's claims are not base64url");
  TRY_ASSIGN(const auto document, ParseJson(AsText(*claims)));
  TRY_ASSIGN(const json::Value payload, document->root().Get("policy_payload"));
  TRY_ASSIGN(const std::string_view text, payload.String());
  return ReadPayload(text, draft);
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Status ReadText(std::string_view text, Draft& draft) {
  text = Trim(text);
  if (text.starts_with('{')) return ReadPayload(text, draft);
  while (true) {
    const size_t comma = text.find(',');
    TRY(ReadJwt(Trim(text.substr(0, comma)), draft));
    if (comma == std::string_view::npos) return {};
    text.remove_prefix(comma + 1);
  }
}

// One policy of the first class, and the others in its place for theirs.
Policy Assemble(Draft draft, std::string_view id) {
  std::vector<EvidenceClass> evidence;
  for (auto& [name, policy] : draft.policies) evidence.push_back(name);
  for (auto& [name, policy] : draft.policies) {
    policy.id = id;
    policy.evidence = evidence;
    if (draft.td_qe && name != EvidenceClass::kSgx) ApplyTdQe(*draft.td_qe, policy);
  }
  Policy whole = std::move(draft.policies.begin()->second);
  draft.policies.erase(draft.policies.begin());
  for (auto& [name, policy] : draft.policies) {
    whole.overrides[name] = std::make_shared<const Policy>(std::move(policy));
  }
  whole.sha256 = PolicyDigest(whole);
  return whole;
}

}  // namespace

Result<Policy> ParseAppraisalPolicy(std::string_view text, std::string_view id) {
  if (text.size() > kMaxTextBytes) return MalformedPolicy(StrCat("longer than ", kMaxTextBytes, " bytes"));
  Draft draft;
  TRY(ReadText(text, draft));
  const bool has_td =
      draft.policies.contains(EvidenceClass::kTdx10) || draft.policies.contains(EvidenceClass::kTdx15);
  if (draft.td_qe && !has_td)
    return MalformedPolicy("a TD QE policy and no TDX platform or TD that it could go with");
  Policy policy = Assemble(std::move(draft), id);
  TRY(Validate(policy));
  return policy;
}

}  // namespace thimble::intel
