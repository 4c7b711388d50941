// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

void AddAttributeRules(const intel::TdxClaims* claims, const TdxRules& tdx, RuleList& rules) {
  const auto bytes = [&](const auto& field) { return std::optional<ByteView>(field.view()); };
  rules.Matches("tdx.td_attributes", tdx.td_attributes,
                claims != nullptr ? bytes(claims->td_attributes) : std::nullopt);
  rules.Matches("tdx.xfam", tdx.xfam, claims != nullptr ? bytes(claims->xfam) : std::nullopt);
  if (tdx.require_sept_ve_disable) {
    const bool set =
        claims != nullptr &&
        (claims->td_attributes.bytes()[kSeptVeDisableBit / 8] >> (kSeptVeDisableBit % 8) & 1) != 0;
    rules.Add("tdx.require_sept_ve_disable", "true", claims != nullptr ? JsonBool(set) : "null", set);
  }
  if (tdx.forbid_reserved_attributes) {
    const BitPattern<8> none{{}, kReservedTdAttributes};
    rules.Add("tdx.forbid_reserved_attributes", "true",
              claims != nullptr ? json::Escape(claims->td_attributes.hex()) : "null",
              claims != nullptr && none.Matches(claims->td_attributes.view()));
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
  rules.AnyOf("tdx.mrservicetd", tdx.mrservicetd,
              claims != nullptr ? claims->mr_service_td : std::optional<intel::Measurement384>());
  AddAttributeRules(claims, tdx, rules);
}

}  // namespace thimble::policy
