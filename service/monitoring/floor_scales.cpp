// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/floor_scales.h"

#include <algorithm>
#include <array>

#include "tcb/amd/product.h"
#include "tcb/impact.h"

namespace thimble {
namespace {

constexpr std::array kFields = {amd::FloorField::kFmc, amd::FloorField::kBootloader, amd::FloorField::kTee,
                                amd::FloorField::kSnp, amd::FloorField::kMicrocode};

// A report of version 2 names no CPU: it is held to what all lines of its product ask.
const amd::FloorLine* LineOf(const amd::FloorDocument& floors, const AmdTcbRecord& tcb) {
  if (tcb.cpuid) return floors.LineOf(*tcb.cpuid);
  const auto common = floors.in_common.find(tcb.reported.product);
  return common != floors.in_common.end() ? &common->second : nullptr;
}

// What bulletins that were published ask.
FloorScale ScaleOf(const amd::FloorDocument& floors, const amd::FloorLine& line, amd::FloorField field,
                   Instant now) {
  FloorScale scale{std::string(amd::FieldName(field)), 0, "", {}};
  for (size_t i = 0; i < line.cells.size() && i < floors.bulletins.size(); ++i) {
    if (floors.bulletins[i].published > now) continue;
    for (const amd::FloorRequirement& asked : line.cells[i].min) {
      if (asked.field != field || !amd::Judges(asked.grade) || asked.value <= scale.need) continue;
      scale.need = asked.value;
      scale.bulletin = floors.bulletins[i].id;
    }
  }
  return scale;
}

LineScales Begin(const amd::FloorDocument& floors, const amd::FloorLine* line, std::string name,
                 amd::Product product, Instant now) {
  LineScales out;
  out.line = std::move(name);
  for (const amd::FloorField field : kFields) {
    if (!amd::TraitsOf(product).layout.Has(*amd::ComponentOf(field))) continue;
    out.scales.push_back(line != nullptr ? ScaleOf(floors, *line, field, now)
                                         : FloorScale{std::string(amd::FieldName(field)), 0, "", {}});
  }
  return out;
}

void Stand(const RememberedTcb& platforms, const AmdTcbRecord& tcb, const ReferenceSet& references,
           Instant now, LineScales& scales) {
  for (FloorScale& scale : scales.scales) {
    for (const amd::FloorField field : kFields) {
      if (amd::FieldName(field) != scale.component) continue;
      if (const auto svn = tcb.reported.At(*amd::ComponentOf(field))) scale.seen[*svn] += platforms.count;
    }
  }
  const TcbOutcome outcome = Judge(tcb, references, now);
  scales.by_status[outcome.status ? std::string(TcbStatusName(*outcome.status)) : "no status"] +=
      platforms.count;
  scales.sightings += platforms.count;
}

}  // namespace

std::vector<LineScales> MakeFloorScales(const amd::FloorsPtr& floors, const std::vector<RememberedTcb>& seen,
                                        Instant now) {
  if (!floors) return {};
  ReferenceSet references;
  references.floors = floors;
  std::map<std::string, LineScales> lines;
  for (const RememberedTcb& platforms : seen) {
    const auto* tcb = std::get_if<AmdTcbRecord>(&platforms.tcb);
    if (tcb == nullptr) continue;
    const amd::FloorLine* const line = LineOf(*floors, *tcb);
    const amd::Product product = tcb->reported.product;
    std::string name(amd::TraitsOf(product).name);
    if (line == nullptr)
      name += ", a CPU that the floors do not know";
    else if (!tcb->cpuid)
      name += ", CPU not named";
    else
      name = line->title.empty() ? line->id : line->title;
    auto [place, fresh] = lines.try_emplace(name);
    if (fresh) place->second = Begin(*floors, line, name, product, now);
    Stand(platforms, *tcb, references, now, place->second);
  }
  std::vector<LineScales> out;
  for (auto& [name, scales] : lines) out.push_back(std::move(scales));
  std::ranges::stable_sort(out, std::greater<>(), &LineScales::sightings);
  return out;
}

}  // namespace thimble
