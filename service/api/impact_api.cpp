// SPDX-License-Identifier: Apache-2.0
#include "service/api/impact_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/baselines/impact_report.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<std::string> NameIn(const json::Value& object, std::string_view key, std::string_view otherwise) {
  TRY_ASSIGN(const auto name, object.FindString(key));
  return std::string(name.value_or(otherwise));
}

}  // namespace

void ImpactApi::AddTo(http::Router& router) {
  router.Add({"POST",
              "/v1/impact",
              {},
              [this](const http::Request& request, const http::Query&) -> http::Response {
                const auto sides = Read(request.body);
                if (!sides) return ProblemResponse(ProblemOf(sides.error()));
                const auto report = study_.Run(sides->current, sides->candidate, clock_.Now());
                if (!report) return ProblemResponse(ProblemOf(report.error()));
                return http::NoStore(200, "application/json", ImpactJson(*report));
              },
              Role::kAdmin});
}

Result<Policy> ImpactApi::PolicyNamed(const std::string& name) const {
  const auto policies = policies_.Get();
  const auto found = policies->find(name);
  if (found == policies->end()) return Refuse(StrCat("policy: \"", name, "\" is not in the configuration"));
  return *found->second;
}

Result<ImpactApi::Sides> ImpactApi::Read(std::string_view body) const {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "request", ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  TRY(root.AllowOnly({"baseline", "intel", "amd", "floors", "policy", "candidate_policy"}));
  TRY_ASSIGN(const std::string name, NameIn(root, "baseline", "default"));
  const auto states = book_.All();
  const auto state = states.find(name);
  if (state == states.end()) return Refuse(StrCat("baseline: \"", name, "\" is not in the configuration"));

  Sides sides;
  const BaselineVersion& current = *state->second.current;
  sides.current.name = StrCat(current.name, "@", current.version);
  sides.current.baseline = current.baseline;
  TRY_ASSIGN(const std::string policy, NameIn(root, "policy", "default"));
  TRY_ASSIGN(sides.current.policy, PolicyNamed(policy));
  TRY_ASSIGN(const std::string candidate_policy, NameIn(root, "candidate_policy", policy));
  TRY_ASSIGN(sides.candidate.policy, PolicyNamed(candidate_policy));

  sides.candidate.name = "candidate";
  sides.candidate.baseline = current.baseline;
  if (root.Find("floors")) {
    TRY_ASSIGN(const std::string text, NameIn(root, "floors", ""));
    TRY_ASSIGN(sides.candidate.floors, floors_.TryText(text));
  }
  if (root.Find("intel") || root.Find("amd") || sides.candidate.floors || root.Find("candidate_policy")) {
    TRY(ReadCandidateMembers(root, floors_, sides.candidate.baseline));
    if (root.Find("intel")) TRY(study_.CheckOffered(sides.candidate.baseline.intel, clock_.Now()));
  } else if (state->second.candidate) {
    sides.candidate.baseline = *state->second.candidate;
  } else {
    return Refuse(StrCat("baseline \"", name,
                         "\" has no candidate: say what to try, by intel, amd, floors or candidate_policy"));
  }
  return sides;
}

}  // namespace thimble
