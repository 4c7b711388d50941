// SPDX-License-Identifier: Apache-2.0
//
// The summary for a terminal.
#include "service/monitoring/summary.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr size_t kTitle = 15, kNarrowest = 40;

std::string When(Instant at, Instant now) {
  return at > now ? StrCat("in ", SpanText(at - now)) : StrCat(SpanText(now - at), " ago");
}

std::string SizeText(uint64_t bytes) {
  if (bytes >= uint64_t{1} << 30) return StrCat(bytes >> 30, " GiB");
  return bytes >= uint64_t{1} << 20 ? StrCat(bytes >> 20, " MiB") : StrCat(bytes >> 10, " KiB");
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += StrCat(out.empty() ? "" : ", ", part);
  return out;
}

// A title and its text, broken at spaces, what follows under the text.
class Sheet {
 public:
  explicit Sheet(size_t width) : room_(std::max(width, kNarrowest) - kTitle) {}

  void Add(std::string_view title, std::string_view text) {
    std::string first(title);
    first.resize(kTitle, ' ');
    while (text.size() > room_) {
      size_t cut = text.rfind(' ', room_);
      if (cut == std::string_view::npos || cut == 0) cut = std::min(text.find(' '), text.size());
      lines_.Add(StrCat(first, text.substr(0, cut)));
      text.remove_prefix(std::min(cut + 1, text.size()));
      first.assign(kTitle, ' ');
    }
    if (!text.empty()) lines_.Add(StrCat(first, text));
  }
  Lines Take() { return std::move(lines_); }

 private:
  const size_t room_;
  Lines lines_;
};

void AddReadiness(Sheet& sheet, const Summary& s) {
  const std::string_view state = s.helpless()          ? "NOTHING TO SERVE"
                                 : !s.ready            ? "NOT READY"
                                 : !s.degraded.empty() ? "degraded"
                                 : !s.running_since    ? "not running"
                                                       : "ready";
  sheet.Add("state",
            StrCat(state, s.running_since
                              ? StrCat(", version ", s.version, ", up ", SpanText(s.at - *s.running_since))
                              : std::string(", read from the store: no server runs on it")));
  if (s.helpless())
    sheet.Add("",
              "the store is empty and no upstream answers: `thimble doctor` says why; without a network, "
              "`thimble import`");
  constexpr size_t kMost = 8;
  for (size_t i = 0; i < std::min(s.degraded.size(), kMost); ++i)
    sheet.Add("", StrCat("! ", s.degraded[i].what, ": ", s.degraded[i].why));
  if (s.degraded.size() > kMost) sheet.Add("", StrCat("! and ", s.degraded.size() - kMost, " more: --all"));
  for (const std::string& line : s.damage) sheet.Add("DAMAGE", line);
}

void AddCollateral(Sheet& sheet, const Summary& s) {
  std::vector<std::string> parts;
  for (const auto& [count, what] :
       {std::pair(s.items.fresh, "fresh"), std::pair(s.items.due, "due"), std::pair(s.items.stale, "stale"),
        std::pair(s.items.past_grace, "past grace"), std::pair(s.items.failing, "failing"),
        std::pair(s.items.platforms, "of single platforms")}) {
    if (count != 0) parts.push_back(StrCat(count, " ", what));
  }
  sheet.Add("collateral", parts.empty() ? "nothing is held yet" : Joined(parts));
  if (s.worst) {
    const bool over = s.worst->next_update <= s.at;
    sheet.Add("ends first",
              StrCat(s.worst->item, ", ", FreshnessName(s.worst->freshness), over ? ": ended " : ": ends ",
                     When(s.worst->next_update, s.at), " (", FormatRfc3339(s.worst->next_update), ")",
                     over ? StrCat(", served until ", FormatRfc3339(s.worst->served_until)) : ""));
  }
}

std::string HealthOf(const Summary::Upstream& upstream, Instant now) {
  std::string text;
  if (upstream.down()) {
    text = StrCat("DOWN since ", When(*upstream.last_failure, now), ": ", upstream.last_error);
  } else if (upstream.last_answer) {
    text = StrCat("ok, answered ", When(*upstream.last_answer, now));
  } else {
    text = "not asked yet";
  }
  if (upstream.failed != 0)
    text += StrCat(", ", upstream.failed, " failed of ", upstream.answered + upstream.failed);
  if (upstream.refused != 0) text += StrCat(", ", upstream.refused, " answers refused");
  if (upstream.behind.count() != 0)
    text += StrCat(", lags by ", SpanText(upstream.behind), " (", upstream.behind_item, ")");
  return text;
}

std::string TextOf(const Summary::Baseline& baseline) {
  std::vector<std::string> numbers;
  if (baseline.sgx) numbers.push_back(StrCat("SGX ", *baseline.sgx));
  if (baseline.tdx) numbers.push_back(StrCat("TDX ", *baseline.tdx));
  return StrCat(baseline.name, "@", baseline.version, ": Intel ", baseline.intel,
                numbers.empty() ? "" : StrCat(" (", Joined(numbers), ")"), ", AMD ",
                baseline.amd.empty() ? "none" : baseline.amd,
                baseline.candidate ? ", a candidate waits" : "");
}

void AddRules(Sheet& sheet, const Summary& s) {
  for (const Summary::Baseline& baseline : s.baselines) sheet.Add("baseline", TextOf(baseline));
  std::vector<std::string> policies;
  for (const Summary::Policy& policy : s.policies)
    policies.push_back(StrCat(policy.name, "@", policy.sha256.substr(0, 12)));
  sheet.Add("policies", Joined(policies));
  for (const ComingSet& set : s.coming) {
    sheet.Add("coming", StrCat("evaluation data ", set.number, " is out for ",
                               set.tee == IntelTee::kTdx ? "TDX" : "SGX", ", ", set.in_force,
                               " is in force: ", set.refused,
                               " sightings would be refused (thimble impact --intel ", set.number, ")"));
  }
}

std::string TextOf(const std::vector<Summary::Count>& counts) {
  std::vector<std::string> parts;
  for (const Summary::Count& entry : counts) parts.push_back(StrCat(entry.count, " ", entry.name));
  return Joined(parts);
}

void AddVerdicts(Sheet& sheet, const Summary& s) {
  const Summary::Verdicts& v = s.verdicts;
  if (!s.running_since) return;
  if (v.accepted + v.rejected + v.errors == 0)
    return sheet.Add("verdicts", StrCat("none since ", FormatRfc3339(v.since)));
  sheet.Add("verdicts", StrCat(v.accepted, " accepted, ", v.rejected, " rejected, ", v.errors,
                               " without a verdict since ", FormatRfc3339(v.since)));
  if (!v.statuses.empty()) sheet.Add("", TextOf(v.statuses));
  if (!v.causes.empty()) sheet.Add("", StrCat("rejected by: ", TextOf(v.causes)));
  if (!v.shortfalls.empty()) sheet.Add("", StrCat("short of: ", TextOf(v.shortfalls)));
}

void AddRest(Sheet& sheet, const Summary& s) {
  sheet.Add("registrations", StrCat(s.registrations, " platforms, ", s.waiting, " wait for certificates"));
  if (s.audit) {
    sheet.Add("audit", StrCat("record ", s.audit->last_seq, ", ", SizeText(s.audit->bytes),
                              s.audit->limit == 0 ? "" : StrCat(" of ", SizeText(s.audit->limit)),
                              s.audit->lost == 0 ? "" : StrCat(", ", s.audit->lost, " LOST"),
                              s.audit->last_error.empty() ? "" : StrCat(", FAILS: ", s.audit->last_error)));
  } else if (s.running_since) {
    sheet.Add("audit", "no trail is kept");
  }
  if (s.running_since)
    sheet.Add("certificate", s.certificate_end
                                 ? StrCat("of the server: ends ", When(*s.certificate_end, s.at), " (",
                                          FormatRfc3339(*s.certificate_end), ")")
                                 : std::string("none: plain HTTP"));
  sheet.Add("back-up", s.last_backup
                           ? StrCat(When(*s.last_backup, s.at), " (", FormatRfc3339(*s.last_backup), ")")
                           : std::string("none was made"));
  if (!s.refused_reload.empty()) sheet.Add("configuration", s.refused_reload);
}

}  // namespace

std::string SpanText(Seconds span) {
  if (span < std::chrono::minutes(1)) return StrCat(span.count(), "s");
  const auto days = std::chrono::duration_cast<std::chrono::days>(span);
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span - days);
  if (days.count() == 0 && hours.count() == 0)
    return StrCat(std::chrono::duration_cast<std::chrono::minutes>(span).count(), "m");
  const std::string rest = hours.count() != 0 ? StrCat(hours.count(), "h") : "";
  if (days.count() == 0) return rest;
  return StrCat(days.count(), "d", rest.empty() ? "" : " ", rest);
}

bool Summary::helpless() const {
  return items.all() + items.platforms == 0 && !upstreams.empty() &&
         std::ranges::all_of(upstreams, [](const Upstream& upstream) { return upstream.down(); });
}

Lines SummaryText(const Summary& summary, size_t width) {
  Sheet sheet(width);
  AddReadiness(sheet, summary);
  AddCollateral(sheet, summary);
  for (const Summary::Upstream& upstream : summary.upstreams)
    sheet.Add("upstream", StrCat(upstream.url, ": ", HealthOf(upstream, summary.at)));
  AddRules(sheet, summary);
  AddVerdicts(sheet, summary);
  AddRest(sheet, summary);
  return sheet.Take();
}

}  // namespace thimble
