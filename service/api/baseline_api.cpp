// SPDX-License-Identifier: Apache-2.0
#include "service/api/baseline_api.h"

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/baselines/evaluation.h"
#include "service/baselines/impact_report.h"
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
  TRY(document->root().AllowOnly({"intel", "amd", "uvm"}));
  Baseline candidate = current.baseline;
  TRY(ReadCandidateMembers(document->root(), floors, candidate));
  return candidate;
}

// nullopt: nothing is said.
Result<std::optional<Refusals>> ReadAccepted(std::string_view body) {
  if (body.empty()) return std::optional<Refusals>();
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "promotion", ErrorKind::kMalformed, Check::kRequest));
  TRY(document->root().AllowOnly({"accept_refusals"}));
  const auto value = document->root().Find("accept_refusals");
  if (!value) return std::optional<Refusals>();
  const auto accepted = ReadRefusals(*value);
  if (accepted) return std::optional(*accepted);
  return Error{ErrorKind::kMalformed, Check::kRequest,
               "accept_refusals must be a number of sightings, or \"unknown\""};
}

http::Response Declined(const DeclinedPromotion& declined) {
  return ProblemResponse({.status = 409,
                          .title = "The promotion was not made",
                          .detail = WhyDeclined(declined),
                          .check = "",
                          .impact = ImpactJson(declined.report)});
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
              [this](const Request& r, const Query& q) { return Promote(q.Segment("name"), r); },
              Role::kAdmin});
  router.Add({"POST",
              base + "/rollback",
              {},
              [this](const Request& r, const Query& q) { return RollBack(q.Segment("name"), r); },
              Role::kAdmin});
}

http::Response BaselineApi::List() const {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("baselines").BeginArray();
  for (const auto& [name, state] : book_.All()) WriteState(json, state);
  json.EndArray();
  const std::string offered = OfferedText(OfferedIn(cache_, clock_.Now()));
  if (!offered.empty()) json.Key("intel_offers").String(offered);
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response BaselineApi::SetCandidate(std::string_view name, const http::Request& request) {
  const BaselinePtr current = book_.Find(name);
  if (!current) return NoSuchBaseline(name);
  const auto candidate = ReadCandidate(request.body, *current, floors_);
  if (!candidate) return ProblemResponse(ProblemOf(candidate.error()));
  return Answer(promotions_.Stage(name, *candidate, AuthorOf(request), clock_.Now()));
}

http::Response BaselineApi::Promote(std::string_view name, const http::Request& request) {
  if (!book_.Find(name)) return NoSuchBaseline(name);
  const auto accepted = ReadAccepted(request.body);
  if (!accepted) return ProblemResponse(ProblemOf(accepted.error()));
  const auto outcome = promotions_.Promote(name, *accepted, AuthorOf(request), clock_.Now());
  if (!outcome) return ProblemResponse(ProblemOf(outcome.error()));
  return outcome->declined ? Declined(*outcome->declined) : Answer(outcome->promoted.value());
}

http::Response BaselineApi::RollBack(std::string_view name, const http::Request& request) {
  if (!book_.Find(name)) return NoSuchBaseline(name);
  return Answer(book_.RollBack(name, AuthorOf(request), clock_.Now()));
}

}  // namespace thimble
