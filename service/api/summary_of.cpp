// SPDX-License-Identifier: Apache-2.0
#include "service/api/summary_of.h"

#include <algorithm>

#include "service/baselines/evaluation.h"
#include "service/monitoring/status_report.h"
#include "service/support/version.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

std::string RefusedReload(const ReloadOutcome& reload) {
  return StrCat("refused on ", FormatRfc3339(reload.at), ", the one before it is in force: ", reload.refused);
}

Instant ServedUntil(const CacheStatus& item, Seconds grace) { return item.next_update + grace; }

std::string PastGrace(const CacheStatus& item, Seconds grace) {
  return StrCat("is not served since ", FormatRfc3339(ServedUntil(item, grace)), ": its next update was ",
                FormatRfc3339(item.next_update));
}

// What is wrong with an item, or empty.
std::string DegradedBy(const CacheStatus& item, Seconds grace, Instant now) {
  std::string why;
  if (item.freshness == Freshness::kStale)
    why = ServedUntil(item, grace) < now ? PastGrace(item, grace)
                                         : StrCat("next update was ", FormatRfc3339(item.next_update));
  if (!item.last_error.empty())
    why += StrCat(why.empty() ? "" : "; ", "last refresh failed: ", item.last_error);
  return why;
}

void AddAudit(const AuditLog::State& audit, std::vector<Summary::Degraded>& degraded) {
  if (audit.lost != 0 || !audit.last_error.empty()) {
    const std::string_view separator = audit.last_error.empty() ? "" : ": ";
    degraded.push_back({"audit", StrCat(audit.lost, " records lost", separator, audit.last_error)});
  }
  if (!audit.damage.empty()) degraded.push_back({"audit chain", audit.damage});
  if (audit.near_limit()) {
    degraded.push_back(
        {"audit size", StrCat(audit.bytes >> 20, " of ", audit.limit >> 20,
                              " MiB: move its oldest files away, set keep_files, or raise max_total_mib")});
  }
}

void AddItems(Summary& s, const SummarySources& sources, const std::vector<CacheStatus>& items) {
  for (const CacheStatus& item : items) {
    ++(item.freshness == Freshness::kFresh   ? s.items.fresh
       : item.freshness == Freshness::kStale ? s.items.stale
                                             : s.items.due);
    if (!item.last_error.empty()) ++s.items.failing;
    if (item.freshness == Freshness::kStale && ServedUntil(item, sources.stale_grace) < s.at)
      ++s.items.past_grace;
  }
  s.items.platforms = sources.cache.platform_items();
  const auto worst = std::ranges::min_element(items, {}, &CacheStatus::next_update);
  if (worst == items.end()) return;
  s.worst = {KeyName(worst->key), worst->freshness, worst->next_update,
             ServedUntil(*worst, sources.stale_grace), worst->last_error};
}

void AddUpstreams(Summary& s, const SummarySources& sources) {
  const auto health = sources.upstream_events.health();
  const auto lags = sources.lags.Known(s.at);
  for (const Upstreams::State& state : sources.upstreams.States()) {
    Summary::Upstream upstream;
    upstream.vendor = state.vendor == Vendor::kIntel ? "intel" : "amd";
    upstream.url = state.url;
    if (const auto known = health.find(state.url); known != health.end()) {
      upstream.answered = known->second.answered;
      upstream.failed = known->second.failed;
      upstream.refused = known->second.refused;
      upstream.last_answer = known->second.last_answer;
      upstream.last_failure = known->second.last_failure;
      upstream.last_error = known->second.last_error;
    }
    const auto lag = std::ranges::find(lags, state.url, &UpstreamLag::upstream);
    if (lag != lags.end()) {
      upstream.behind = lag->behind;
      upstream.behind_item = lag->item;
    }
    s.upstreams.push_back(std::move(upstream));
  }
}

void AddRules(Summary& s, const SummarySources& sources, const std::vector<CacheStatus>& items) {
  for (const auto& [name, state] : sources.baselines.All()) {
    const EvaluationChoice& intel = state.current->baseline.intel;
    s.baselines.push_back({.name = name,
                           .version = state.current->version,
                           .intel = intel.ToString(),
                           .amd = state.current->baseline.amd,
                           .candidate = state.candidate.has_value(),
                           .sgx = NumberOf(intel, IntelTee::kSgx, items, sources.cache, s.at),
                           .tdx = NumberOf(intel, IntelTee::kTdx, items, sources.cache, s.at)});
  }
  for (const auto& [name, policy] : *sources.policies.Get())
    s.policies.push_back({name, policy->sha256.hex()});
  s.coming = sources.watch.Coming();
  // The watch looks once a minute: a set that has come in force since is not coming.
  std::erase_if(s.coming, [&s](const ComingSet& set) {
    const auto of_default = std::ranges::find(s.baselines, "default", &Summary::Baseline::name);
    if (of_default == s.baselines.end()) return false;
    const auto& number = set.tee == IntelTee::kTdx ? of_default->tdx : of_default->sgx;
    return number && *number >= set.number;
  });
}

std::optional<Instant> LastBackup(Store& store) {
  const auto text = store.Get(kLastBackup);
  if (!text || !*text) return std::nullopt;
  return ParseRfc3339(**text);
}

void AddRest(Summary& s, const SummarySources& sources) {
  s.registrations = sources.registry.platforms();
  for (const auto why : {QueuedRegistration::Why::kNew, QueuedRegistration::Why::kNotAvailable}) {
    const auto waiting = sources.registry.Waiting(why);
    if (waiting) s.waiting += waiting->size();
  }
  for (const auto& [what, how] : sources.damage.Lines()) s.damage.push_back(StrCat(what, ": ", how));
  if (const auto audit = sources.audit.state())
    s.audit = {audit->log.last_seq, audit->log.lost, audit->log.bytes, audit->log.limit,
               audit->log.last_error};
  if (const int64_t end = sources.listeners.certificate_end; end != 0)
    s.certificate_end = Instant(Seconds(end));
  s.last_backup = LastBackup(sources.store);
  const auto reload = sources.reload.Get();
  if (reload->at != Instant{}) s.last_reload = reload->at;
  if (!reload->refused.empty()) s.refused_reload = RefusedReload(*reload);
}

// Of the items that go by this word.
bool Means(const CollateralKey& key, IntelTee tee, const Selector& selector) {
  if (const auto* info = std::get_if<TcbInfoKey>(&key)) return info->tee == tee && info->selector == selector;
  const auto* identity = std::get_if<EnclaveIdentityKey>(&key);
  return identity != nullptr && identity->selector == selector &&
         identity->id == (tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe);
}

}  // namespace

std::optional<uint32_t> NumberOf(const EvaluationChoice& choice, IntelTee tee,
                                 const std::vector<CacheStatus>& items, CollateralCache& cache, Instant now) {
  if (choice.delay) {
    const auto list = cache.Peek(EvaluationNumbersKey{tee}, now);
    if (!list || list->item->numbers() == nullptr) return std::nullopt;
    return NewestAfter(*list->item->numbers(), *choice.delay, now);
  }
  if (choice.selector.kind == Selector::Kind::kNumber) return choice.selector.number;
  std::optional<uint32_t> newest;
  for (const CacheStatus& item : items) {
    if (Means(item.key, tee, choice.selector))
      newest = std::max(newest.value_or(0), static_cast<uint32_t>(item.order_number));
  }
  return newest;
}

Status ReadinessOf(const SummarySources& sources) {
  if (const auto read = sources.store.Get("readyz"); !read) return read.error();
  if (!sources.anchors.all().empty()) return {};
  return Error{ErrorKind::kInternal, Check::kStoreIo, "there are no trust anchors"};
}

size_t PlatformsPastGrace(const SummarySources& sources) {
  const Instant now = sources.clock.Now();
  const auto items = sources.cache.PlatformStatus(now, kMaxListed);
  return static_cast<size_t>(std::ranges::count_if(items, [&](const CacheStatus& item) {
    return item.freshness == Freshness::kStale && ServedUntil(item, sources.stale_grace) < now;
  }));
}

std::vector<Summary::Degraded> DegradedOf(const SummarySources& sources) {
  const Instant now = sources.clock.Now();
  std::vector<Summary::Degraded> degraded;
  for (const CacheStatus& item : sources.cache.Status(now)) {
    if (std::string why = DegradedBy(item, sources.stale_grace, now); !why.empty())
      degraded.push_back({KeyName(item.key), std::move(why)});
  }
  if (const auto audit = sources.audit.state()) AddAudit(audit->log, degraded);
  if (const auto reload = sources.reload.Get(); !reload->refused.empty())
    degraded.push_back({"configuration", RefusedReload(*reload)});
  if (const auto jump = sources.refresh.jump()) {
    degraded.push_back({"clock", StrCat("was set by ", jump->by.count(), " s to ", FormatRfc3339(jump->to),
                                        ": not everything has been asked for since")});
  }
  for (auto& [what, how] : sources.damage.Lines()) degraded.push_back({what, how});
  if (sources.shared != nullptr) {
    if (const auto state = sources.shared->state(); !state.up)
      degraded.push_back({"shared database", StrCat("registrations and nonces are refused: ", state.why)});
  }
  return degraded;
}

Summary SummaryOf(const SummarySources& sources) {
  Summary s;
  s.at = sources.clock.Now();
  s.version = kVersion;
  if (const int64_t since = sources.listeners.since; since != 0) s.running_since = Instant(Seconds(since));
  s.ready = ReadinessOf(sources).ok();
  s.degraded = DegradedOf(sources);
  const std::vector<CacheStatus> items = sources.cache.Status(s.at);
  AddItems(s, sources, items);
  AddUpstreams(s, sources);
  AddRules(s, sources, items);
  s.verdicts = VerdictsOf(sources.verdicts.LastDay(s.at));
  AddRest(s, sources);
  return s;
}

}  // namespace thimble
