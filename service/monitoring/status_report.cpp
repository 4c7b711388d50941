// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/status_report.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

void WriteItem(json::Writer& json, const CacheStatus& status) {
  json.BeginObject();
  json.Key("item").String(status.item);
  json.Key("freshness").String(FreshnessName(status.freshness));
  json.Key("issued").String(FormatRfc3339(status.issued));
  json.Key("next_update").String(FormatRfc3339(status.next_update));
  json.Key("fetched").String(FormatRfc3339(status.fetched));
  json.Key("last_check").String(FormatRfc3339(status.last_check));
  json.Key("next_refresh").String(FormatRfc3339(status.next_refresh));
  json.Key("source").String(status.source);
  json.Key("sha256").String(status.sha256);
  json.Key("order_number").Unsigned(status.order_number);
  if (!status.last_error.empty()) json.Key("last_error").String(status.last_error);
  json.EndObject();
}

// Stale, failing, due, fresh.
int UrgencyOf(const CacheStatus& status) {
  if (status.freshness == Freshness::kStale) return 0;
  if (!status.last_error.empty()) return 1;
  return status.freshness == Freshness::kRefreshDue ? 2 : 3;
}

void WriteComing(json::Writer& json, const std::vector<ComingSet>& coming) {
  json.BeginArray();
  for (const ComingSet& set : coming) {
    json.BeginObject();
    json.Key("tee").String(set.tee == IntelTee::kTdx ? "tdx" : "sgx");
    json.Key("evaluation").Unsigned(set.number);
    json.Key("in_force").Unsigned(set.in_force);
    json.Key("refused").Unsigned(set.refused);
    json.Key("changed_tcbs").Unsigned(set.kinds);
    json.Key("unjudged_tcbs").Unsigned(set.unjudged);
    json.EndObject();
  }
  json.EndArray();
}

void WriteCounts(json::Writer& json, const std::vector<std::pair<std::string, uint64_t>>& counts) {
  json.BeginObject();
  for (const auto& [name, count] : counts) json.Key(name).Unsigned(count);
  json.EndObject();
}

void WriteRefusals(json::Writer& json, const std::vector<RefusedRequests::Line>& lines) {
  json.BeginArray();
  for (const RefusedRequests::Line& line : lines) {
    json.BeginObject();
    json.Key("at").String(FormatRfc3339(line.at));
    json.Key("cause").String(line.cause);
    json.Key("request").String(line.request);
    json.EndObject();
  }
  json.EndArray();
}

Error NotAStatus(std::string_view what) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer, StrCat("status: ", what)};
}

Result<std::string> Text(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  TRY_ASSIGN(const std::string_view text, value.String());
  return std::string(text);
}

Result<Instant> Time(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const std::string text, Text(object, name));
  const auto at = ParseRfc3339(text);
  if (!at) return NotAStatus(StrCat(name, " is not a time: ", text));
  return *at;
}

Result<Freshness> FreshnessFrom(std::string_view name) {
  for (const Freshness freshness : {Freshness::kFresh, Freshness::kRefreshDue, Freshness::kStale}) {
    if (FreshnessName(freshness) == name) return freshness;
  }
  return NotAStatus(StrCat("unknown freshness ", name));
}

Result<CacheStatus> ReadItem(const json::Value& object) {
  CacheStatus status;
  TRY_ASSIGN(status.item, Text(object, "item"));
  TRY_ASSIGN(const std::string freshness, Text(object, "freshness"));
  TRY_ASSIGN(status.freshness, FreshnessFrom(freshness));
  TRY_ASSIGN(status.issued, Time(object, "issued"));
  TRY_ASSIGN(status.next_update, Time(object, "next_update"));
  TRY_ASSIGN(status.fetched, Time(object, "fetched"));
  TRY_ASSIGN(status.last_check, Time(object, "last_check"));
  TRY_ASSIGN(status.next_refresh, Time(object, "next_refresh"));
  TRY_ASSIGN(status.source, Text(object, "source"));
  TRY_ASSIGN(status.sha256, Text(object, "sha256"));
  TRY_ASSIGN(const json::Value number, object.Get("order_number"));
  TRY_ASSIGN(status.order_number, number.Unsigned(UINT64_MAX));
  if (object.Find("last_error")) {
    TRY_ASSIGN(status.last_error, Text(object, "last_error"));
  }
  return status;
}

Result<uint64_t> Number(const json::Value& object, std::string_view name, uint64_t max = UINT64_MAX) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  return value.Unsigned(max);
}

Result<ComingSet> ReadComing(const json::Value& object) {
  ComingSet set;
  TRY_ASSIGN(const std::string tee, Text(object, "tee"));
  set.tee = tee == "tdx" ? IntelTee::kTdx : IntelTee::kSgx;
  TRY_ASSIGN(const uint64_t number, Number(object, "evaluation", UINT32_MAX));
  TRY_ASSIGN(const uint64_t in_force, Number(object, "in_force", UINT32_MAX));
  set.number = static_cast<uint32_t>(number);
  set.in_force = static_cast<uint32_t>(in_force);
  TRY_ASSIGN(set.refused, Number(object, "refused"));
  TRY_ASSIGN(set.kinds, Number(object, "changed_tcbs"));
  TRY_ASSIGN(set.unjudged, Number(object, "unjudged_tcbs"));
  return set;
}

std::string ComingText(const ComingSet& set) {
  return StrCat("evaluation data ", set.number, " is out for ", set.tee == IntelTee::kTdx ? "TDX" : "SGX",
                ", ", set.in_force, " is in force: ", set.refused,
                " sightings would be refused (thimble impact --intel ", set.number, ")");
}

using Counts = std::vector<std::pair<std::string, uint64_t>>;

Result<Counts> ReadCounts(const json::Value& object, std::string_view member) {
  Counts counts;
  const auto found = object.Find(member);
  if (!found) return counts;
  TRY_ASSIGN(const auto members, found->Members());
  for (const auto& [name, value] : members) {
    TRY_ASSIGN(const uint64_t count, value.Unsigned(UINT64_MAX));
    counts.emplace_back(name, count);
  }
  return counts;
}

Lines CountsText(std::string_view title, const Counts& counts) {
  if (counts.empty()) return {};
  std::string line(title);
  for (const auto& [name, count] : counts) line += StrCat("  ", name, " ", count);
  return {"", line};
}

// Left-aligned in a column; longer text pushes the rest to the right.
std::string Column(std::string_view text, size_t width) {
  std::string out(text);
  out.resize(std::max(width, out.size()) + 2, ' ');
  return out;
}

std::string Line(std::string_view freshness, std::string_view next_update, std::string_view next_refresh,
                 std::string_view item, std::string_view source) {
  return StrCat(Column(freshness, 11), Column(next_update, 20), Column(next_refresh, 20), Column(item, 40),
                source);
}

}  // namespace

StatusReport MakeStatusReport(CollateralCache& cache, Instant now) {
  StatusReport report{now, cache.Status(now), cache.platform_items(), {}, {}, {}};
  std::ranges::move(cache.PlatformStatus(now, kMaxListed), std::back_inserter(report.items));
  std::ranges::sort(report.items, [](const CacheStatus& a, const CacheStatus& b) {
    return std::make_tuple(UrgencyOf(a), a.next_update, std::string_view(a.item)) <
           std::make_tuple(UrgencyOf(b), b.next_update, std::string_view(b.item));
  });
  return report;
}

std::string StatusJson(const StatusReport& report) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("at").String(FormatRfc3339(report.at));
  json.Key("platform_items").Unsigned(report.platform_items);
  json.Key("items").BeginArray();
  for (const CacheStatus& item : report.items) WriteItem(json, item);
  json.EndArray();
  if (!report.events.empty()) WriteCounts(json.Key("events"), report.events);
  if (!report.refusals.empty()) {
    WriteCounts(json.Key("refusals"), report.refusals);
    WriteRefusals(json.Key("last_refusals"), report.last_refusals);
  }
  if (!report.coming.empty()) WriteComing(json.Key("coming"), report.coming);
  if (!report.configuration.empty()) json.Key("configuration").String(report.configuration);
  json.EndObject();
  return out;
}

Result<StatusReport> ParseStatusJson(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "status", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  StatusReport report;
  TRY_ASSIGN(report.at, Time(document->root(), "at"));
  TRY_ASSIGN(const json::Value platform_items, document->root().Get("platform_items"));
  TRY_ASSIGN(report.platform_items, platform_items.Unsigned(UINT64_MAX));
  TRY_ASSIGN(const json::Value list, document->root().Get("items"));
  TRY_ASSIGN(const std::vector<json::Value> items, list.Array());
  for (const json::Value& item : items) {
    TRY_ASSIGN(CacheStatus status, ReadItem(item));
    report.items.push_back(std::move(status));
  }
  TRY_ASSIGN(report.events, ReadCounts(document->root(), "events"));
  TRY_ASSIGN(report.refusals, ReadCounts(document->root(), "refusals"));
  if (document->root().Find("configuration")) {
    TRY_ASSIGN(report.configuration, Text(document->root(), "configuration"));
  }
  if (const auto coming = document->root().Find("coming")) {
    TRY_ASSIGN(const auto sets, coming->Array());
    for (const json::Value& entry : sets) {
      TRY_ASSIGN(const ComingSet set, ReadComing(entry));
      report.coming.push_back(set);
    }
  }
  return report;
}

Lines StatusText(const StatusReport& report) {
  if (report.items.empty()) return {"nothing is held yet"};
  Lines out = {Line("FRESHNESS", "NEXT UPDATE", "NEXT REFRESH", "ITEM", "SOURCE")};
  for (const CacheStatus& item : report.items) {
    out.Add(Line(FreshnessName(item.freshness), FormatRfc3339(item.next_update),
                 FormatRfc3339(item.next_refresh), item.item, item.source));
    if (!item.last_error.empty()) out.Add(StrCat("             last error: ", item.last_error));
  }
  out.Add(CountsText("since the start", report.events));
  out.Add(CountsText("clients got nothing, for", report.refusals));
  for (const ComingSet& set : report.coming) out.Add({"", ComingText(set)});
  if (!report.configuration.empty()) out.Add({"", StrCat("configuration: ", report.configuration)});
  return out;
}

}  // namespace thimble
