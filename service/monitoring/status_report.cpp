// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/status_report.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

void WriteItem(json::Writer& json, const CacheStatus& status) {
  json.BeginObject();
  json.Key("item").String(KeyName(status.key));
  json.Key("freshness").String(FreshnessName(status.freshness));
  json.Key("issued").String(FormatRfc3339(status.issued));
  json.Key("next_update").String(FormatRfc3339(status.next_update));
  json.Key("fetched").String(FormatRfc3339(status.fetched));
  if (status.last_check != kNever) json.Key("last_check").String(FormatRfc3339(status.last_check));
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

void WriteAllComing(json::Writer& json, const std::vector<ComingSet>& coming) {
  json.BeginArray();
  for (const ComingSet& set : coming) {
    json.BeginObject();
    WriteComing(json, set);
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

Result<Freshness> FreshnessFrom(std::string_view name) {
  for (const Freshness freshness : {Freshness::kFresh, Freshness::kRefreshDue, Freshness::kStale}) {
    if (FreshnessName(freshness) == name) return freshness;
  }
  return NotAStatus(StrCat("unknown freshness ", name));
}

Result<CacheStatus> ReadItem(const json::Value& object) {
  CacheStatus status;
  TRY_ASSIGN(const std::string_view item, object.GetString("item"));
  const auto key = ParseKeyName(item);
  if (!key) return NotAStatus(StrCat("unknown item ", item));
  status.key = *key;
  TRY_ASSIGN(const std::string_view freshness, object.GetString("freshness"));
  TRY_ASSIGN(status.freshness, FreshnessFrom(freshness));
  TRY_ASSIGN(status.issued, object.GetTime("issued"));
  TRY_ASSIGN(status.next_update, object.GetTime("next_update"));
  TRY_ASSIGN(status.fetched, object.GetTime("fetched"));
  if (object.Find("last_check")) {
    TRY_ASSIGN(status.last_check, object.GetTime("last_check"));
  }
  TRY_ASSIGN(status.next_refresh, object.GetTime("next_refresh"));
  TRY_ASSIGN(status.source, object.GetString("source"));
  TRY_ASSIGN(status.sha256, object.GetString("sha256"));
  TRY_ASSIGN(status.order_number, object.GetUnsigned("order_number"));
  TRY_ASSIGN(const auto last_error, object.FindString("last_error"));
  status.last_error = last_error.value_or("");
  return status;
}

void WriteLags(json::Writer& json, const std::vector<UpstreamLag>& lags) {
  json.BeginArray();
  for (const UpstreamLag& lag : lags) {
    json.BeginObject();
    json.Key("upstream").String(lag.upstream);
    json.Key("item").String(lag.item);
    json.Key("behind_seconds").Unsigned(static_cast<uint64_t>(lag.behind.count()));
    json.Key("at").String(FormatRfc3339(lag.at));
    json.EndObject();
  }
  json.EndArray();
}

Result<UpstreamLag> ReadLag(const json::Value& object) {
  UpstreamLag lag;
  TRY_ASSIGN(lag.upstream, object.GetString("upstream"));
  TRY_ASSIGN(lag.item, object.GetString("item"));
  TRY_ASSIGN(const uint64_t behind, object.GetUnsigned("behind_seconds", UINT32_MAX));
  lag.behind = Seconds(static_cast<int64_t>(behind));
  TRY_ASSIGN(lag.at, object.GetTime("at"));
  return lag;
}

// A line an upstream: its item that is furthest behind, which comes first, and how many others there are.
Lines LagsText(const std::vector<UpstreamLag>& lags) {
  std::vector<const UpstreamLag*> furthest;
  std::map<std::string_view, size_t> items;
  for (const UpstreamLag& lag : lags) {
    if (++items[lag.upstream] == 1) furthest.push_back(&lag);
  }
  Lines out;
  if (!lags.empty()) out.Add("");
  for (const UpstreamLag* lag : furthest) {
    const size_t others = items[lag->upstream] - 1;
    out.Add(StrCat("upstream ", lag->upstream, " lags by ", SpanText(lag->behind), ": ", lag->item,
                   others == 0 ? "" : StrCat(" and ", others, " more")));
  }
  return out;
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

// The columns of items, as far as they fit.
class ItemTable {
 public:
  ItemTable(const std::vector<CacheStatus>& items, size_t width) {
    constexpr size_t kUsual = 40, kTimes = 22, kFreshness = 13;
    size_t source = 0;
    for (const CacheStatus& item : items) {
      item_ = std::max(item_, KeyName(item.key).size());
      source = std::max(source, item.source.size());
    }
    if (width == kAnyWidth) item_ = kUsual;
    const size_t narrow = kFreshness + kTimes + item_ + 2;
    with_refresh_ = narrow + kTimes <= width;
    with_source_ = with_refresh_ && (width == kAnyWidth || narrow + kTimes + source <= width);
  }

  std::string Line(std::string_view freshness, std::string_view next_update, std::string_view next_refresh,
                   std::string_view item, std::string_view source) const {
    std::string out = StrCat(Column(freshness, 11), Column(next_update, 20));
    if (with_refresh_) out += Column(next_refresh, 20);
    return StrCat(out, with_source_ ? Column(item, item_) : std::string(item), with_source_ ? source : "");
  }

 private:
  size_t item_ = 4;
  bool with_refresh_ = true, with_source_ = true;
};

Lines StoreText(const StatusReport& report) {
  Lines out;
  for (const std::string& line : report.damage) out.Add(StrCat("DAMAGE  ", line));
  out.Add(StrCat("registrations: ", report.registrations));
  return out;
}

}  // namespace

StatusReport MakeStatusReport(CollateralCache& cache, Instant now, Ids ids) {
  StatusReport report;
  report.at = now;
  report.items = cache.Status(now);
  report.platform_items = cache.platform_items();
  if (ids == Ids::kShown)
    std::ranges::move(cache.PlatformStatus(now, kMaxListed), std::back_inserter(report.items));
  std::ranges::sort(report.items, [](const CacheStatus& a, const CacheStatus& b) {
    return std::make_tuple(UrgencyOf(a), a.next_update, KeyName(a.key)) <
           std::make_tuple(UrgencyOf(b), b.next_update, KeyName(b.key));
  });
  return report;
}

std::string StatusJson(const StatusReport& report) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("at").String(FormatRfc3339(report.at));
  if (report.summary) WriteSummary(json.Key("summary"), *report.summary);
  json.Key("platform_items").Unsigned(report.platform_items);
  json.Key("registrations").Unsigned(report.registrations);
  if (!report.damage.empty()) {
    json.Key("damage").BeginArray();
    for (const std::string& line : report.damage) json.String(line);
    json.EndArray();
  }
  json.Key("items").BeginArray();
  for (const CacheStatus& item : report.items) WriteItem(json, item);
  json.EndArray();
  if (!report.events.empty()) WriteCounts(json.Key("events"), report.events);
  if (!report.refusals.empty()) {
    WriteCounts(json.Key("refusals"), report.refusals);
    WriteRefusals(json.Key("last_refusals"), report.last_refusals);
  }
  if (!report.coming.empty()) WriteAllComing(json.Key("coming"), report.coming);
  if (!report.lags.empty()) WriteLags(json.Key("upstream_lags"), report.lags);
  if (!report.configuration.empty()) json.Key("configuration").String(report.configuration);
  json.EndObject();
  return out;
}

Result<StatusReport> ParseStatusJson(std::string_view text) {
  TRY_ASSIGN(const auto document, json::Document::Parse(text, "status", ErrorKind::kUnavailable,
                                                        Check::kUpstreamAnswer, json::kManyValues));
  StatusReport report;
  TRY_ASSIGN(report.at, document->root().GetTime("at"));
  if (const auto summary = document->root().Find("summary")) {
    TRY_ASSIGN(report.summary, ReadSummary(*summary));
  }
  TRY_ASSIGN(report.platform_items, document->root().GetUnsigned("platform_items"));
  TRY_ASSIGN(report.registrations, document->root().GetUnsigned("registrations"));
  if (const auto damage = document->root().Find("damage")) {
    TRY_ASSIGN(const auto lines, damage->Array());
    for (const json::Value& line : lines) {
      TRY_ASSIGN(const std::string_view text, line.String());
      report.damage.emplace_back(text);
    }
  }
  TRY_ASSIGN(const auto items, document->root().GetArray("items"));
  for (const json::Value& item : items) {
    TRY_ASSIGN(CacheStatus status, ReadItem(item));
    report.items.push_back(std::move(status));
  }
  TRY_ASSIGN(report.events, ReadCounts(document->root(), "events"));
  TRY_ASSIGN(report.refusals, ReadCounts(document->root(), "refusals"));
  TRY_ASSIGN(const auto configuration, document->root().FindString("configuration"));
  report.configuration = configuration.value_or("");
  if (const auto coming = document->root().Find("coming")) {
    TRY_ASSIGN(const auto sets, coming->Array());
    for (const json::Value& entry : sets) {
      TRY(ReadComing(entry, report.coming.emplace_back()));
    }
  }
  if (const auto lags = document->root().Find("upstream_lags")) {
    TRY_ASSIGN(const auto lines, lags->Array());
    for (const json::Value& entry : lines) {
      TRY_ASSIGN(UpstreamLag lag, ReadLag(entry));
      report.lags.push_back(std::move(lag));
    }
  }
  return report;
}

Lines StatusText(const StatusReport& report, size_t width) {
  Lines out = StoreText(report);
  if (report.items.empty()) {
    out.Add("nothing is cached yet");
    return out;
  }
  const ItemTable table(report.items, width);
  out.Add(table.Line("FRESHNESS", "NEXT UPDATE", "NEXT REFRESH", "ITEM", "SOURCE"));
  for (const CacheStatus& item : report.items) {
    out.Add(table.Line(FreshnessName(item.freshness), FormatRfc3339(item.next_update),
                       FormatRfc3339(item.next_refresh), KeyName(item.key), item.source));
    if (!item.last_error.empty()) out.Add(StrCat("             last error: ", item.last_error));
  }
  out.Add(CountsText("since the start", report.events));
  out.Add(CountsText("requests refused, by cause", report.refusals));
  for (const ComingSet& set : report.coming) out.Add({"", ComingText(set)});
  out.Add(LagsText(report.lags));
  if (!report.configuration.empty()) out.Add({"", StrCat("configuration: ", report.configuration)});
  return out;
}

}  // namespace thimble
