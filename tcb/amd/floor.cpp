// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor.h"

#include <algorithm>
#include <array>

#include "tcb/amd/floor_shortfall.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble::amd {
namespace {

// What a set of bulletins comes to.
struct Tally {
  bool spl = false, launch = false, bits = false, software = false;
  bool unknown = false;  // a bulletin has a number that the document lacks
  size_t judged = 0;

  bool Short() const { return spl || launch || bits || software; }
  void Add(const Tally& one) {
    spl |= one.spl;
    launch |= one.launch;
    bits |= one.bits;
    software |= one.software;
    unknown |= one.unknown;
    judged += one.judged;
  }
};

// Where nothing is short, UpToDate needs that something was judged and nothing is unknown: absence never becomes it.
std::optional<TcbStatus> StatusOf(const Tally& tally) {
  if (tally.spl) return tally.bits ? TcbStatus::kOutOfDateConfigurationNeeded : TcbStatus::kOutOfDate;
  if (tally.launch)
    return tally.bits ? TcbStatus::kRelaunchAdvisedConfigurationNeeded : TcbStatus::kRelaunchAdvised;
  if (tally.bits && tally.software) return TcbStatus::kConfigurationAndSWHardeningNeeded;
  if (tally.bits) return TcbStatus::kConfigurationNeeded;
  if (tally.software) return TcbStatus::kSWHardeningNeeded;
  if (tally.unknown || tally.judged == 0) return std::nullopt;
  return TcbStatus::kUpToDate;
}

// One report by one line of the document.
class FloorJudge {
 public:
  FloorJudge(Verdict& verdict, const SnpClaims& claims, const FloorDocument& document, const FloorLine& line)
      : verdict_(verdict), claims_(claims), document_(document), line_(line) {}

  // Every bulletin that was published by then, whatever its level; `level` is the one to have a status by.
  void Run(const FloorLevel& level);

 private:
  Tally Judge(size_t bulletin, bool in_level);
  Tally Unattested(const FloorBulletin& bulletin, const FloorCell& cell, bool in_level);
  void Unmet(const FloorBulletin& bulletin, const FloorCell& cell);
  void FindLevelsMet(const std::vector<Tally>& tallies);

  Verdict& verdict_;
  const SnpClaims& claims_;
  const FloorDocument& document_;
  const FloorLine& line_;
};

// What no report shows, or the document does not know.
Tally FloorJudge::Unattested(const FloorBulletin& bulletin, const FloorCell& cell, bool in_level) {
  Tally tally;
  if (cell.kind == CellKind::kNotAffected) return tally;
  tally.unknown = cell.kind == CellKind::kUnknown;
  const bool always = bulletin.every_verdict && cell.kind == CellKind::kNotAttestable;
  if (in_level || always) verdict_.advisories_unproven.push_back(bulletin.id);
  return tally;
}

void FloorJudge::Unmet(const FloorBulletin& bulletin, const FloorCell& cell) {
  verdict_.advisories.push_back(bulletin.id);
  const Instant fixed_up_to = bulletin.published - std::chrono::days(1);
  verdict_.tcb_date = std::min(verdict_.tcb_date.value_or(fixed_up_to), fixed_up_to);
  if (cell.waiver && verdict_.at <= cell.waiver->until) verdict_.floors->waived.push_back(bulletin.id);
}

Tally FloorJudge::Judge(size_t place, bool in_level) {
  const FloorBulletin& bulletin = document_.bulletins[place];
  const FloorCell& cell = line_.cells[place];
  if (cell.kind != CellKind::kMin) return Unattested(bulletin, cell, in_level);
  Tally tally{.judged = 1};
  if (cell.or_policy_forbids != 0 && (claims_.policy & cell.or_policy_forbids) == 0) return tally;
  bool unproven = false;
  for (const FloorRequirement& requirement : cell.min) {
    const Standing standing = StandingOf(requirement, claims_);
    unproven |= standing == Standing::kUnproven;
    tally.bits |= standing == Standing::kBitClear;
    tally.launch |= standing == Standing::kLaunchShort;
    tally.spl |= standing == Standing::kShort;
    if (standing <= Standing::kUnproven) continue;
    Shortfall& shortfall =
        verdict_.shortfalls.emplace_back(DescribeShortfall(requirement, claims_, line_, cell));
    shortfall.bulletin = bulletin.id;
  }
  // The guest's owner, too, can make up for it: that is milder than a platform which nobody else can help.
  if (cell.or_policy_forbids != 0) {
    tally.software = tally.spl || tally.launch;
    tally.spl = tally.launch = false;
  }
  if (tally.Short()) {
    Unmet(bulletin, cell);
  } else if (unproven && in_level) {
    verdict_.advisories_unproven.push_back(bulletin.id);
  }
  return tally;
}

void FloorJudge::FindLevelsMet(const std::vector<Tally>& tallies) {
  for (const FloorLevel& level : document_.levels) {
    Tally sum;
    for (size_t i = 0; i < tallies.size(); ++i) {
      if (level.holds[i]) sum.Add(tallies[i]);
    }
    if (StatusOf(sum) == TcbStatus::kUpToDate) verdict_.floors->meets.push_back(level.name);
  }
}

void FloorJudge::Run(const FloorLevel& level) {
  std::vector<Tally> tallies(document_.bulletins.size());
  Tally sum, not_waived;
  auto& waived = verdict_.floors->waived;
  for (size_t i = 0; i < tallies.size(); ++i) {
    const FloorBulletin& bulletin = document_.bulletins[i];
    if (bulletin.published > verdict_.at) {
      verdict_.floors->left_out.push_back(bulletin.id);
      continue;
    }
    tallies[i] = Judge(i, level.holds[i]);
    if (!level.holds[i]) continue;
    sum.Add(tallies[i]);
    if (waived.empty() || waived.back() != bulletin.id) not_waived.Add(tallies[i]);
  }
  verdict_.tcb_status = StatusOf(sum);
  if (!waived.empty()) verdict_.floors->status_with_waivers = StatusOf(not_waived);
  if (verdict_.tcb_status && !verdict_.tcb_date) verdict_.tcb_date = std::min(document_.issued, verdict_.at);
  std::ranges::sort(verdict_.advisories);
  if (claims_.cpuid) FindLevelsMet(tallies);  // else the line is not known
}

// ---- the findings ----

void FloorUnknown(Verdict& verdict, const std::optional<CpuId>& cpuid, AmdFloorMode mode) {
  verdict.tcb_status.reset();
  verdict.tcb_date.reset();
  if (mode == AmdFloorMode::kIfKnown) {
    verdict.checks.SetNotRun(Check::kSnpFloorUnknown, "no floor for this CPU, and amd_floor = if_known");
    return;
  }
  SoftUnless(verdict, Check::kSnpFloorUnknown, false, [&] {
    const auto product = cpuid ? ProductFromCpuId(*cpuid) : Result<Product>(Error{});
    const std::string cpu =
        cpuid ? StrCat("CPU family ", cpuid->family, ", model ", cpuid->model, ", stepping ", cpuid->stepping,
                       product.ok() ? StrCat(" (", ProductName(*product), ")") : "")
              : "a version 2 report, which does not name its CPU";
    return StrCat("no floor for ", cpu, ": ",
                  verdict.floors ? verdict.floors->document->Title() : "none are configured");
  });
}

void NoteUnproven(Verdict& verdict, const FloorLevel& level, const FloorDocument& document,
                  const FloorLine& line) {
  const FloorStanding& floors = *verdict.floors;
  const auto& status = floors.waived.empty() ? verdict.tcb_status : floors.status_with_waivers;
  NoteUnless(verdict, Check::kSnpFloorUnproven, status.has_value(), [&] {
    std::string unknown;
    for (size_t i = 0; i < document.bulletins.size(); ++i) {
      const FloorBulletin& bulletin = document.bulletins[i];
      if (!level.holds[i] || line.cells[i].kind != CellKind::kUnknown || bulletin.published > verdict.at)
        continue;
      unknown += StrCat(unknown.empty() ? "" : "; ", bulletin.id, ": ", line.cells[i].why);
    }
    return StrCat("nothing known is short of \"", level.name, "\", and no status: ",
                  unknown.empty() ? StrCat("none of its bulletins asks anything of ", line.title) : unknown);
  });
}

void JudgeAge(Verdict& verdict, const FloorDocument& document) {
  verdict.floors->stale = verdict.at > document.stale_after;
  SoftUnless(verdict, Check::kSnpFloorStale, !verdict.floors->stale, [&] {
    return StrCat(document.Title(), ": not reviewed since ", DayText(document.reviewed), ", stale after ",
                  DayText(document.stale_after), ", judged at ", FormatRfc3339(verdict.at));
  });
}

}  // namespace

void ApplyFloors(Verdict& verdict, const FloorsPtr& floors, std::string_view level_name, AmdFloorMode mode) {
  const auto* claims = std::get_if<SnpClaims>(&verdict.claims);
  if (!verdict.authentic || claims == nullptr || !claims->reported_tcb) return;
  if (!floors) return FloorUnknown(verdict, claims->cpuid, mode);
  const FloorDocument& document = *floors;
  const FloorLevel* named = document.FindLevel(level_name);
  const FloorLevel& level = named != nullptr ? *named : document.levels.back();
  verdict.floors = FloorStanding{.document = floors,
                                 .line = {},
                                 .level = level.name,
                                 .meets = {},
                                 .left_out = {},
                                 .waived = {},
                                 .status_with_waivers = {},
                                 .stale = false};
  JudgeAge(verdict, document);
  const FloorLine* line = claims->cpuid ? document.LineOf(*claims->cpuid) : nullptr;
  if (!claims->cpuid) {
    const auto common = document.in_common.find(claims->reported_tcb->product);
    if (common != document.in_common.end()) line = &common->second;
  }
  if (line == nullptr) return FloorUnknown(verdict, claims->cpuid, mode);
  verdict.floors->line = line->id;
  FloorJudge(verdict, *claims, document, *line).Run(level);
  // What all lines of a product ask alike can be missed without knowing the line, but not be met.
  if (!claims->cpuid && (!verdict.tcb_status || *verdict.tcb_status == TcbStatus::kUpToDate)) {
    return FloorUnknown(verdict, claims->cpuid, mode);
  }
  verdict.checks.Set(Check::kSnpFloorUnknown, CheckResult::kPassed);
  NoteUnproven(verdict, level, document, *line);
}

std::string FloorSummary(const Verdict& verdict) {
  if (!verdict.floors || verdict.floors->line.empty()) return "";
  const std::string& level = verdict.floors->level;
  std::string out;
  if (!verdict.tcb_status) out = StrCat("nothing known is short of ", level);
  if (verdict.tcb_status == TcbStatus::kUpToDate) out = StrCat("meets ", level);
  if (verdict.advisories.empty()) return out;
  std::string behind, needs;
  for (const std::string& id : verdict.advisories) behind += StrCat(behind.empty() ? "" : ", ", id);
  // The most that is asked of each component, and the least that is there.
  std::vector<const Shortfall*> most;
  for (const Shortfall& shortfall : verdict.shortfalls) {
    const auto same = std::ranges::find_if(most, [&](const Shortfall* s) {
      return s->component == shortfall.component && s->have_text == shortfall.have_text;
    });
    if (same == most.end()) {
      most.push_back(&shortfall);
    } else if (shortfall.need > (*same)->need) {
      *same = &shortfall;
    }
  }
  for (const Shortfall* s : most) {
    const std::string_view component = std::string_view(s->component).substr(4);  // without "snp."
    needs += StrCat(needs.empty() ? "" : "; ", component, " ",
                    s->have_text.empty() ? std::to_string(s->have) : s->have_text, ", needs ",
                    s->need_text.empty() ? std::to_string(s->need) : s->need_text);
  }
  return StrCat(out, out.empty() ? "" : "; ", "behind on ", behind, " (", needs, ")");
}

}  // namespace thimble::amd
