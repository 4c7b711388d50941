// SPDX-License-Identifier: Apache-2.0
#include "service/config/policy_toml.h"

#include "service/config/policy_keys.h"
#include "service/config/uvm_keys.h"
#include "service/support/file.h"
#include "tcb/amd/named_bits.h"
#include "tcb/policy/appraisal_policy.h"
#include "tcb/policy/digest.h"

namespace thimble {
namespace {

constexpr size_t kMaxPolicyBytes = 1u << 20;

// -- the tables --

// The keys that a TEE's section may have of its own, too.
TomlKeys TcbKeys(const TomlReader& r, Policy& p) {
  return {
      NotEmpty(r, ListKey(r, "accepted_statuses", p.accepted_statuses, ParseAcceptedStatus, kStatuses)),
      AdvisoriesKey(r, "accepted_advisories", p.accepted_advisories),
      AdvisoriesKey(r, "rejected_advisories", p.rejected_advisories),
      NumberKey(r, "min_tcb_evaluation", p.min_tcb_evaluation),
      DurationKey(r, "platform_grace", p.platform_grace),
      ParsedKey(r, "min_tcb_date", p.min_tcb_date, ParseTimeText, "a time, as \"2026-12-31T00:00:00Z\""),
      NotEmpty(r, ListKey(r, "accepted_qe_statuses", p.accepted_qe_statuses, ParseAcceptedStatus, kStatuses)),
      DurationKey(r, "qe_grace", p.qe_grace),
      NumberKey(r, "min_qe_evaluation", p.min_qe_evaluation),
      DurationKey(r, "collateral_grace", p.collateral_grace),
      MaxCollateralAgeKey(r, p.max_collateral_age),
      BoolKey(r, "allow_debug", p.allow_debug),
      BoolKey(r, "allow_smt", p.allow_smt),
      BoolKey(r, "allow_dynamic_platform", p.allow_dynamic_platform),
      BoolKey(r, "allow_cached_keys", p.allow_cached_keys),
      NotEmpty(r, ListKey(r, "sgx_types", p.sgx_types, ParseSgxType,
                          "\"Standard\", \"Scalable\" and \"ScalableWithIntegrity\""))};
}

TomlKeys SgxKeys(const TomlReader& r, SgxRules& sgx) {
  TomlKeys keys = {
      IdsKey(r, "mrenclave", sgx.mrenclave),       IdsKey(r, "mrsigner", sgx.mrsigner),
      NumbersKey(r, "isvprodid", sgx.isvprodid),   NumberKey(r, "min_isvsvn", sgx.min_isvsvn),
      IdsKey(r, "configid", sgx.configid),         NumberKey(r, "min_configsvn", sgx.min_configsvn),
      IdsKey(r, "isvextprodid", sgx.isvextprodid), IdsKey(r, "isvfamilyid", sgx.isvfamilyid)};
  AddPatternKeys(r, "attributes", "attributes_mask", sgx.attributes, keys);
  AddPatternKeys(r, "miscselect", "miscselect_mask", sgx.miscselect, keys);
  return keys;
}

TomlKeys TdxKeys(const TomlReader& r, TdxRules& tdx) {
  TomlKeys keys = {IdsKey(r, "mrtd", tdx.mrtd),
                   IdsKey(r, "mrseam", tdx.mrseam),
                   IdsKey(r, "rtmr0", tdx.rtmr0),
                   IdsKey(r, "rtmr1", tdx.rtmr1),
                   IdsKey(r, "rtmr2", tdx.rtmr2),
                   IdsKey(r, "rtmr3", tdx.rtmr3),
                   IdsKey(r, "mrconfigid", tdx.mrconfigid),
                   IdsKey(r, "mrowner", tdx.mrowner),
                   IdsKey(r, "mrownerconfig", tdx.mrownerconfig),
                   IdsKey(r, "mrservicetd", tdx.mrservicetd),
                   BoolKey(r, "allow_migratable", tdx.allow_migratable),
                   BoolKey(r, "allow_reserved_attributes", tdx.allow_reserved_attributes),
                   BoolKey(r, "forbid_service_td", tdx.forbid_service_td),
                   BoolKey(r, "require_sept_ve_disable", tdx.require_sept_ve_disable),
                   BoolKey(r, "forbid_reserved_attributes", tdx.forbid_reserved_attributes)};
  AddPatternKeys(r, "td_attributes", "td_attributes_mask", tdx.td_attributes, keys);
  AddPatternKeys(r, "xfam", "xfam_mask", tdx.xfam, keys);
  return keys;
}

TomlKeys SnpKeys(const TomlReader& r, SnpRules& snp) {
  return {NotEmpty(r, ListKey(r, "products", snp.products, amd::Cpus::FromName,
                              "\"Milan\", \"Genoa\", \"Turin\" and lines of them, as \"Siena\"")),
          IdsKey(r, "measurement", snp.measurement),
          IdsKey(r, "host_data", snp.host_data),
          IdsKey(r, "family_id", snp.family_id),
          IdsKey(r, "image_id", snp.image_id),
          NumberKey(r, "min_guest_svn", snp.min_guest_svn),
          IdsKey(r, "id_key_digest", snp.id_key_digest),
          IdsKey(r, "author_key_digest", snp.author_key_digest),
          NumbersKey(r, "vmpl", snp.vmpl),
          BitNamesKey(r, "policy_required", amd::kGuestPolicyBits, snp.policy_required),
          BitNamesKey(r, "policy_forbidden", amd::kGuestPolicyBits, snp.policy_forbidden),
          BitNamesKey(r, "platform_info_required", amd::kPlatformInfoBits, snp.platform_info_required),
          BitNamesKey(r, "platform_info_forbidden", amd::kPlatformInfoBits, snp.platform_info_forbidden),
          ParsedKey(r, "min_abi", snp.min_abi, ParseAbi, "a version, as \"1.51\""),
          MinTcbKey(r, "min_reported_tcb", snp.min_reported_tcb),
          MinTcbKey(r, "min_committed_tcb", snp.min_committed_tcb),
          MinTcbKey(r, "min_current_tcb", snp.min_current_tcb),
          MinTcbKey(r, "min_launch_tcb", snp.min_launch_tcb),
          ParsedKey(r, "min_current_version", snp.min_current_version, ParseFirmware,
                    "a version, as \"1.55.37\""),
          ParsedKey(r, "min_committed_version", snp.min_committed_version, ParseFirmware,
                    "a version, as \"1.55.37\""),
          BitNumbersKey(r, "current_mitigations", snp.current_mitigations),
          BitNumbersKey(r, "launch_mitigations", snp.launch_mitigations),
          BoolKey(r, "allow_masked_chip_id", snp.allow_masked_chip_id),
          NotEmpty(r, ListKey(r, "chip_id", snp.chip_id, ParseChip, "128 hex digits each, or 16 (Turin)")),
          NotEmpty(r, ListKey(r, "csp_id", snp.csp_id, ParseSomeText, "names in quotes"))};
}

TomlKeys HclKeys(const TomlReader& r, HclRules& hcl) {
  TomlKeys keys = {NotEmpty(r, ListKey(r, "vm_unique_id", hcl.vm_unique_id, ParseSomeText, "ids in quotes")),
                   IdsKey(r, "user_data", hcl.user_data), PcrKey(r, hcl.pcr)};
  for (const HclFlag& flag : kHclFlags) keys.push_back(BoolKey(r, flag.key, hcl.*flag.wanted));
  return keys;
}

TomlKeys UvmKeys(const TomlReader& r, UvmRules& uvm) {
  return {NotEmpty(r, AcceptedUvmKey(r, uvm.accepted)), BoolKey(r, "required", uvm.required),
          LedgerKeysKey(r, uvm.ledger_keys)};
}

TomlKeys TpmKeys(const TomlReader& r, TpmRules& tpm) {
  return {RequiredPcrsKey(r, tpm.required_pcrs), PcrKey(r, tpm.pcr),
          BoolKey(r, "allow_uncertified_ak", tpm.allow_uncertified_ak)};
}

TomlKeys VbsKeys(const TomlReader& r, VbsRules& vbs) {
  return {IdsKey(r, "owner_id", vbs.owner_id),
          IdsKey(r, "author_id", vbs.author_id),
          IdsKey(r, "unique_id", vbs.unique_id),
          IdsKey(r, "family_id", vbs.family_id),
          IdsKey(r, "image_id", vbs.image_id),
          NumberKey(r, "min_enclave_svn", vbs.min_enclave_svn),
          NumberKey(r, "min_secure_kernel_svn", vbs.min_secure_kernel_svn),
          NumberKey(r, "min_platform_svn", vbs.min_platform_svn)};
}

TomlKeys RestrictedKeys(const TomlReader& r, RestrictedList& restricted) {
  return {SetKey(r, "ppid_sha256", restricted.ppid_sha256, Digest256::FromHex, "64 hex digits each"),
          SetKey(r, "pck_serial", restricted.pck_serial, ParseSerial, "up to 40 hex digits each"),
          SetKey(r, "chip_id", restricted.chip_id, ParseChip, "128 hex digits each, or 16 (Turin)"),
          SetKey(r, "measurement", restricted.measurement, ParseMeasurement, "64 or 96 hex digits each")};
}

// -- the sections of the TEEs --

struct Section {
  std::string_view name;
  std::vector<EvidenceClass> evidence;
  TomlKeys (*keys)(const TomlReader&, Policy&);
};

const std::vector<Section>& Sections() {
  static const std::vector<Section> sections = {
      {"sgx", {EvidenceClass::kSgx}, [](const TomlReader& r, Policy& p) { return SgxKeys(r, p.sgx); }},
      {"tdx",
       {EvidenceClass::kTdx10, EvidenceClass::kTdx15},
       [](const TomlReader& r, Policy& p) { return TdxKeys(r, p.tdx); }},
      {"snp", {EvidenceClass::kSnp}, [](const TomlReader& r, Policy& p) { return SnpKeys(r, p.snp); }}};
  return sections;
}

// One section: its own keys into `own`, the common ones into `common`.
Status ReadSection(const TomlReader& r, const toml::node& node, const Section& section,
                   std::string_view policy, Policy& own, Policy& common) {
  TomlKeys keys = section.keys(r, own);
  for (TomlKey& key : TcbKeys(r, common)) keys.push_back(std::move(key));
  return ReadTable(r, node, StrCat("policy.", policy, ".", section.name), keys);
}

bool HasCommonKey(const TomlReader& r, const toml::table& section) {
  Policy unused;
  const TomlKeys keys = TcbKeys(r, unused);
  return std::any_of(keys.begin(), keys.end(),
                     [&](const TomlKey& key) { return section.contains(key.name); });
}

// Where a contradiction is: "snp.vmpl: ..." begins with its key. In a section, common keys count first.
const toml::node& NodeOf(const toml::table& table, std::string_view section, std::string_view message) {
  const std::string key(message.substr(0, message.find(':')));
  if (const toml::node* node = table.at_path(StrCat(section, ".", key)).node()) return *node;
  if (const toml::node* node = table.at_path(key).node()) return *node;
  return table;
}

Status CheckContradictions(const TomlReader& r, const toml::table& table, std::string_view section,
                           const Policy& policy) {
  const Status status = Validate(policy);
  if (status) return {};
  return r.Fail(NodeOf(table, section, status.error().message), status.error().message);
}

// The common keys in a section make a policy of their own for its evidence: all of this one, but for them.
Status ReadOverrides(const TomlReader& r, const toml::table& table, std::string_view name, Policy& out) {
  const Policy base = out;
  for (const Section& section : Sections()) {
    const toml::table* const node = table[section.name].as_table();
    if (node == nullptr || !HasCommonKey(r, *node)) continue;
    auto special = std::make_shared<Policy>(base);
    Policy read_already;
    TRY(ReadSection(r, *node, section, name, read_already, *special));
    TRY(CheckContradictions(r, table, section.name, *special));
    for (const EvidenceClass evidence : section.evidence) out.overrides[evidence] = special;
  }
  return {};
}

Status ReadPolicyKeys(const TomlReader& r, const toml::table& table, std::string_view name, Policy& out) {
  TomlKeys keys = TcbKeys(r, out);
  keys.push_back(EvidenceKey(r, out.evidence));
  keys.push_back(BoolKey(r, "allow_migration", out.allow_migration));
  keys.push_back(
      ParsedKey(r, "amd_crl", out.amd_crl, ParseAmdCrlMode, "\"require\", \"if_available\" or \"off\""));
  keys.push_back(ParsedKey(r, "caller_collateral", out.caller_collateral, CallerCollateralFromName,
                           "\"newest\", \"any\" or \"refuse\""));
  keys.push_back(ParsedKey(r, "amd_floor", out.amd_floor, ParseAmdFloorMode,
                           "\"require\", \"if_known\" or \"complete\""));
  keys.push_back(ParsedKey(r, "amd_level", out.amd_level, ParseSomeText,
                           "a level of the floors, as \"all\" or \"no-known-full-break\""));
  keys.push_back(BoolKey(r, "allow_stale_floor", out.allow_stale_floor));
  keys.push_back({"restricted", [&](const toml::node& node) {
                    return ReadTable(r, node, StrCat("policy.", name, ".restricted"),
                                     RestrictedKeys(r, out.restricted));
                  }});
  keys.push_back({"hcl", [&](const toml::node& node) {
                    return ReadTable(r, node, StrCat("policy.", name, ".hcl"), HclKeys(r, out.hcl));
                  }});
  keys.push_back({"uvm", [&](const toml::node& node) {
                    return ReadTable(r, node, StrCat("policy.", name, ".uvm"), UvmKeys(r, out.uvm));
                  }});
  keys.push_back({"tpm", [&](const toml::node& node) {
                    return ReadTable(r, node, StrCat("policy.", name, ".tpm"), TpmKeys(r, out.tpm));
                  }});
  keys.push_back({"vbs", [&](const toml::node& node) {
                    return ReadTable(r, node, StrCat("policy.", name, ".vbs"), VbsKeys(r, out.vbs));
                  }});
  Policy later;  // ReadOverrides takes the common keys of a section, once all else is known
  for (const Section& section : Sections()) {
    keys.push_back({section.name, [&r, &section, name, &out, &later](const toml::node& node) {
                      return ReadSection(r, node, section, name, out, later);
                    }});
  }
  keys.push_back({"appraisal_policy", [&r](const toml::node& node) -> Status {
                    return r.Fail(node, "appraisal_policy stands alone: its file says everything");
                  }});
  return ReadTable(r, table, StrCat("policy.", name), keys);
}

// One digest over the whole: results by an override name the policy, not a part of it.
void SetDigest(Policy& policy) {
  policy.sha256 = PolicyDigest(policy);
  for (auto& [evidence, special] : policy.overrides) {
    auto named = std::make_shared<Policy>(*special);
    named->sha256 = policy.sha256;
    special = std::move(named);
  }
}

// One of Intel's files, in place of all keys.
Result<Policy> ReadIntelFile(const TomlReader& r, const toml::node& node, std::string_view name) {
  TRY_ASSIGN(const auto path, ReadText<std::string>(r, node, "appraisal_policy", ParseSomeText,
                                                    "the path of a file, in quotes"));
  const auto text = ReadFile(path, kMaxPolicyBytes);
  if (!text) return r.Fail(node, text.error().message);
  auto policy = intel::ParseAppraisalPolicy(*text, name);
  if (!policy) return r.Fail(node, StrCat(path, ": ", policy.error().message));
  return policy;
}

}  // namespace

Result<Policy> ReadPolicy(const toml::table& table, std::string_view name, const TomlReader& reader) {
  const toml::node* const intel_file = table.get("appraisal_policy");
  if (intel_file != nullptr && table.size() == 1) return ReadIntelFile(reader, *intel_file, name);
  Policy policy;
  policy.id = name;
  TRY(ReadPolicyKeys(reader, table, name, policy));
  TRY(CheckContradictions(reader, table, "", policy));
  TRY(ReadOverrides(reader, table, name, policy));
  TRY(CheckContradictions(reader, table, "", policy));
  SetDigest(policy);
  return policy;
}

bool IsAppraisalPolicy(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return false;
  text.remove_prefix(start);
  return text.starts_with('{') || text.starts_with("eyJ");  // JSON, or the header of a JWT
}

}  // namespace thimble
