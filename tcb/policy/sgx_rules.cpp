// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/rule_list.h"

namespace thimble::policy {

void AddSgxRules(const Verdict& verdict, const SgxRules& sgx, RuleList& rules) {
  using intel::SgxClaims;
  const auto* claims = std::get_if<SgxClaims>(&verdict.claims);
  const auto found = [&](auto SgxClaims::*field) {
    using Field = std::decay_t<decltype(claims->*field)>;
    return claims != nullptr ? std::optional<Field>(claims->*field) : std::nullopt;
  };
  rules.AnyOf("sgx.mrenclave", sgx.mrenclave, found(&SgxClaims::mr_enclave));
  rules.AnyOf("sgx.mrsigner", sgx.mrsigner, found(&SgxClaims::mr_signer));
  rules.AnyOf("sgx.isvprodid", sgx.isvprodid, found(&SgxClaims::isv_prod_id));
  rules.AtLeast("sgx.min_isvsvn", sgx.min_isvsvn, found(&SgxClaims::isv_svn));
  rules.AnyOf("sgx.configid", sgx.configid, found(&SgxClaims::config_id));
  rules.AtLeast("sgx.min_configsvn", sgx.min_configsvn, found(&SgxClaims::config_svn));
  rules.AnyOf("sgx.isvextprodid", sgx.isvextprodid, found(&SgxClaims::isv_ext_prod_id));
  rules.AnyOf("sgx.isvfamilyid", sgx.isvfamilyid, found(&SgxClaims::isv_family_id));
  if (claims == nullptr) {
    rules.Matches("sgx.attributes", sgx.attributes, std::nullopt);
    return rules.Matches("sgx.miscselect", sgx.miscselect, std::nullopt);
  }
  rules.Matches("sgx.attributes", sgx.attributes, claims->attributes);
  std::array<uint8_t, 4> misc_select{};  // little endian, as in the report
  for (size_t i = 0; i < misc_select.size(); ++i)
    misc_select[i] = static_cast<uint8_t>(claims->misc_select >> (8 * i));
  rules.Matches("sgx.miscselect", sgx.miscselect, misc_select);
}

}  // namespace thimble::policy
