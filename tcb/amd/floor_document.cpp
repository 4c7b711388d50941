// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor_document.h"

#include <algorithm>

#include "tcb/base/text.h"

namespace thimble::amd {
namespace {

constexpr std::array<std::string_view, 6> kGrades = {"A", "2", "1", "operator", "?", "W"};
constexpr std::array<std::string_view, 8> kFields = {"fmc",       "bootloader", "tee",           "snp",
                                                     "microcode", "version",    "platform_bits", "mit_bits"};
constexpr std::array<std::string_view, 5> kKinds = {"min", "not_affected", "not_named", "not_attestable",
                                                    "unknown"};

// What two cells of one bulletin ask alike.
std::vector<FloorRequirement> CommonOf(const std::vector<FloorRequirement>& a,
                                       const std::vector<FloorRequirement>& b) {
  std::vector<FloorRequirement> out;
  for (FloorRequirement requirement : a) {
    const auto other = std::ranges::find(b, requirement.field, &FloorRequirement::field);
    if (other == b.end()) continue;
    requirement.value = IsMask(requirement.field) ? requirement.value & other->value
                                                  : std::min(requirement.value, other->value);
    if (requirement.value != 0) out.push_back(std::move(requirement));
  }
  return out;
}

void Intersect(FloorLine& common, const FloorLine& line) {
  for (size_t i = 0; i < common.cells.size(); ++i) {
    FloorCell& cell = common.cells[i];
    const FloorCell& other = line.cells[i];
    cell.or_policy_forbids |= other.or_policy_forbids;
    cell.min = CommonOf(cell.min, other.min);
    cell.waiver = cell.waiver && other.waiver ? cell.waiver : std::nullopt;
    if (cell.kind == other.kind) continue;
    cell.kind = CellKind::kUnknown;
    cell.why = "the lines of the product differ";
  }
}

}  // namespace

std::string_view GradeName(Grade grade) { return kGrades.at(static_cast<size_t>(grade)); }
std::string_view FieldName(FloorField field) { return kFields.at(static_cast<size_t>(field)); }
std::string_view CellKindName(CellKind kind) { return kKinds.at(static_cast<size_t>(kind)); }

std::optional<TcbComponent> ComponentOf(FloorField field) {
  if (field >= FloorField::kVersion) return std::nullopt;
  return kTcbComponents.at(static_cast<size_t>(field));
}

std::string VersionText(uint64_t packed) {
  return StrCat(packed >> 16, ".", packed >> 8 & 0xff, ".", packed & 0xff);
}

std::string DayText(Instant day) { return FormatRfc3339(day).substr(0, 10); }

bool FloorLine::Contains(const CpuId& cpuid) const {
  return family == cpuid.family && first_model <= cpuid.model && cpuid.model <= last_model &&
         first_stepping <= cpuid.stepping && cpuid.stepping <= last_stepping;
}

const FloorLine* FloorDocument::LineOf(const CpuId& cpuid) const {
  const auto line = std::ranges::find_if(lines, [&](const FloorLine& l) { return l.Contains(cpuid); });
  return line == lines.end() ? nullptr : &*line;
}

const FloorLine* FloorDocument::FindLine(std::string_view id) const {
  const auto line = std::ranges::find(lines, id, &FloorLine::id);
  return line == lines.end() ? nullptr : &*line;
}

std::optional<size_t> FloorDocument::FindBulletin(std::string_view id) const {
  const auto bulletin = std::ranges::find(bulletins, id, &FloorBulletin::id);
  if (bulletin == bulletins.end()) return std::nullopt;
  return static_cast<size_t>(bulletin - bulletins.begin());
}

const FloorLevel* FloorDocument::FindLevel(std::string_view level) const {
  const auto found = std::ranges::find(levels, level, &FloorLevel::name);
  return found == levels.end() ? nullptr : &*found;
}

std::string FloorDocument::Title() const {
  return StrCat(name, " ", number, overlay ? StrCat(" + ", overlay->name, " ", overlay->number) : "");
}

void FloorDocument::FindCommon() {
  in_common.clear();
  for (const FloorLine& line : lines) {
    const auto [common, first] = in_common.try_emplace(line.product, line);
    if (!first) Intersect(common->second, line);
  }
  for (auto& [product, common] : in_common) common.id = common.title = ProductName(product);
}

}  // namespace thimble::amd
