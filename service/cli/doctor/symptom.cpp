// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/symptom.h"

#include <chrono>

#include "tcb/base/text.h"

namespace thimble {
namespace {

using Level = Symptom::Level;
using std::chrono::days;
using std::chrono::minutes;

constexpr std::string_view kItself = "server itself";

Symptom Found(std::string what, Level level, std::string detail, std::string fix) {
  return {std::string(kItself), std::move(what), level, std::move(detail),
          level == Level::kOk ? "" : std::move(fix)};
}

Symptom ItemsOf(const Summary& s) {
  const Level level = s.items.past_grace != 0                      ? Level::kFail
                      : s.items.stale != 0 || s.items.failing != 0 ? Level::kWarn
                                                                   : Level::kOk;
  return Found("items", level,
               StrCat(s.items.all(), " shared, ", s.items.stale, " stale, ", s.items.past_grace,
                      " past grace (not served), ", s.items.failing, " whose last refresh failed"),
               "`thimble refresh` says what fails; without a network, `thimble import` a newer export");
}

Symptom DamageOf(const Summary& s) {
  std::string detail = s.damage.empty() ? "none is known" : "";
  for (const std::string& line : s.damage) detail += StrCat(detail.empty() ? "" : "; ", line);
  return Found("damage", s.damage.empty() ? Level::kOk : Level::kFail, detail,
               "docs/RELIABILITY.md says what comes back by itself; else `thimble restore` a back-up");
}

Symptom AuditOf(const Summary& s) {
  if (!s.audit)
    return Found("audit", Level::kOk, s.running_since ? "no trail is kept" : "not open: no server runs", "");
  if (!s.audit->last_error.empty())
    return Found("audit", Level::kFail, s.audit->last_error, "room and rights of the directory of the trail");
  if (s.audit->lost != 0)
    return Found("audit", Level::kWarn, StrCat(s.audit->lost, " records were lost"),
                 "the trail has a `gap` record; see the log for why");
  const bool near = s.audit->limit != 0 && s.audit->bytes >= s.audit->limit / 2;
  return Found("audit", near ? Level::kWarn : Level::kOk,
               StrCat("record ", s.audit->last_seq, ", ", s.audit->bytes >> 20, " MiB"),
               "move its oldest files away, set audit.keep_files, or raise audit.max_total_mib");
}

Symptom RegistrationsOf(const Summary& s) {
  return Found("registrations", s.waiting != 0 ? Level::kWarn : Level::kOk,
               StrCat(s.registrations, " platforms, ", s.waiting, " wait for their PCK certificates"),
               "they are asked for again by themselves; in mode OFFLINE take them out with GET /platforms");
}

}  // namespace

std::string_view LevelName(Level level) {
  return level == Level::kOk ? "ok" : level == Level::kWarn ? "warn" : "FAIL";
}

Judgement JudgeItemEnd(Instant next_update, Instant now) {
  const std::string end = FormatRfc3339(next_update);
  if (next_update <= now)
    return {Level::kFail, StrCat("ended ", end),
            "the upstream gives what has ended: put another before it, or see that it is renewed there"};
  if (next_update - now < days(2))
    return {Level::kWarn, StrCat("good until ", end, ", soon over"),
            "see that the upstream is renewed itself"};
  return {Level::kOk, StrCat("good until ", end), ""};
}

Judgement JudgeCertificateEnd(Instant end, Instant now) {
  constexpr std::string_view kFix =
      "`thimble init DIR --renew`, or a new one of your CA, and then SIGHUP (systemctl reload thimble)";
  const std::string text = FormatRfc3339(end);
  if (end <= now) return {Level::kFail, StrCat("ended ", text), std::string(kFix)};
  if (end - now < days(30)) return {Level::kWarn, StrCat("ends ", text), std::string(kFix)};
  return {Level::kOk, StrCat("ends ", text), ""};
}

Judgement JudgeClock(Instant vendors, Instant ours) {
  const Seconds apart = ours > vendors ? ours - vendors : vendors - ours;
  const std::string detail =
      StrCat("ours is ", apart.count(), " s ", ours > vendors ? "ahead of" : "behind", " theirs");
  if (apart < minutes(1)) return {Level::kOk, detail, ""};
  return {apart < minutes(10) ? Level::kWarn : Level::kFail, detail,
          "set the time, and let it be kept: systemd-timesyncd or chrony"};
}

std::string FixForConnection(std::string_view error) {
  const auto has = [error](std::string_view word) { return error.find(word) != std::string_view::npos; };
  if (has("SSL") || has("certificate") || has("TLS"))
    return "its certificate is not of an authority that is known here: `apt install ca-certificates`, or "
           "ca_file of "
           "the [[upstream]]; a proxy that opens TLS needs its CA there, too";
  if (has("resolve proxy") || has("proxy"))
    return "HTTPS_PROXY names a proxy that does not answer or refuses";
  if (has("resolve")) return "DNS: /etc/resolv.conf; behind a proxy set HTTPS_PROXY";
  if (has("timed out") || has("Timeout") || has("timeout"))
    return "a firewall lets nothing through: open HTTPS to this host, or set HTTPS_PROXY";
  return "is the address right, and does something listen there? Behind a proxy set HTTPS_PROXY";
}

Diagnosis DiagnoseSummary(const Summary& s) {
  Diagnosis out = {ItemsOf(s), DamageOf(s), AuditOf(s), RegistrationsOf(s)};
  if (s.helpless())
    out.push_back(Found("serves", Level::kFail, "the store is empty and no upstream answers",
                        "mend an upstream, or `thimble import` an export"));
  if (s.certificate_end) {
    const Judgement end = JudgeCertificateEnd(*s.certificate_end, s.at);
    out.push_back(Found("certificate in use", end.level, end.detail, end.fix));
  }
  if (!s.refused_reload.empty())
    out.push_back(Found("configuration", Level::kFail, s.refused_reload, "`thimble check-config` its file"));
  return out;
}

}  // namespace thimble
