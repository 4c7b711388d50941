// SPDX-License-Identifier: Apache-2.0
#include "service/api/history_api.h"

#include "service/api/problem.h"
#include "service/http/query.h"
#include "service/monitoring/collateral_diff.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Versions = std::vector<PastVersion>;

http::Response NotKept(std::string detail) {
  return ProblemResponse({.status = 404,
                          .title = "The history has no such version",
                          .detail = std::move(detail),
                          .check = std::string(CheckName(Check::kCollateralMissing))});
}

void WriteChanges(json::Writer& json, const CollateralItem& before, const CollateralItem& after) {
  json.Key("changes").BeginArray();
  for (const std::string& line : DescribeChanges(before, after)) json.String(line);
  json.EndArray();
}

void WriteVersion(json::Writer& json, const PastVersion& version, const PastVersion* before) {
  json.BeginObject();
  json.Key("sha256").String(version.item->sha256().hex());
  json.Key("order_number").Unsigned(version.item->order_number());
  json.Key("issued").String(FormatRfc3339(version.item->issued()));
  json.Key("next_update").String(FormatRfc3339(version.item->next_update()));
  json.Key("fetched").String(FormatRfc3339(version.fetched));
  json.Key("source").String(version.item->source());
  if (before != nullptr) WriteChanges(json, *before->item, *version.item);
  json.EndObject();
}

const PastVersion* FindVersion(const Versions& versions, std::string_view sha256) {
  for (const PastVersion& version : versions) {
    if (version.item->sha256().hex() == sha256) return &version;
  }
  return nullptr;
}

http::Response AllVersions(std::string_view key, const Versions& versions) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("key").String(key);
  json.Key("versions").BeginArray();
  for (size_t i = 0; i < versions.size(); ++i) {
    WriteVersion(json, versions[i], i + 1 < versions.size() ? &versions[i + 1] : nullptr);
  }
  json.EndArray();
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response Between(std::string_view key, const Versions& versions, std::string_view from,
                       std::string_view to) {
  const PastVersion* before = FindVersion(versions, from);
  const PastVersion* after = FindVersion(versions, to);
  if (before == nullptr || after == nullptr) {
    return NotKept(StrCat(key, ": the history has no version of sha256 ", before == nullptr ? from : to));
  }
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("key").String(key);
  json.Key("from").String(from);
  json.Key("to").String(to);
  WriteChanges(json, *before->item, *after->item);
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

}  // namespace

void HistoryApi::AddTo(http::Router& router) {
  router.Add(
      {"GET", "/v1/history", {"key", "from", "to"}, [this](const http::Request&, const http::Query& q) {
         return History(q);
       }});
}

http::Response HistoryApi::History(const http::Query& query) {
  const std::string_view name = query.Get("key").value_or("");
  const auto key = ParseKeyName(name);
  if (!key) {
    return BadRequest(
        StrCat("key: \"", name, "\" is not the name of an item, as intel/crl/root; /v1/status lists them"));
  }
  const auto from = query.Get("from"), to = query.Get("to");
  if (from.has_value() != to.has_value()) return BadRequest("from and to: both or none");
  const Versions versions = cache_.History(*key);
  if (versions.empty()) return NotKept(StrCat(name, ": the history has no version"));
  return from ? Between(name, versions, *from, *to) : AllVersions(name, versions);
}

}  // namespace thimble
