// SPDX-License-Identifier: Apache-2.0
//
// The members of a policy, by name: the one table that whatever goes over all of them is made from. A member that is
// added to a struct and not to its row here does not compile. Internal to tcb/.
#pragma once

#include <concepts>
#include <string_view>
#include <type_traits>

#include "tcb/policy.h"

namespace thimble::policy {

// visit(name, member) for each; `names` is "a, b, c".
inline void VisitNamed(std::string_view, const auto&) {}
template <class First, class... Rest>
void VisitNamed(std::string_view names, const auto& visit, First& first, Rest&... rest) {
  const size_t comma = names.find(',');
  visit(names.substr(0, comma), first);
  if constexpr (sizeof...(rest) > 0)
    VisitNamed(names.substr(names.find_first_not_of(", ", comma)), visit, rest...);
}

// In the order of the struct: the binding goes by place, and tests hold the names to the configuration's keys.
#define THIMBLE_MEMBERS(Type, ...)                                   \
  template <class Object, class Visit>                               \
  requires std::same_as<std::remove_const_t<Object>, Type>           \
  void ForEachMember(Object& object, const Visit& visit) {           \
    auto& [__VA_ARGS__] = object;                                    \
    ::thimble::policy::VisitNamed(#__VA_ARGS__, visit, __VA_ARGS__); \
  }

THIMBLE_MEMBERS(AdvisoryEntry, id, until)
THIMBLE_MEMBERS(TcbMinimum, fmc, bootloader, tee, snp, microcode)
THIMBLE_MEMBERS(AbiVersion, major, minor)
THIMBLE_MEMBERS(amd::FirmwareVersion, major, minor, build)

THIMBLE_MEMBERS(SgxRules, mrenclave, mrsigner, isvprodid, min_isvsvn, configid, min_configsvn, isvextprodid,
                isvfamilyid, attributes, miscselect)
THIMBLE_MEMBERS(TdxRules, mrtd, mrseam, rtmr0, rtmr1, rtmr2, rtmr3, mrconfigid, mrowner, mrownerconfig,
                mrservicetd, td_attributes, xfam, allow_migratable, allow_reserved_attributes,
                require_sept_ve_disable, forbid_reserved_attributes, forbid_service_td)
THIMBLE_MEMBERS(HclRules, secure_boot, console_enabled, interactive_console_enabled, tpm_enabled,
                tpm_persisted, filtered_vpci_devices_allowed, vm_unique_id, user_data, pcr)
THIMBLE_MEMBERS(SnpRules, products, measurement, host_data, family_id, image_id, min_guest_svn, id_key_digest,
                author_key_digest, vmpl, policy_required, policy_forbidden, platform_info_required,
                platform_info_forbidden, min_abi, min_reported_tcb, min_committed_tcb, min_current_tcb,
                min_launch_tcb, min_current_version, min_committed_version, current_mitigations,
                launch_mitigations, allow_masked_chip_id, chip_id, csp_id)
THIMBLE_MEMBERS(AcceptedUvm, issuer, feed, min_svn)
THIMBLE_MEMBERS(uvm::LedgerKey, kid, point, ledger)
THIMBLE_MEMBERS(UvmRules, accepted, required, ledger_keys)
THIMBLE_MEMBERS(TpmRules, required_pcrs, pcr, allow_uncertified_ak)
THIMBLE_MEMBERS(VbsRules, owner_id, author_id, unique_id, family_id, image_id, min_enclave_svn,
                min_secure_kernel_svn, min_platform_svn)
THIMBLE_MEMBERS(RestrictedList, ppid_sha256, pck_serial, chip_id, measurement)
THIMBLE_MEMBERS(MaxCollateralAge, crl, tcb_info, identity)
THIMBLE_MEMBERS(Policy, id, sha256, evidence, accepted_statuses, accepted_advisories, rejected_advisories,
                min_tcb_evaluation, platform_grace, min_tcb_date, accepted_qe_statuses, qe_grace,
                min_qe_evaluation, collateral_grace, max_collateral_age, caller_collateral, allow_debug,
                allow_migration, allow_smt, allow_dynamic_platform, allow_cached_keys, sgx_types, amd_crl,
                amd_floor, amd_level, allow_stale_floor, sgx, tdx, snp, hcl, uvm, tpm, vbs, restricted,
                overrides)

#undef THIMBLE_MEMBERS

}  // namespace thimble::policy
