// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble::amd {
namespace {

struct Component {
  std::string_view name;    // in the result
  std::string_view update;  // what raises it
  std::optional<uint8_t> FloorEntry::*minimum;
};

constexpr std::array<Component, 5> kComponents = {{
    {"snp.fmc", "platform firmware (FMC)", &FloorEntry::fmc},
    {"snp.bootloader", "platform firmware (PSP boot loader)", &FloorEntry::bootloader},
    {"snp.tee", "platform firmware (PSP OS)", &FloorEntry::tee},
    {"snp.snp", "SNP firmware", &FloorEntry::snp},
    {"snp.microcode", "CPU microcode", &FloorEntry::microcode},
}};

std::array<uint8_t, kComponents.size()> Have(const TcbVersion& tcb) {
  return {tcb.fmc.value_or(0), tcb.bootloader.value_or(0), tcb.tee.value_or(0), tcb.snp.value_or(0), tcb.microcode.value_or(0)};
}

std::vector<const FloorEntry*> EntriesFor(const FloorTable& table, const std::optional<CpuId>& cpuid) {
  std::vector<const FloorEntry*> out;
  if (!cpuid) return out;
  for (const FloorEntry& entry : table.entries) {
    if (entry.family == cpuid->family && entry.models.Contains(cpuid->model) &&
        entry.steppings.Contains(cpuid->stepping)) {
      out.push_back(&entry);
    }
  }
  return out;
}

void FloorUnknown(Verdict& verdict, const std::optional<CpuId>& cpuid, AmdFloorMode mode) {
  if (mode == AmdFloorMode::kIfKnown) {
    verdict.checks.SetNotRun(Check::kSnpFloorUnknown, "no floor for this CPU, and amd_floor = if_known");
    return;
  }
  SoftUnless(verdict, Check::kSnpFloorUnknown, false, [&] {
    const std::string cpu =
        cpuid ? StrCat("CPU family ", cpuid->family, ", model ", cpuid->model, ", stepping ", cpuid->stepping)
              : "a version 2 report, which does not name its CPU";
    return StrCat("no floor for ", cpu, ": ", verdict.floor.empty() ? "none is configured" : verdict.floor);
  });
}

// One component against the highest minimum that an entry asks for.
void Compare(Verdict& verdict, const Component& component, uint8_t have,
             const std::vector<const FloorEntry*>& entries) {
  uint8_t need = 0;
  for (const FloorEntry* entry : entries) {
    const uint8_t minimum = (entry->*component.minimum).value_or(0);
    need = std::max(need, minimum);
    if (have < minimum) verdict.advisories.push_back(entry->bulletin);
  }
  if (have < need) {
    verdict.shortfalls.push_back({std::string(component.name), have, need, std::string(component.update)});
  }
}

}  // namespace

void ApplyFloor(Verdict& verdict, const FloorTable& table, AmdFloorMode mode) {
  const auto* claims = std::get_if<SnpClaims>(&verdict.claims);
  if (!verdict.authentic || claims == nullptr || !claims->reported_tcb) return;
  verdict.floor = table.name;
  const auto entries = EntriesFor(table, claims->cpuid);
  if (entries.empty()) return FloorUnknown(verdict, claims->cpuid, mode);
  verdict.checks.Set(Check::kSnpFloorUnknown, CheckResult::kPassed);
  const auto have = Have(*claims->reported_tcb);
  for (size_t i = 0; i < kComponents.size(); ++i) Compare(verdict, kComponents[i], have[i], entries);
  auto& advisories = verdict.advisories;
  std::sort(advisories.begin(), advisories.end());
  advisories.erase(std::unique(advisories.begin(), advisories.end()), advisories.end());
  verdict.tcb_status = verdict.shortfalls.empty() ? TcbStatus::kUpToDate : TcbStatus::kOutOfDate;
}

}  // namespace thimble::amd
