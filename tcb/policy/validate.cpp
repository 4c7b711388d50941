// SPDX-License-Identifier: Apache-2.0
//
// Rules that contradict each other, or that nothing can satisfy. A policy that refuses everything by mistake, or
// accepts by a rule that another one cancels, is found when it is loaded.
#include <algorithm>

#include "tcb/amd/named_bits.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy.h"

namespace thimble {
namespace {

Error Refuse(std::string_view key, std::string_view reason) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, StrCat(key, ": ", reason)};
}

template <class List, class Entry>
bool Contains(const List& list, const Entry& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

Status CheckStatuses(const Policy& policy) {
  if (policy.accepted_statuses.empty()) return Refuse("accepted_statuses", "accepts nothing");
  if (Contains(policy.accepted_statuses, TcbStatus::kRevoked)) {
    return Refuse("accepted_statuses", "Revoked is never accepted");
  }
  if (Contains(policy.accepted_qe_statuses, TcbStatus::kRevoked)) {
    return Refuse("accepted_qe_statuses", "Revoked is never accepted");
  }
  return {};
}

Status CheckDurations(const Policy& policy) {
  if (policy.collateral_grace < Seconds(0)) return Refuse("collateral_grace", "is negative");
  const MaxCollateralAge& most = policy.max_collateral_age;
  for (const auto& [key, age] : {std::pair("max_collateral_age.crl", most.crl),
                                 std::pair("max_collateral_age.tcb_info", most.tcb_info),
                                 std::pair("max_collateral_age.identity", most.identity)}) {
    if (age && *age <= Seconds(0)) return Refuse(key, "lets nothing pass: it must be more than 0s");
  }
  if (policy.platform_grace.value_or(Seconds(0)) < Seconds(0)) return Refuse("platform_grace", "is negative");
  if (policy.qe_grace.value_or(Seconds(0)) < Seconds(0)) return Refuse("qe_grace", "is negative");
  return {};
}

Status CheckAdvisories(const Policy& policy) {
  for (const AdvisoryEntry& rejected : policy.rejected_advisories) {
    if (!policy.accepted_advisories) break;
    const bool both = std::any_of(policy.accepted_advisories->begin(), policy.accepted_advisories->end(),
                                  [&](const AdvisoryEntry& accepted) { return accepted.id == rejected.id; });
    if (both) return Refuse("rejected_advisories", StrCat(rejected.id, " is in accepted_advisories, too"));
  }
  return {};
}

template <size_t N>
Status CheckPattern(std::string_view key, const std::optional<BitPattern<N>>& pattern) {
  if (!pattern) return {};
  for (size_t i = 0; i < N; ++i) {
    if ((pattern->value.at(i) & ~pattern->mask.at(i)) != 0) {
      return Refuse(
          key, StrCat(HexLower(pattern->value), " has bits outside of its mask ", HexLower(pattern->mask)));
    }
  }
  return {};
}

Status CheckSgx(const Policy& policy) {
  const SgxRules& sgx = policy.sgx;
  TRY(CheckPattern("sgx.attributes", sgx.attributes));
  TRY(CheckPattern("sgx.miscselect", sgx.miscselect));
  constexpr size_t kDebugBit = 1;
  if (sgx.attributes && sgx.attributes->Demands(kDebugBit, true) && !policy.allow_debug) {
    return Refuse("sgx.attributes", "demands DEBUG, and allow_debug is false");
  }
  return {};
}

// A bit that the attribute pattern demands and a rule forbids, or the other way round.
Status CheckTdx(const Policy& policy) {
  const TdxRules& tdx = policy.tdx;
  TRY(CheckPattern("tdx.td_attributes", tdx.td_attributes));
  TRY(CheckPattern("tdx.xfam", tdx.xfam));
  if (tdx.allow_reserved_attributes && tdx.forbid_reserved_attributes) {
    return Refuse("tdx.allow_reserved_attributes", "is true, and forbid_reserved_attributes is, too");
  }
  const bool service_td =
      std::any_of(tdx.mrservicetd.begin(), tdx.mrservicetd.end(), [](const auto& id) { return !id.zero(); });
  if (tdx.forbid_service_td && service_td) {
    return Refuse("tdx.mrservicetd", "lists a service TD, and forbid_service_td is true");
  }
  if (!tdx.td_attributes) return {};
  const BitPattern<8>& attributes = *tdx.td_attributes;
  const uint64_t mask = LittleEndian(attributes.mask), value = LittleEndian(attributes.value);
  const auto demands_zero = [&](uint64_t bits) { return (mask & bits) == bits && (value & bits) == 0; };
  if ((value & intel::kTdTud) != 0 && !policy.allow_debug) {
    return Refuse("tdx.td_attributes", "demands a bit of byte 0 (TUD), and allow_debug is false");
  }
  if (tdx.require_sept_ve_disable && demands_zero(intel::kTdSeptVeDisable)) {
    return Refuse("tdx.td_attributes",
                  "demands SEPT_VE_DISABLE to be 0, and require_sept_ve_disable is true");
  }
  if (tdx.forbid_reserved_attributes && (value & (intel::kTdReserved | intel::kTdReservedTud)) != 0) {
    return Refuse("tdx.td_attributes", "demands a reserved bit, and forbid_reserved_attributes is true");
  }
  if (tdx.allow_migratable && demands_zero(intel::kTdMigratable)) {
    return Refuse("tdx.td_attributes", "demands MIGRATABLE to be 0, and allow_migratable is true");
  }
  if (tdx.allow_reserved_attributes && demands_zero(intel::kTdReserved)) {
    return Refuse("tdx.td_attributes",
                  "demands reserved bits to be 0, and allow_reserved_attributes is true");
  }
  return {};
}

Status CheckMinTcb(std::string_view key, const TcbMinimums& minimums, const SnpRules& snp) {
  for (const auto& [cpus, minimum] : minimums) {
    const amd::Cpus& given = cpus;  // clang 14 captures no structured binding
    for (const amd::TcbComponent component : amd::kTcbComponents) {
      if (minimum.At(component) && !amd::TraitsOf(given.product).layout.Has(component))
        return Refuse(key, StrCat(given.name(), " has no component ", amd::ComponentName(component)));
    }
    const bool wanted = std::any_of(snp.products.begin(), snp.products.end(), [&](const amd::Cpus& product) {
      return product.Contains(given) || given.Contains(product);
    });
    if (!snp.products.empty() && !wanted) {
      return Refuse(key, StrCat(given.name(), " is not in snp.products"));
    }
  }
  for (const amd::Cpus& product : snp.products) {
    const bool given = std::any_of(minimums.begin(), minimums.end(),
                                   [&](const auto& minimum) { return minimum.first.Contains(product); });
    if (!minimums.empty() && !given) {
      return Refuse(key, StrCat("has no minimum for ", product.name(), ", which is in snp.products"));
    }
  }
  return {};
}

Status CheckSnpBits(const Policy& policy) {
  const SnpRules& snp = policy.snp;
  const auto debug = *MaskOfBit(amd::kGuestPolicyBits, "DEBUG"),
             migrate = *MaskOfBit(amd::kGuestPolicyBits, "MIGRATE_MA");
  const auto smt = *MaskOfBit(amd::kPlatformInfoBits, "SMT_EN");
  const auto refuse = [](std::string_view key, std::string_view bit, std::string_view other) {
    return Refuse(key, StrCat("has ", bit, ", and so ", other));
  };
  if (const uint64_t both = snp.policy_required & snp.policy_forbidden; both != 0) {
    return refuse("snp.policy_required", NamesOfBits(amd::kGuestPolicyBits, both).front(),
                  "has policy_forbidden");
  }
  if (const uint64_t both = snp.platform_info_required & snp.platform_info_forbidden; both != 0) {
    return refuse("snp.platform_info_required", NamesOfBits(amd::kPlatformInfoBits, both).front(),
                  "has platform_info_forbidden");
  }
  if ((snp.policy_required & debug) != 0 && !policy.allow_debug) {
    return Refuse("snp.policy_required", "has DEBUG, and allow_debug is false");
  }
  if ((snp.policy_required & migrate) != 0 && !policy.allow_migration) {
    return Refuse("snp.policy_required", "has MIGRATE_MA, and allow_migration is false");
  }
  if ((snp.policy_forbidden & debug) != 0 && policy.allow_debug) {
    return Refuse("snp.policy_forbidden", "has DEBUG, and allow_debug is true");
  }
  if ((snp.policy_forbidden & migrate) != 0 && policy.allow_migration) {
    return Refuse("snp.policy_forbidden", "has MIGRATE_MA, and allow_migration is true");
  }
  if ((snp.platform_info_required & smt) != 0 && policy.allow_smt == false) {
    return Refuse("snp.platform_info_required", "has SMT_EN, and allow_smt is false");
  }
  if ((snp.platform_info_forbidden & smt) != 0 && policy.allow_smt == true) {
    return Refuse("snp.platform_info_forbidden", "has SMT_EN, and allow_smt is true");
  }
  return {};
}

Status CheckSnp(const Policy& policy) {
  const SnpRules& snp = policy.snp;
  TRY(CheckSnpBits(policy));
  TRY(CheckMinTcb("snp.min_reported_tcb", snp.min_reported_tcb, snp));
  TRY(CheckMinTcb("snp.min_committed_tcb", snp.min_committed_tcb, snp));
  TRY(CheckMinTcb("snp.min_current_tcb", snp.min_current_tcb, snp));
  TRY(CheckMinTcb("snp.min_launch_tcb", snp.min_launch_tcb, snp));
  for (const uint32_t vmpl : snp.vmpl) {
    if (vmpl > 3) return Refuse("snp.vmpl", StrCat(vmpl, " is not 0 to 3"));
  }
  const bool no_chip =
      std::any_of(snp.chip_id.begin(), snp.chip_id.end(), [](const auto& id) { return id.zero(); });
  if (no_chip) return Refuse("snp.chip_id", "all zeros stands for no chip");
  return {};
}

Status CheckUvm(const Policy& policy) {
  if (policy.uvm.accepted.empty()) return Refuse("uvm.accepted", "accepts nothing");
  for (const AcceptedUvm& one : policy.uvm.accepted) {
    if (one.issuer.empty() || one.feed.empty())
      return Refuse("uvm.accepted", "each has an issuer and a feed");
    // Of two the lower min_svn would count.
    const bool twice = std::ranges::any_of(policy.uvm.accepted, [&](const AcceptedUvm& other) {
      return &other != &one && other.issuer == one.issuer && other.feed == one.feed;
    });
    if (twice) return Refuse("uvm.accepted", StrCat("has ", one.feed, " of this issuer twice"));
  }
  return {};
}

using PcrRules = std::map<uint16_t, std::map<uint8_t, std::vector<Bytes>>>;

Status CheckPcrs(std::string_view key, const PcrRules& pcr) {
  for (const auto& [bank, numbers] : pcr) {
    const std::string name = tpm::PcrBankName(bank);
    const tpm::PcrBank* const known = tpm::FindPcrBank(name);
    if (known == nullptr) return Refuse(key, StrCat(name, " is no bank that is known"));
    if (bank == tpm::kSha1)
      return Refuse(key, "a PCR of the SHA-1 bank proves nothing: it is shown, and never judged");
    for (const auto& [number, values] : numbers) {
      if (number >= tpm::kPcrCount) return Refuse(key, StrCat(number, " is not 0 to 31"));
      if (values.empty()) return Refuse(key, StrCat(name, ".", number, " accepts nothing"));
      const bool fit =
          std::ranges::all_of(values, [&](const Bytes& value) { return value.size() == known->digest_size; });
      if (!fit) {
        return Refuse(key,
                      StrCat(name, ".", number, ": a value has ", 2 * known->digest_size, " hex digits"));
      }
    }
  }
  return {};
}

Status CheckTpm(const Policy& policy) {
  for (const auto& [bank, numbers] : policy.tpm.required_pcrs) {
    constexpr std::string_view kKey = "tpm.required_pcrs";
    if (bank == tpm::kSha1 || tpm::FindPcrBank(tpm::PcrBankName(bank)) == nullptr)
      return Refuse(kKey, StrCat(tpm::PcrBankName(bank), " is no bank that can prove anything"));
    for (const uint16_t number : numbers) {
      if (number >= tpm::kPcrCount) return Refuse(kKey, StrCat(number, " is not 0 to 31"));
    }
  }
  return CheckPcrs("tpm.pcr", policy.tpm.pcr);
}

// What is asked for may not be restricted.
Status CheckRestricted(const Policy& policy) {
  const RestrictedList& restricted = policy.restricted;
  const auto free = [&](std::string_view key, const auto& wanted) -> Status {
    for (const auto& value : wanted) {
      if (restricted.measurement.contains(Bytes(value.view().begin(), value.view().end()))) {
        return Refuse(key, StrCat(value.hex(), " is in restricted.measurement, too"));
      }
    }
    return {};
  };
  TRY(free("sgx.mrenclave", policy.sgx.mrenclave));
  TRY(free("tdx.mrtd", policy.tdx.mrtd));
  TRY(free("snp.measurement", policy.snp.measurement));
  for (const amd::ChipId& chip : policy.snp.chip_id) {
    if (restricted.chip_id.contains(chip)) {
      return Refuse("snp.chip_id", StrCat(chip.hex(), " is in restricted.chip_id, too"));
    }
  }
  return {};
}

Status CheckOverrides(const Policy& policy) {
  for (const auto& [evidence, special] : policy.overrides) {
    const std::string_view name = EvidenceClassName(evidence);
    if (!special->overrides.empty()) return Refuse(name, "an override has overrides");
    if (evidence == EvidenceClass::kOpenEnclave) return Refuse(name, "is no TEE: it has no rules of its own");
    // An enclave's quote in Open Enclave wrapping is asked for by either class.
    const bool wrapped =
        evidence == EvidenceClass::kSgx && Contains(policy.evidence, EvidenceClass::kOpenEnclave);
    if (!policy.evidence.empty() && !Contains(policy.evidence, evidence) && !wrapped) {
      return Refuse("evidence", StrCat("has no ", name, ", for which there are rules"));
    }
    TRY(Validate(*special));
  }
  return {};
}

}  // namespace

Status Validate(const Policy& policy) {
  TRY(CheckStatuses(policy));
  TRY(CheckDurations(policy));
  TRY(CheckAdvisories(policy));
  TRY(CheckSgx(policy));
  TRY(CheckTdx(policy));
  TRY(CheckSnp(policy));
  TRY(CheckPcrs("hcl.pcr", policy.hcl.pcr));
  TRY(CheckTpm(policy));
  TRY(CheckUvm(policy));
  TRY(CheckRestricted(policy));
  return CheckOverrides(policy);
}

}  // namespace thimble
