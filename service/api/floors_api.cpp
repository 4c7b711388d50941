// SPDX-License-Identifier: Apache-2.0
#include "service/api/floors_api.h"

#include <algorithm>

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/http/query.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

http::Response JsonResponse(std::string body) {
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response NotKept(std::string detail) {
  return ProblemResponse({.status = 404,
                          .title = "No such floors are kept",
                          .detail = std::move(detail),
                          .check = std::string(CheckName(Check::kCollateralMissing))});
}

Result<FloorBytes> ReadFloors(std::string_view body) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "floors", ErrorKind::kMalformed, Check::kRequest));
  TRY(document->root().AllowOnly({"document", "signature"}));
  FloorBytes out;
  TRY_ASSIGN(out.text, document->root().GetString("document"));
  TRY_ASSIGN(const std::string_view base64, document->root().GetString("signature"));
  auto signature = ParseFloorSignature(base64);
  if (!signature)
    return Error{ErrorKind::kMalformed, Check::kRequest, "signature: is not base64 of 64 bytes"};
  out.signature = *std::move(signature);
  return out;
}

void WriteVersion(json::Writer& json, const FloorVersion& version) {
  json.BeginObject();
  json.Key("name").String(version.name);
  json.Key("number").Unsigned(version.number);
  json.Key("sha256").Hex(version.sha256.view());
  json.Key("since").String(FormatRfc3339(version.since));
  json.Key("source").String(version.source);
  json.Key("signed").Bool(!version.bytes.signature.empty());
  json.EndObject();
}

}  // namespace

void FloorsApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"GET", "/v1/floors", {"name", "number"}, [this](const Request&, const Query& query) {
                return Document(query);
              }});
  router.Add({"GET", "/v1/floors/history", {}, [this](const Request&, const Query&) { return History(); }});
  router.Add({"POST",
              "/v1/floors",
              {},
              [this](const Request& request, const Query&) { return Take(request); },
              Role::kAdmin});
}

http::Response FloorsApi::Document(const http::Query& query) {
  std::string name(query.Get("name").value_or("")), number(query.Get("number").value_or(""));
  if (name.empty() != number.empty()) return BadRequest("name and number: both or none");
  if (name.empty()) {
    const BaselinePtr baseline = baselines_.Find("default");
    if (!baseline) return NotKept("there is no default baseline");
    const auto floors = floors_.Get(baseline->baseline.amd, std::nullopt, clock_.Now());
    if (!floors) return ProblemResponse(ProblemOf(floors.error()));
    if (!*floors) return NotKept("the default baseline has no floors");
    name = (*floors)->name;
    number = std::to_string((*floors)->number);
  }
  for (const FloorVersion& version : floors_.History()) {
    if (version.name != name || std::to_string(version.number) != number) continue;
    http::Response response = http::NoStore(200, "application/json", version.bytes.text);
    response.headers.emplace_back("ETag", StrCat("\"", version.sha256.hex(), "\""));
    if (!version.bytes.signature.empty())
      response.headers.emplace_back("X-Thimble-Floors-Signature", Base64(version.bytes.signature));
    return response;
  }
  return NotKept(StrCat("no floors ", name, " ", number, " are kept"));
}

http::Response FloorsApi::History() const {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("floors").BeginArray();
  for (const FloorVersion& version : floors_.History()) WriteVersion(json, version);
  json.EndArray();
  json.EndObject();
  return JsonResponse(std::move(body));
}

http::Response FloorsApi::Take(const http::Request& request) {
  const auto bytes = ReadFloors(request.body);
  if (!bytes) return ProblemResponse(ProblemOf(bytes.error()));
  const auto taken = floors_.Take(*bytes, "upload", clock_.Now(), AuthorOf(request));
  if (!taken) return ProblemResponse(ProblemOf(taken.error()));
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("name").String((*taken)->name);
  json.Key("number").Unsigned((*taken)->number);
  json.Key("sha256").Hex((*taken)->sha256.view());
  json.EndObject();
  return JsonResponse(std::move(body));
}

}  // namespace thimble
