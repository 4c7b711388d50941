// SPDX-License-Identifier: Apache-2.0
#include "service/api/history_api.h"

#include <algorithm>

#include "service/api/problem.h"
#include "service/http/query.h"
#include "service/monitoring/collateral_diff.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

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

http::Response NoVersion(std::string_view name, const Digest256& sha256) {
  return NotKept(StrCat(name, ": the history has no version of sha256 ", sha256.hex()));
}

// A version as the query names it; absent where it names none.
Result<std::optional<Digest256>> DigestIn(const http::Query& query, std::string_view name) {
  const auto text = query.Get(name);
  if (!text) return std::optional<Digest256>();
  const auto digest = Digest256::FromHex(*text);
  if (!digest)
    return Error{ErrorKind::kMalformed, Check::kRequest, StrCat(name, " must be a SHA-256 in hex")};
  return digest;
}

}  // namespace

void HistoryApi::AddTo(http::Router& router) {
  router.Add({"GET",
              "/v1/history",
              {"before", "key", "from", "to"},
              [this](const http::Request&, const http::Query& q) { return History(q); }});
}

http::Response HistoryApi::History(const http::Query& query) {
  const std::string_view name = query.Get("key").value_or("");
  const auto key = ParseKeyName(name);
  if (!key) {
    return BadRequest(
        StrCat("key: \"", name, "\" is not the name of an item, as intel/crl/root; /v1/status lists them"));
  }
  const auto before = DigestIn(query, "before"), from = DigestIn(query, "from"), to = DigestIn(query, "to");
  for (const auto* digest : {&before, &from, &to}) {
    if (!digest->ok()) return ProblemResponse(ProblemOf(digest->error()));
  }
  if (from->has_value() != to->has_value()) return BadRequest("from and to: both or none");
  if (*from && *before) return BadRequest("before, or from and to: not both");
  http::Budget::Share share(under_way_);
  if (!share.Hold(1)) return BusyWith("answers about the history");
  return *from ? Between(name, *key, **from, **to) : Versions(name, *key, *before);
}

http::Response HistoryApi::Versions(std::string_view name, const CollateralKey& key,
                                    const std::optional<Digest256>& before) {
  // One more than is shown: the oldest that is shown is told from it.
  const std::vector<PastVersion> versions = cache_.History(key, kVersions + 1, before);
  if (versions.empty() && before)
    return NotKept(StrCat(name, ": the history has none before ", before->hex()));
  if (versions.empty()) return NotKept(StrCat(name, ": the history has no version"));
  const size_t shown = std::min(versions.size(), kVersions);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("key").String(name);
  json.Key("versions").BeginArray();
  for (size_t i = 0; i < shown; ++i)
    WriteVersion(json, versions[i], i + 1 < versions.size() ? &versions[i + 1] : nullptr);
  json.EndArray();
  if (shown < versions.size()) json.Key("before").String(versions[shown - 1].item->sha256().hex());
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

http::Response HistoryApi::Between(std::string_view name, const CollateralKey& key, const Digest256& from,
                                   const Digest256& to) {
  const auto before = cache_.HistoryOf(key, from), after = cache_.HistoryOf(key, to);
  if (!before || !after) return NoVersion(name, before ? to : from);
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  json.Key("key").String(name);
  json.Key("from").String(from.hex());
  json.Key("to").String(to.hex());
  WriteChanges(json, *before->item, *after->item);
  json.EndObject();
  return http::NoStore(200, "application/json", std::move(body));
}

}  // namespace thimble
