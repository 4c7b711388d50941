// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floor_diff.h"

#include <algorithm>
#include <array>

#include "service/baselines/floor_text.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using amd::CellKind, amd::FloorCell, amd::FloorDocument, amd::FloorLine, amd::FloorRequirement;

// Whether all that `low` asks is asked by `high`, too.
bool Covers(const FloorCell& high, const FloorCell& low) {
  return std::ranges::all_of(low.min, [&](const FloorRequirement& r) {
    const auto other = std::ranges::find(high.min, r.field, &FloorRequirement::field);
    if (other == high.min.end()) return false;
    return amd::IsMask(r.field) ? (other->value & r.value) == r.value : other->value >= r.value;
  });
}

// How much a report without any shortfall is told: that it is not up to date, nothing, or that it is.
int Withholding(const FloorCell& cell) { return cell.kind == CellKind::kUnknown ? 1 : 0; }

// A waiver or a guest policy lets a report through that is short.
bool LetsThrough(const FloorCell& cell) { return cell.waiver.has_value() || cell.or_policy_forbids != 0; }

FloorMove MoveOf(const FloorCell& before, const FloorCell& after) {
  const bool more = !Covers(before, after) || (LetsThrough(before) && !LetsThrough(after)) ||
                    Withholding(after) > Withholding(before);
  const bool less = !Covers(after, before) || (LetsThrough(after) && !LetsThrough(before)) ||
                    Withholding(after) < Withholding(before);
  // A number for what was unknown: it can be missed from now on, which weighs more than that it can be met.
  if (before.kind == CellKind::kUnknown && after.kind == CellKind::kMin) return FloorMove::kStricter;
  if (before.kind == CellKind::kMin && after.kind == CellKind::kUnknown) return FloorMove::kLaxer;
  if (more && less) return FloorMove::kMixed;
  if (more) return FloorMove::kStricter;
  return less ? FloorMove::kLaxer : FloorMove::kGrounds;
}

class Differ {
 public:
  Differ(const FloorDocument& before, const FloorDocument& after) : before_(before), after_(after) {}

  std::vector<FloorDifference> Run() {
    DiffHead();
    DiffLines();
    DiffBulletins();
    DiffCells();
    DiffLevels();
    return std::move(out_);
  }

 private:
  void Add(std::string bulletin, std::string cpu, FloorMove move, std::string before, std::string after) {
    if (before == after) return;
    out_.push_back({std::move(bulletin), std::move(cpu), move, std::move(before), std::move(after)});
  }

  static std::string RangeText(const FloorLine& line) {
    return StrCat("CPU family ", line.family, ", models ", line.first_model, " to ", line.last_model,
                  ", steppings ", line.first_stepping, " to ", line.last_stepping);
  }

  // What is stale refuses, unless a policy allows it.
  void DiffHead() {
    const bool sooner = after_.stale_after < before_.stale_after;
    Add("", "", sooner ? FloorMove::kStricter : FloorMove::kLaxer,
        StrCat("stale after ", amd::DayText(before_.stale_after)),
        StrCat("stale after ", amd::DayText(after_.stale_after)));
  }

  void DiffLines() {
    for (const FloorLine& line : before_.lines) {
      const FloorLine* other = after_.FindLine(line.id);
      Add("", line.id, FloorMove::kStricter, RangeText(line),
          other == nullptr ? "no such line: its CPUs have no status" : RangeText(*other));
    }
    for (const FloorLine& line : after_.lines) {
      if (before_.FindLine(line.id) == nullptr)
        Add("", line.id, FloorMove::kLaxer, "no such line: its CPUs have no status", RangeText(line));
    }
  }

  static std::string FactsText(const amd::FloorBulletin& bulletin) {
    std::string cves;
    for (const std::string& cve : bulletin.cves) cves += StrCat(cves.empty() ? "" : ", ", cve);
    return StrCat(bulletin.title, ", published ", amd::DayText(bulletin.published), ", score ",
                  bulletin.score.empty() ? "not seen" : bulletin.score, ", ", cves.empty() ? "no CVE" : cves,
                  ": ", bulletin.effect);
  }

  void DiffBulletins() {
    for (const amd::FloorBulletin& bulletin : before_.bulletins) {
      const auto other = after_.FindBulletin(bulletin.id);
      if (!other) {
        Add(bulletin.id, "", FloorMove::kLaxer, FactsText(bulletin), "");
      } else {
        Add(bulletin.id, "", FloorMove::kGrounds, FactsText(bulletin),
            FactsText(after_.bulletins.at(*other)));
      }
    }
    for (const amd::FloorBulletin& bulletin : after_.bulletins) {
      if (!before_.FindBulletin(bulletin.id))
        Add(bulletin.id, "", FloorMove::kStricter, "", FactsText(bulletin));
    }
  }

  void DiffCells() {
    for (size_t i = 0; i < after_.bulletins.size(); ++i) {
      const std::string& id = after_.bulletins.at(i).id;
      const auto place = before_.FindBulletin(id);
      for (const FloorLine& line : after_.lines) {
        const FloorLine* other = before_.FindLine(line.id);
        const FloorCell& now = line.cells.at(i);
        if (!place || other == nullptr) {
          const bool asks = !now.min.empty() || Withholding(now) > 0;
          Add(id, line.id, asks ? FloorMove::kStricter : FloorMove::kGrounds, "", CellText(now, line));
          continue;
        }
        const FloorCell& then = other->cells.at(*place);
        Add(id, line.id, MoveOf(then, now), CellText(then, *other), CellText(now, line));
      }
    }
  }

  static std::string LevelText(const FloorDocument& document, const amd::FloorLevel& level) {
    std::string out;
    for (size_t i = 0; i < level.holds.size(); ++i) {
      if (level.holds.at(i)) out += StrCat(out.empty() ? "" : ", ", document.bulletins.at(i).id);
    }
    return StrCat("level ", level.name, ": ", out);
  }

  // "all" moves with the document, and its bulletins have been said.
  void DiffLevels() {
    for (const amd::FloorLevel& level : before_.levels) {
      const amd::FloorLevel* other = after_.FindLevel(level.name);
      if (level.name != amd::kAllLevel)
        Add("", "", FloorMove::kMixed, LevelText(before_, level),
            other == nullptr ? "" : LevelText(after_, *other));
    }
    for (const amd::FloorLevel& level : after_.levels) {
      if (before_.FindLevel(level.name) == nullptr)
        Add("", "", FloorMove::kMixed, "", LevelText(after_, level));
    }
  }

  const FloorDocument& before_;
  const FloorDocument& after_;
  std::vector<FloorDifference> out_;
};

std::string Place(const FloorDifference& d) {
  if (d.bulletin.empty() && d.cpu.empty()) return "document";
  return StrCat(d.bulletin, d.bulletin.empty() || d.cpu.empty() ? "" : ", ", d.cpu);
}

std::string AgeText(const FloorDocument& document) {
  return StrCat(document.Title(), ", issued ", amd::DayText(document.issued), ", stale after ",
                amd::DayText(document.stale_after));
}

}  // namespace

std::string_view FloorMoveName(FloorMove move) {
  constexpr std::array<std::string_view, 4> kNames = {"stricter", "laxer", "mixed", "grounds"};
  return kNames.at(static_cast<size_t>(move));
}

std::vector<FloorDifference> FloorDifferences(const FloorDocument& before, const FloorDocument& after) {
  return Differ(before, after).Run();
}

Lines FloorDiffText(const FloorDocument& before, const FloorDocument& after) {
  Lines out = {StrCat("from  ", AgeText(before)), StrCat("to    ", AgeText(after))};
  const auto differences = FloorDifferences(before, after);
  std::array<size_t, 4> counts{};
  for (const FloorDifference& d : differences) {
    ++counts.at(static_cast<size_t>(d.move));
    out.Add("");
    out.Add(StrCat(Place(d), ": ", FloorMoveName(d.move)));
    out.Add(StrCat("  was  ", d.before.empty() ? "not there" : d.before));
    out.Add(StrCat("  is   ", d.after.empty() ? "not there" : d.after));
  }
  out.Add("");
  out.Add(differences.empty() ? "they judge alike"
                              : StrCat(counts[0], " stricter, ", counts[1], " laxer, ", counts[2], " mixed, ",
                                       counts[3], " by other grounds alone"));
  return out;
}

std::string FloorDiffJson(const FloorDocument& before, const FloorDocument& after) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  for (const auto& [key, document] : {std::pair("from", &before), std::pair("to", &after)}) {
    json.Key(key).BeginObject();
    json.Key("name").String(document->name);
    json.Key("number").Unsigned(document->number);
    json.Key("sha256").Hex(document->sha256.view());
    json.EndObject();
  }
  json.Key("differences").BeginArray();
  for (const FloorDifference& d : FloorDifferences(before, after)) {
    json.BeginObject();
    if (!d.bulletin.empty()) json.Key("bulletin").String(d.bulletin);
    if (!d.cpu.empty()) json.Key("cpu").String(d.cpu);
    json.Key("change").String(FloorMoveName(d.move));
    json.Key("before");
    d.before.empty() ? json.Null() : json.String(d.before);
    json.Key("after");
    d.after.empty() ? json.Null() : json.String(d.after);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

}  // namespace thimble
