// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/vbs_rules.h"

#include "tcb/policy/rule_list.h"

namespace thimble::policy {

void AddVbsRules(const Verdict& verdict, const VbsRules& asked, RuleList& rules) {
  const vbs::Claims* const claims = verdict.vbs.get();
  const auto of = [claims](auto vbs::Claims::*field) {
    using Field = std::remove_cvref_t<decltype(claims->*field)>;
    return claims != nullptr ? std::optional<Field>(claims->*field) : std::nullopt;
  };
  rules.AnyOf("vbs.owner_id", asked.owner_id, of(&vbs::Claims::owner_id));
  rules.AnyOf("vbs.author_id", asked.author_id, of(&vbs::Claims::author_id));
  rules.AnyOf("vbs.unique_id", asked.unique_id, of(&vbs::Claims::unique_id));
  rules.AnyOf("vbs.family_id", asked.family_id, of(&vbs::Claims::family_id));
  rules.AnyOf("vbs.image_id", asked.image_id, of(&vbs::Claims::image_id));
  rules.AtLeast("vbs.min_enclave_svn", asked.min_enclave_svn, of(&vbs::Claims::enclave_svn));
  rules.AtLeast("vbs.min_secure_kernel_svn", asked.min_secure_kernel_svn,
                of(&vbs::Claims::secure_kernel_svn));
  rules.AtLeast("vbs.min_platform_svn", asked.min_platform_svn, of(&vbs::Claims::platform_svn));
}

}  // namespace thimble::policy
