// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floor_text.h"

#include <algorithm>
#include <map>

#include "tcb/amd/cpu_line.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using amd::CellKind, amd::FloorBulletin, amd::FloorCell, amd::FloorDocument, amd::FloorField, amd::FloorLine,
    amd::FloorRequirement;

std::string BitList(uint64_t mask) {
  std::string list;
  size_t count = 0;
  for (size_t bit = 0; bit < 64; ++bit) {
    if ((mask >> bit & 1) != 0) list += StrCat(count++ == 0 ? "" : ", ", bit);
  }
  return StrCat(count == 1 ? "bit " : "bits ", list);
}

std::string MicrocodeText(uint64_t value, const FloorLine& line) {
  if (line.patch.empty()) return StrCat("microcode ", value);
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return StrCat("microcode 0x", line.patch, kDigits.at(value >> 4 & 0xf), kDigits.at(value & 0xf));
}

std::string KindText(CellKind kind) {
  std::string text(amd::CellKindName(kind));
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string RequirementsText(const std::vector<FloorRequirement>& requirements, const FloorLine& line) {
  std::string out;
  for (const FloorRequirement& r : requirements)
    out += StrCat(out.empty() ? "" : ", ", RequirementText(r, line), " [", amd::GradeName(r.grade), "]");
  return out;
}

Lines Head(const FloorDocument& document, Instant now) {
  Lines out = {document.Title(), StrCat("  sha256       ", document.sha256.hex()),
               StrCat("  issued       ", amd::DayText(document.issued), ", reviewed ",
                      amd::DayText(document.reviewed)),
               StrCat("  stale after  ", amd::DayText(document.stale_after),
                      now > document.stale_after ? ": it is stale, review it or take a newer one" : "")};
  if (document.overlay) out.Add(StrCat("  overlay      sha256 ", document.overlay->sha256.hex()));
  return out;
}

// A number is as well known as the best grounds for it; bits of several bulletins as the worst.
void Raise(FloorRequirement& most, const FloorRequirement& other) {
  if (amd::IsMask(most.field)) {
    most.value |= other.value;
    most.grade = std::max(most.grade, other.grade);
  } else if (other.value > most.value || (other.value == most.value && other.grade < most.grade)) {
    most = other;
  }
}

// Of each field the most that any bulletin asks.
std::vector<FloorRequirement> Most(const FloorLine& line) {
  std::map<FloorField, FloorRequirement> most;
  for (const FloorCell& cell : line.cells) {
    for (const FloorRequirement& r : cell.min) {
      const auto [there, first] = most.try_emplace(r.field, r);
      if (!first) Raise(there->second, r);
    }
  }
  std::vector<FloorRequirement> out;
  for (auto& [field, requirement] : most) out.push_back(std::move(requirement));
  return out;
}

std::string BulletinText(const FloorBulletin& bulletin) {
  return StrCat(bulletin.id, "  ", amd::DayText(bulletin.published), "  ", bulletin.title,
                bulletin.score.empty() ? "" : StrCat(" (score ", bulletin.score, ")"));
}

void WriteRequirements(json::Writer& json, const std::vector<FloorRequirement>& requirements) {
  json.BeginArray();
  for (const FloorRequirement& r : requirements) {
    json.BeginObject();
    json.Key("field").String(amd::FieldName(r.field));
    json.Key("value");
    r.field == FloorField::kVersion ? json.String(amd::VersionText(r.value)) : json.Unsigned(r.value);
    json.Key("grade").String(amd::GradeName(r.grade));
    json.Key("sources").BeginArray();
    for (const std::string& source : r.sources) json.String(source);
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
}

void WriteCell(json::Writer& json, const FloorBulletin& bulletin, const FloorCell& cell) {
  json.BeginObject();
  json.Key("bulletin").String(bulletin.id);
  json.Key("cell").String(amd::CellKindName(cell.kind));
  if (cell.kind == CellKind::kMin) {
    WriteRequirements(json.Key("min"), cell.min);
  } else {
    json.Key("why").String(cell.why);
    json.Key("grade").String(amd::GradeName(cell.grade));
  }
  if (!cell.inferred.empty()) WriteRequirements(json.Key("inferred"), cell.inferred);
  if (!cell.pi.empty()) json.Key("pi").String(cell.pi);
  if (cell.waiver) {
    json.Key("waived_until").String(FormatRfc3339(cell.waiver->until));
    json.Key("waived_because").String(cell.waiver->reason);
  }
  json.EndObject();
}

}  // namespace

std::string RequirementText(const FloorRequirement& requirement, const FloorLine& line) {
  switch (requirement.field) {
    case FloorField::kMicrocode:
      return MicrocodeText(requirement.value, line);
    case FloorField::kVersion:
      return StrCat("firmware ", amd::VersionText(requirement.value));
    case FloorField::kPlatformBits:
      return StrCat("PLATFORM_INFO ", BitList(requirement.value));
    case FloorField::kMitigationBits:
      return StrCat("mitigation ", BitList(requirement.value));
    default:
      return StrCat(amd::FieldName(requirement.field), " ", requirement.value);
  }
}

std::string CellText(const FloorCell& cell, const FloorLine& line) {
  std::string out = cell.kind == CellKind::kMin
                        ? RequirementsText(cell.min, line)
                        : StrCat(KindText(cell.kind), " [", amd::GradeName(cell.grade), "]: ", cell.why);
  if (cell.or_policy_forbids != 0) out += ", or a stricter guest policy";
  if (!cell.inferred.empty()) out += StrCat(", inferred: ", RequirementsText(cell.inferred, line));
  if (!cell.pi.empty()) out += StrCat(" (", cell.pi, ")");
  if (cell.waiver)
    out += StrCat(", waived until ", amd::DayText(cell.waiver->until), ": ", cell.waiver->reason);
  return out;
}

std::vector<const FloorLine*> LinesNamed(const FloorDocument& document, std::string_view name) {
  const auto cpus = amd::Cpus::FromName(name);
  std::vector<const FloorLine*> out;
  for (const FloorLine& line : document.lines) {
    const bool of_cpus = cpus && cpus->product == line.product &&
                         (cpus->line == nullptr ||
                          cpus->line->cpus.Contains({line.family, line.first_model, line.first_stepping}));
    if (line.id == name || of_cpus) out.push_back(&line);
  }
  return out;
}

Lines FloorsOverview(const FloorDocument& document, Instant now) {
  Lines out = Head(document, now);
  out.Add("");
  out.Add("bulletins");
  for (const FloorBulletin& bulletin : document.bulletins) out.Add(StrCat("  ", BulletinText(bulletin)));
  out.Add("");
  out.Add("the most that is asked of each CPU line");
  for (const FloorLine& line : document.lines) {
    out.Add(StrCat("  ", line.id, " (", line.title, "): ", RequirementsText(Most(line), line)));
    std::string unknown;
    for (size_t i = 0; i < line.cells.size(); ++i) {
      if (line.cells.at(i).kind == CellKind::kUnknown)
        unknown += StrCat(unknown.empty() ? "" : ", ", document.bulletins.at(i).id);
    }
    if (!unknown.empty()) out.Add(StrCat("    unknown: ", unknown));
  }
  return out;
}

Lines FloorsOf(const FloorDocument& document, const std::vector<const FloorLine*>& lines, Instant now) {
  Lines out = Head(document, now);
  for (const FloorLine* line : lines) {
    out.Add("");
    out.Add(StrCat(line->id, " (", line->title, ")"));
    for (size_t i = 0; i < line->cells.size(); ++i) {
      out.Add(StrCat("  ", BulletinText(document.bulletins.at(i))));
      out.Add(StrCat("    ", CellText(line->cells.at(i), *line)));
    }
  }
  return out;
}

void WriteFloors(json::Writer& json, const FloorDocument& document,
                 const std::vector<const FloorLine*>& lines, Instant now) {
  json.BeginObject();
  json.Key("name").String(document.name);
  json.Key("number").Unsigned(document.number);
  json.Key("sha256").Hex(document.sha256.view());
  json.Key("issued").String(amd::DayText(document.issued));
  json.Key("reviewed").String(amd::DayText(document.reviewed));
  json.Key("stale_after").String(amd::DayText(document.stale_after));
  json.Key("stale").Bool(now > document.stale_after);
  if (document.overlay)
    json.Key("overlay").String(StrCat(document.overlay->name, " ", document.overlay->number));
  json.Key("cpus").BeginArray();
  for (const FloorLine* line : lines) {
    json.BeginObject();
    json.Key("id").String(line->id);
    json.Key("title").String(line->title);
    json.Key("product").String(amd::ProductName(line->product));
    json.Key("bulletins").BeginArray();
    for (size_t i = 0; i < line->cells.size(); ++i)
      WriteCell(json, document.bulletins.at(i), line->cells.at(i));
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace thimble
