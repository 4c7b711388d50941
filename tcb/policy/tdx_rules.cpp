// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

// Bits under the mask of `td_attributes` are that rule's to answer for.
uint64_t Unmasked(const TdxRules& tdx) {
  return tdx.td_attributes ? ~LittleEndian(tdx.td_attributes->mask) : ~uint64_t{0};
}

void AddAttributeRules(const intel::TdxClaims* claims, const TdxRules& tdx, RuleList& rules) {
  const auto bytes = [&](const auto& field) { return std::optional<ByteView>(field.view()); };
  rules.Matches("tdx.td_attributes", tdx.td_attributes,
                claims != nullptr ? bytes(claims->td_attributes) : std::nullopt);
  rules.Matches("tdx.xfam", tdx.xfam, claims != nullptr ? bytes(claims->xfam) : std::nullopt);
  const auto any_of = [&](uint64_t bits) {
    return claims != nullptr ? std::optional((claims->attributes() & bits) != 0) : std::nullopt;
  };
  rules.Permission("tdx.allow_migratable", tdx.allow_migratable,
                   any_of(intel::kTdMigratable & Unmasked(tdx)));
  rules.Permission("tdx.allow_reserved_attributes", tdx.allow_reserved_attributes,
                   any_of(intel::kTdReserved & Unmasked(tdx)));
  if (tdx.require_sept_ve_disable) {
    const auto set = any_of(intel::kTdSeptVeDisable);
    rules.Add("tdx.require_sept_ve_disable", "true", set ? JsonBool(*set) : "null", set.value_or(false));
  }
  if (tdx.forbid_reserved_attributes) {
    const auto set = any_of(intel::kTdReserved | intel::kTdReservedTud);
    rules.Add("tdx.forbid_reserved_attributes", "true",
              claims != nullptr ? json::Escape(claims->td_attributes.hex()) : "null", !set.value_or(true));
  }
}

void AddServiceTdRules(const intel::TdxClaims* claims, const TdxRules& tdx, RuleList& rules) {
  const auto found = claims != nullptr ? claims->mr_service_td : std::optional<intel::Measurement384>();
  rules.AnyOf("tdx.mrservicetd", tdx.mrservicetd, found);
  if (tdx.forbid_service_td) {
    rules.Add("tdx.forbid_service_td", "true", found ? json::Escape(found->hex()) : "null",
              found && found->zero());
  }
}

}  // namespace

void AddTdxRules(const Verdict& verdict, const TdxRules& tdx, RuleList& rules) {
  using intel::TdxClaims;
  const auto* claims = std::get_if<TdxClaims>(&verdict.claims);
  const auto found = [&](intel::Measurement384 TdxClaims::*field) {
    return claims != nullptr ? std::optional(claims->*field) : std::nullopt;
  };
  rules.AnyOf("tdx.mrtd", tdx.mrtd, found(&TdxClaims::mr_td));
  rules.AnyOf("tdx.mrseam", tdx.mrseam, found(&TdxClaims::mr_seam));
  rules.AnyOf("tdx.rtmr0", tdx.rtmr0, found(&TdxClaims::rtmr0));
  rules.AnyOf("tdx.rtmr1", tdx.rtmr1, found(&TdxClaims::rtmr1));
  rules.AnyOf("tdx.rtmr2", tdx.rtmr2, found(&TdxClaims::rtmr2));
  rules.AnyOf("tdx.rtmr3", tdx.rtmr3, found(&TdxClaims::rtmr3));
  rules.AnyOf("tdx.mrconfigid", tdx.mrconfigid, found(&TdxClaims::mr_config_id));
  rules.AnyOf("tdx.mrowner", tdx.mrowner, found(&TdxClaims::mr_owner));
  rules.AnyOf("tdx.mrownerconfig", tdx.mrownerconfig, found(&TdxClaims::mr_owner_config));
  AddServiceTdRules(claims, tdx, rules);
  AddAttributeRules(claims, tdx, rules);
}

}  // namespace thimble::policy
