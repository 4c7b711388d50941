// SPDX-License-Identifier: Apache-2.0
//
// Rules on what the platform may do: debugging, migration, threads, and where a local floor is known.
#include <algorithm>

#include "tcb/amd/floor_document.h"
#include "tcb/check.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

constexpr uint64_t kSmtEnabled = 1;  // PLATFORM_INFO bit 0

bool HasFinding(const Verdict& verdict, Check check) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(),
                     [&](const Finding& f) { return f.check == check; });
}

bool IsDebug(const Verdict& verdict) {
  return HasFinding(verdict, Check::kSgxDebug) || HasFinding(verdict, Check::kTdxDebug) ||
         HasFinding(verdict, Check::kSnpDebug) || HasFinding(verdict, Check::kVbsDebug);
}

// nullopt: nothing says.
std::optional<bool> HasSmt(const Verdict& verdict) {
  if (const auto* facts = std::get_if<intel::PlatformFacts>(&verdict.platform)) return facts->smt_enabled;
  if (const auto* claims = std::get_if<amd::SnpClaims>(&verdict.claims))
    return (claims->platform_info & kSmtEnabled) != 0;
  return std::nullopt;
}

void AddIntelRules(const intel::PlatformFacts* facts, const Policy& policy, RuleList& rules) {
  const auto fact = [&](std::optional<bool> intel::PlatformFacts::*field) {
    return facts != nullptr ? facts->*field : std::nullopt;
  };
  if (policy.allow_dynamic_platform) {
    rules.Permission("allow_dynamic_platform", *policy.allow_dynamic_platform,
                     fact(&intel::PlatformFacts::dynamic_platform));
  }
  if (policy.allow_cached_keys) {
    rules.Permission("allow_cached_keys", *policy.allow_cached_keys,
                     fact(&intel::PlatformFacts::cached_keys));
  }
  if (policy.sgx_types.empty()) return;
  const auto& wanted = policy.sgx_types;
  const auto name = [](intel::SgxType type) { return json::Escape(intel::SgxTypeName(type)); };
  rules.Add("sgx_types", JsonList(wanted, name), facts != nullptr ? name(facts->sgx_type) : "null",
            facts != nullptr && std::find(wanted.begin(), wanted.end(), facts->sgx_type) != wanted.end());
}

void AddAmdRules(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  rules.Permission("allow_migration", policy.allow_migration, HasFinding(verdict, Check::kSnpMigration));
  const bool unknown = HasFinding(verdict, Check::kSnpFloorUnknown);
  const bool unproven = HasFinding(verdict, Check::kSnpFloorUnproven);
  const auto& floors = verdict.floors;
  const std::string found = json::Escape(floors ? floors->document->Title() : "none");
  switch (policy.amd_floor) {
    case AmdFloorMode::kRequire:
      rules.Add("amd_floor", "\"require\"", found, !unknown);
      break;
    case AmdFloorMode::kIfKnown:
      rules.Add("amd_floor", "\"if_known\"", found, true);
      break;
    case AmdFloorMode::kComplete:
      rules.Add("amd_floor", "\"complete\"", found, !unknown && !unproven);
      break;
  }
  // Floors without this level judge by all of theirs: a name that is spelled wrong asks for more, not for less.
  rules.Add("amd_level", json::Escape(policy.amd_level), floors ? json::Escape(floors->level) : "null",
            !floors || floors->level == policy.amd_level);
  rules.Permission("allow_stale_floor", policy.allow_stale_floor, HasFinding(verdict, Check::kSnpFloorStale));
}

}  // namespace

void AddPlatformRules(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  rules.Permission("allow_debug", policy.allow_debug, IsDebug(verdict));
  if (!IsHardwareTee(verdict.tee)) return;
  if (policy.allow_smt) rules.Permission("allow_smt", *policy.allow_smt, HasSmt(verdict));
  if (verdict.tee == Tee::kSnp) return AddAmdRules(verdict, policy, rules);
  AddIntelRules(std::get_if<intel::PlatformFacts>(&verdict.platform), policy, rules);
}

}  // namespace thimble::policy
