// SPDX-License-Identifier: Apache-2.0
//
// The summary as `summary` of GET /v1/status, and back: what is absent is not there, or is 0.
#include "service/monitoring/summary.h"

namespace thimble {
namespace {

using json::Value;
using json::Writer;
using Times = std::optional<Instant>;

// -- Writing ----------------------------------------------------------------------------------------------------------

void Time(Writer& json, std::string_view key, const Times& at) {
  if (at) json.Key(key).String(FormatRfc3339(*at));
}

void Text(Writer& json, std::string_view key, const std::string& text) {
  if (!text.empty()) json.Key(key).String(text);
}

template <class List, class Write>
void WriteList(Writer& json, std::string_view key, const List& list, const Write& write) {
  json.Key(key).BeginArray();
  for (const auto& entry : list) {
    json.BeginObject();
    write(entry);
    json.EndObject();
  }
  json.EndArray();
}

void WriteCollateral(Writer& json, const Summary& s) {
  json.Key("items").BeginObject();
  json.Key("fresh").Unsigned(s.items.fresh).Key("due").Unsigned(s.items.due);
  json.Key("stale").Unsigned(s.items.stale).Key("past_grace").Unsigned(s.items.past_grace);
  json.Key("failing").Unsigned(s.items.failing).Key("platforms").Unsigned(s.items.platforms);
  json.EndObject();
  if (s.worst) {
    json.Key("worst").BeginObject();
    json.Key("item").String(s.worst->item).Key("freshness").String(FreshnessName(s.worst->freshness));
    Time(json, "next_update", s.worst->next_update);
    Time(json, "served_until", s.worst->served_until);
    Text(json, "last_error", s.worst->last_error);
    json.EndObject();
  }
  WriteList(json, "upstreams", s.upstreams, [&](const Summary::Upstream& upstream) {
    json.Key("vendor").String(upstream.vendor).Key("url").String(upstream.url);
    json.Key("answered").Unsigned(upstream.answered).Key("failed").Unsigned(upstream.failed);
    json.Key("refused").Unsigned(upstream.refused);
    Time(json, "last_answer", upstream.last_answer);
    Time(json, "last_failure", upstream.last_failure);
    Text(json, "last_error", upstream.last_error);
    json.Key("behind_seconds").Signed(upstream.behind.count());
    Text(json, "behind_item", upstream.behind_item);
  });
}

void WriteRules(Writer& json, const Summary& s) {
  WriteList(json, "baselines", s.baselines, [&](const Summary::Baseline& baseline) {
    json.Key("name").String(baseline.name).Key("version").Unsigned(baseline.version);
    json.Key("intel").String(baseline.intel).Key("amd").String(baseline.amd);
    json.Key("candidate").Bool(baseline.candidate);
    if (baseline.sgx) json.Key("sgx").Unsigned(*baseline.sgx);
    if (baseline.tdx) json.Key("tdx").Unsigned(*baseline.tdx);
  });
  WriteList(json, "policies", s.policies, [&](const Summary::Policy& policy) {
    json.Key("name").String(policy.name).Key("sha256").String(policy.sha256);
  });
  WriteList(json, "coming", s.coming, [&](const ComingSet& set) { WriteComing(json, set); });
}

void WriteVerdicts(Writer& json, const Summary::Verdicts& verdicts) {
  json.Key("verdicts").BeginObject();
  Time(json, "since", verdicts.since);
  json.Key("accepted").Unsigned(verdicts.accepted).Key("rejected").Unsigned(verdicts.rejected);
  json.Key("errors").Unsigned(verdicts.errors);
  for (const auto& [key, counts] :
       {std::pair("statuses", &verdicts.statuses), std::pair("shortfalls", &verdicts.shortfalls),
        std::pair("causes", &verdicts.causes)}) {
    WriteList(json, key, *counts, [&](const Summary::Count& entry) {
      json.Key("name").String(entry.name).Key("count").Unsigned(entry.count);
    });
  }
  json.EndObject();
}

void WriteRest(Writer& json, const Summary& s) {
  json.Key("registrations").Unsigned(s.registrations).Key("waiting").Unsigned(s.waiting);
  json.Key("damage").BeginArray();
  for (const std::string& line : s.damage) json.String(line);
  json.EndArray();
  if (s.audit) {
    json.Key("audit").BeginObject();
    json.Key("last_seq").Unsigned(s.audit->last_seq).Key("lost").Unsigned(s.audit->lost);
    json.Key("bytes").Unsigned(s.audit->bytes).Key("limit").Unsigned(s.audit->limit);
    Text(json, "last_error", s.audit->last_error);
    json.EndObject();
  }
  Time(json, "certificate_end", s.certificate_end);
  Time(json, "last_backup", s.last_backup);
  Time(json, "last_reload", s.last_reload);
  Text(json, "refused_reload", s.refused_reload);
}

// -- Reading ----------------------------------------------------------------------------------------------------------

Status Take(const Value& object, std::string_view key, std::string& out) {
  TRY_ASSIGN(const auto text, object.FindString(key));
  out = text.value_or("");
  return {};
}

Status Take(const Value& object, std::string_view key, uint64_t& out) {
  TRY_ASSIGN(out, object.GetUnsigned(key));
  return {};
}

Status Take(const Value& object, std::string_view key, uint32_t& out) {
  TRY_ASSIGN(const uint64_t number, object.GetUnsigned(key, UINT32_MAX));
  out = static_cast<uint32_t>(number);
  return {};
}

Status Take(const Value& object, std::string_view key, std::optional<uint32_t>& out) {
  return object.Find(key) ? Take(object, key, out.emplace()) : Status();
}

Status Take(const Value& object, std::string_view key, Times& out) {
  if (!object.Find(key)) return {};
  TRY_ASSIGN(out, object.GetTime(key));
  return {};
}

Status Take(const Value& object, std::string_view key, bool& out) {
  TRY_ASSIGN(out, object.GetBool(key));
  return {};
}

template <class T, class Read>
Status TakeList(const Value& object, std::string_view key, std::vector<T>& out, const Read& read) {
  TRY_ASSIGN(const auto entries, object.GetArray(key));
  for (const Value& entry : entries) TRY(read(entry, out.emplace_back()));
  return {};
}

Status ReadCollateral(const Value& root, Summary& s) {
  TRY_ASSIGN(const Value items, root.Get("items"));
  for (const auto& [key, number] :
       {std::pair("fresh", &s.items.fresh), std::pair("due", &s.items.due),
        std::pair("stale", &s.items.stale), std::pair("past_grace", &s.items.past_grace),
        std::pair("failing", &s.items.failing), std::pair("platforms", &s.items.platforms)})
    TRY(Take(items, key, *number));
  if (const auto worst = root.Find("worst")) {
    Summary::Worst& w = s.worst.emplace();
    TRY(Take(*worst, "item", w.item));
    TRY_ASSIGN(const std::string_view freshness, worst->GetString("freshness"));
    for (const Freshness each : {Freshness::kFresh, Freshness::kRefreshDue, Freshness::kStale}) {
      if (FreshnessName(each) == freshness) w.freshness = each;
    }
    TRY_ASSIGN(w.next_update, worst->GetTime("next_update"));
    TRY_ASSIGN(w.served_until, worst->GetTime("served_until"));
    TRY(Take(*worst, "last_error", w.last_error));
  }
  return TakeList(root, "upstreams", s.upstreams, [](const Value& entry, Summary::Upstream& u) -> Status {
    TRY(Take(entry, "vendor", u.vendor));
    TRY(Take(entry, "url", u.url));
    TRY(Take(entry, "answered", u.answered));
    TRY(Take(entry, "failed", u.failed));
    TRY(Take(entry, "refused", u.refused));
    TRY(Take(entry, "last_answer", u.last_answer));
    TRY(Take(entry, "last_failure", u.last_failure));
    TRY(Take(entry, "last_error", u.last_error));
    TRY_ASSIGN(const uint64_t behind, entry.GetUnsigned("behind_seconds", UINT32_MAX));
    u.behind = Seconds(static_cast<int64_t>(behind));
    return Take(entry, "behind_item", u.behind_item);
  });
}

Status ReadRules(const Value& root, Summary& s) {
  TRY(TakeList(root, "baselines", s.baselines, [](const Value& entry, Summary::Baseline& b) -> Status {
    TRY(Take(entry, "name", b.name));
    TRY(Take(entry, "version", b.version));
    TRY(Take(entry, "intel", b.intel));
    TRY(Take(entry, "amd", b.amd));
    TRY(Take(entry, "candidate", b.candidate));
    TRY(Take(entry, "sgx", b.sgx));
    return Take(entry, "tdx", b.tdx);
  }));
  TRY(TakeList(root, "policies", s.policies, [](const Value& entry, Summary::Policy& p) -> Status {
    TRY(Take(entry, "name", p.name));
    return Take(entry, "sha256", p.sha256);
  }));
  return TakeList(root, "coming", s.coming, ReadComing);
}

Status ReadVerdicts(const Value& root, Summary::Verdicts& verdicts) {
  TRY_ASSIGN(const Value object, root.Get("verdicts"));
  TRY_ASSIGN(verdicts.since, object.GetTime("since"));
  TRY(Take(object, "accepted", verdicts.accepted));
  TRY(Take(object, "rejected", verdicts.rejected));
  TRY(Take(object, "errors", verdicts.errors));
  const auto read = [](const Value& entry, Summary::Count& count) -> Status {
    TRY(Take(entry, "name", count.name));
    return Take(entry, "count", count.count);
  };
  TRY(TakeList(object, "statuses", verdicts.statuses, read));
  TRY(TakeList(object, "shortfalls", verdicts.shortfalls, read));
  return TakeList(object, "causes", verdicts.causes, read);
}

Status ReadRest(const Value& root, Summary& s) {
  TRY(Take(root, "registrations", s.registrations));
  TRY(Take(root, "waiting", s.waiting));
  TRY_ASSIGN(const auto damage, root.GetArray("damage"));
  for (const Value& line : damage) {
    TRY_ASSIGN(const std::string_view text, line.String());
    s.damage.emplace_back(text);
  }
  if (const auto audit = root.Find("audit")) {
    Summary::Audit& a = s.audit.emplace();
    TRY(Take(*audit, "last_seq", a.last_seq));
    TRY(Take(*audit, "lost", a.lost));
    TRY(Take(*audit, "bytes", a.bytes));
    TRY(Take(*audit, "limit", a.limit));
    TRY(Take(*audit, "last_error", a.last_error));
  }
  TRY(Take(root, "certificate_end", s.certificate_end));
  TRY(Take(root, "last_backup", s.last_backup));
  TRY(Take(root, "last_reload", s.last_reload));
  return Take(root, "refused_reload", s.refused_reload);
}

}  // namespace

void WriteComing(Writer& json, const ComingSet& set) {
  json.Key("tee").String(set.tee == IntelTee::kTdx ? "tdx" : "sgx");
  json.Key("evaluation").Unsigned(set.number).Key("in_force").Unsigned(set.in_force);
  json.Key("refused").Unsigned(set.refused).Key("changed_tcbs").Unsigned(set.kinds);
  json.Key("unjudged_tcbs").Unsigned(set.unjudged);
}

Status ReadComing(const Value& entry, ComingSet& set) {
  TRY_ASSIGN(const std::string_view tee, entry.GetString("tee"));
  set.tee = tee == "tdx" ? IntelTee::kTdx : IntelTee::kSgx;
  TRY(Take(entry, "evaluation", set.number));
  TRY(Take(entry, "in_force", set.in_force));
  TRY(Take(entry, "refused", set.refused));
  TRY(Take(entry, "changed_tcbs", set.kinds));
  return Take(entry, "unjudged_tcbs", set.unjudged);
}

void WriteSummary(Writer& json, const Summary& s) {
  json.BeginObject();
  Time(json, "at", s.at);
  json.Key("version").String(s.version);
  Time(json, "running_since", s.running_since);
  json.Key("ready").Bool(s.ready);
  WriteList(json, "degraded", s.degraded, [&](const Summary::Degraded& line) {
    json.Key("item").String(line.what).Key("reason").String(line.why);
  });
  WriteCollateral(json, s);
  WriteRules(json, s);
  WriteVerdicts(json, s.verdicts);
  WriteRest(json, s);
  json.EndObject();
}

Result<Summary> ReadSummary(const Value& root) {
  Summary s;
  TRY_ASSIGN(s.at, root.GetTime("at"));
  TRY(Take(root, "version", s.version));
  TRY(Take(root, "running_since", s.running_since));
  TRY(Take(root, "ready", s.ready));
  TRY(TakeList(root, "degraded", s.degraded, [](const Value& entry, Summary::Degraded& line) -> Status {
    TRY(Take(entry, "item", line.what));
    return Take(entry, "reason", line.why);
  }));
  TRY(ReadCollateral(root, s));
  TRY(ReadRules(root, s));
  TRY(ReadVerdicts(root, s.verdicts));
  TRY(ReadRest(root, s));
  return s;
}

}  // namespace thimble
