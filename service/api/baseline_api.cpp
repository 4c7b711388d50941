// SPDX-License-Identifier: Apache-2.0
#include "service/api/baseline_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

http::Response JsonResponse(std::string body) {
  return {.status = 200,
          .headers = {{"Cache-Control", "no-store"}},
          .content = http::Content::Make("application/json", std::move(body))};
}

http::Response Answer(const Result<BaselineState>& state) {
  if (!state) return ProblemResponse(ProblemOf(state.error()));
  std::string body;
  json::Writer json(&body);
  WriteState(json, *state);
  return JsonResponse(std::move(body));
}

// What the candidate does not say is as in the version in force.
Result<Baseline> ReadCandidate(std::string_view body, const BaselineVersion& current) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "candidate", ErrorKind::kMalformed, Check::kRequest));
  TRY(document->root().AllowOnly({"intel", "amd"}));
  Baseline candidate = current.baseline;
  TRY(ReadBaselineMembers(document->root(), candidate));
  return candidate;
}

}  // namespace

void BaselineApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"GET", "/v1/baselines", {}, [this](const Request&, const Query&) { return List(); }});
  for (const auto& [known, state] : book_.All()) {
    const std::string base = StrCat("/v1/baselines/", known);
    const std::string name = known;
    router.Add({"PUT",
                base + "/candidate",
                {},
                [this, name](const Request& r, const Query&) { return SetCandidate(name, r); },
                Role::kAdmin});
    router.Add({"POST",
                base + "/promote",
                {},
                [this, name](const Request& r, const Query&) {
                  return Answer(book_.Promote(name, AuthorOf(r), clock_.Now()));
                },
                Role::kAdmin});
    router.Add({"POST",
                base + "/rollback",
                {},
                [this, name](const Request& r, const Query&) {
                  return Answer(book_.RollBack(name, AuthorOf(r), clock_.Now()));
                },
                Role::kAdmin});
  }
}

http::Response BaselineApi::List() const {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("baselines").BeginArray();
  for (const auto& [name, state] : book_.All()) WriteState(json, state);
  json.EndArray();
  json.EndObject();
  return JsonResponse(std::move(body));
}

http::Response BaselineApi::SetCandidate(const std::string& name, const http::Request& request) {
  const BaselinePtr current = book_.Find(name);
  if (!current) return BadRequest(StrCat("baseline: there is no ", name));
  const auto candidate = ReadCandidate(request.body, *current);
  if (!candidate) return ProblemResponse(ProblemOf(candidate.error()));
  if (const auto floor = floor_of_(candidate->amd); !floor) return ProblemResponse(ProblemOf(floor.error()));
  return Answer(book_.SetCandidate(name, *candidate, AuthorOf(request)));
}

}  // namespace thimble
