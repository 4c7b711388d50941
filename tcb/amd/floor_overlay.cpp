// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor_overlay.h"

#include <algorithm>

#include "tcb/amd/floor_fields.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr std::string_view kFormat = "amd-floors-overlay/1";

// An overlay raises: what AMD asks for is lowered by nobody, but waived for a while, and shown so.
Status Raise(std::vector<FloorRequirement>& to, const FloorRequirement& requirement) {
  const auto there = std::ranges::find(to, requirement.field, &FloorRequirement::field);
  if (there == to.end()) {
    to.push_back(requirement);
    return {};
  }
  const std::string_view name = FieldName(requirement.field);
  if (IsMask(requirement.field)) {
    there->value |= requirement.value;
  } else if (requirement.value < there->value) {
    return BadFloors(
        StrCat(name, ": is below the document's; to accept less for a while, waive the bulletin"));
  } else {
    *there = requirement;
  }
  return {};
}

Status Settle(const json::Value& min, const std::string& reason, FloorCell& cell, const LineShape& shape) {
  TRY(min.AllowOnly(
      {"fmc", "bootloader", "tee", "snp", "microcode", "version", "platform_bits", "mit_bits"}));
  TRY_ASSIGN(const auto minimums, ReadMinimums(min, shape));
  for (FloorRequirement requirement : minimums) {
    requirement.grade = Grade::kOperator;
    requirement.sources = {reason};
    TRY(Raise(cell.min, requirement));
  }
  cell.kind = CellKind::kMin;
  return {};
}

Status Waive(const json::Value& rule, const std::string& reason, FloorCell& cell) {
  TRY_ASSIGN(const json::Value waive, rule.Get("waive"));
  TRY_ASSIGN(const bool yes, At("waive", waive.Bool()));
  if (!yes) return BadFloors("waive: is either true or left out");
  TRY_ASSIGN(const Instant last_day, GetDay(rule, "until"));
  cell.waiver = FloorWaiver{reason, last_day + std::chrono::days(1) - Seconds(1)};
  return {};
}

Status ApplyRule(const json::Value& rule, FloorDocument& document) {
  TRY_ASSIGN(const std::string id, GetText(rule, "bulletin"));
  const auto bulletin = document.FindBulletin(id);
  if (!bulletin) return BadFloors(StrCat("bulletin: the document has no ", id));
  TRY_ASSIGN(const std::string reason, GetText(rule, "reason"));
  const auto min = rule.Find("min");
  if (min) {
    TRY(rule.AllowOnly({"bulletin", "cpus", "min", "reason"}));
  } else {
    TRY(rule.AllowOnly({"bulletin", "cpus", "waive", "reason", "until"}));
  }
  TRY_ASSIGN(const auto cpus, GetTexts(rule, "cpus"));
  if (cpus.empty()) return BadFloors("cpus: there is none");
  for (const std::string& cpu : cpus) {
    const auto line = std::ranges::find(document.lines, cpu, &FloorLine::id);
    if (line == document.lines.end()) return BadFloors(StrCat("cpus: the document has no ", cpu));
    FloorCell& cell = line->cells.at(*bulletin);
    TRY(At(StrCat(id, ", ", cpu),
           min ? Settle(*min, reason, cell, {line->product, line->exact()}) : Waive(rule, reason, cell)));
  }
  return {};
}

}  // namespace

Result<FloorDocument> ApplyOverlay(const FloorDocument& base, std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "floors overlay", ErrorKind::kMalformed, Check::kPolicyFormat));
  const json::Value root = document->root();
  TRY(root.AllowOnly({"format", "name", "number", "issued", "rules"}));
  TRY_ASSIGN(const std::string format, GetText(root, "format"));
  if (format != kFormat) return BadFloors(StrCat("format: \"", format, "\", expected \"", kFormat, "\""));
  FloorDocument out = base;
  OverlayFacts& facts = out.overlay.emplace();
  TRY_ASSIGN(facts.name, GetText(root, "name"));
  TRY_ASSIGN(facts.number, GetNumber(root, "number", 1));
  TRY(GetDay(root, "issued"));
  TRY_ASSIGN(const json::Value rules, root.Get("rules"));
  TRY_ASSIGN(const auto elements, At("rules", rules.Array()));
  size_t number = 0;
  for (const json::Value& rule : elements) TRY(At(StrCat("rule ", ++number), ApplyRule(rule, out)));
  facts.sha256 = Sha256(AsBytes(text));
  out.FindCommon();
  return out;
}

}  // namespace thimble::amd
