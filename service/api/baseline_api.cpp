// SPDX-License-Identifier: Apache-2.0
#include "service/api/baseline_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

http::Response NoSuchBaseline(std::string_view name) {
  return ProblemResponse({.status = 404,
                          .title = "There is no such baseline",
                          .detail = StrCat("baseline \"", name, "\" is not in the configuration"),
                          .check = std::string(CheckName(Check::kRequest))});
}

http::Response Answer(const Result<BaselineState>& state) {
  if (!state) return ProblemResponse(ProblemOf(state.error()));
  std::string body;
  json::Writer json(&body);
  WriteState(json, *state);
  return http::NoStore(200, "application/json", std::move(body));
}

// What the candidate does not say is as in the version in force.
Result<Baseline> ReadCandidate(std::string_view body, const BaselineVersion& current,
                               const FloorBook& floors) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "candidate", ErrorKind::kMalformed, Check::kRequest));
  TRY(document->root().AllowOnly({"intel", "amd"}));
  Baseline candidate = current.baseline;
  TRY(ReadCandidateMembers(document->root(), floors, candidate));
  return candidate;
}

}  // namespace

void BaselineApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"GET", "/v1/baselines", {}, [this](const Request&, const Query&) { return List(); }});
  const std::string base = "/v1/baselines/{name}";
  router.Add({"PUT",
              base + "/candidate",
              {},
              [this](const Request& r, const Query& q) { return SetCandidate(q.Segment("name"), r); },
              Role::kAdmin});
  router.Add({"POST",
              base + "/promote",
              {},
              [this](const Request& r, const Query& q) {
                return Make(&BaselineBook::Promote, q.Segment("name"), r);
              },
              Role::kAdmin});
  router.Add({"POST",
              base + "/rollback",
              {},
              [this](const Request& r, const Query& q) {
                return Make(&BaselineBook::RollBack, q.Segment("name"), r);
              },
              Role::kAdmin});
}

http::Response BaselineApi::List() const {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("baselines").BeginArray();
  for (const auto& [name, state] : book_.All()) WriteState(json, state);
  json.EndArray();
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response BaselineApi::SetCandidate(std::string_view name, const http::Request& request) {
  const BaselinePtr current = book_.Find(name);
  if (!current) return NoSuchBaseline(name);
  const auto candidate = ReadCandidate(request.body, *current, floors_);
  if (!candidate) return ProblemResponse(ProblemOf(candidate.error()));
  if (const auto floor = floor_of_(candidate->amd); !floor) return ProblemResponse(ProblemOf(floor.error()));
  return Answer(book_.SetCandidate(name, *candidate, AuthorOf(request)));
}

http::Response BaselineApi::Make(Change change, std::string_view name, const http::Request& request) {
  if (!book_.Find(name)) return NoSuchBaseline(name);
  return Answer((book_.*change)(name, AuthorOf(request), clock_.Now()));
}

}  // namespace thimble
