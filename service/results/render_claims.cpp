// SPDX-License-Identifier: Apache-2.0
#include "service/results/render_claims.h"

#include "tcb/amd/cpu_line.h"
#include "tcb/base/text.h"
#include "tcb/policy/tdx_rules.h"

namespace thimble {
namespace {

using json::Writer;

void WriteTcb(Writer& json, std::string_view key, const std::optional<amd::TcbVersion>& tcb) {
  if (!tcb) return;
  json.Key(key).BeginObject();
  for (const amd::TcbComponent component : amd::kTcbComponents) {
    if (const auto spl = tcb->At(component)) json.Key(amd::ComponentName(component)).Unsigned(*spl);
  }
  json.EndObject();
}

// The components that have a name; where they are all zero the platform reports none.
void WriteEtcb(Writer& json, std::string_view key, const std::optional<amd::Etcb>& etcb) {
  if (!etcb || AllZero(*etcb)) return;
  json.Key(key).BeginObject();
  for (size_t i = 0; i < amd::kEtcbComponents; ++i) json.Key(amd::EtcbComponentName(i)).Unsigned(etcb->at(i));
  json.EndObject();
}

void WriteCpuId(Writer& json, const std::optional<amd::CpuId>& cpuid) {
  if (!cpuid) return;
  json.Key("cpuid").BeginObject();
  json.Key("family").Unsigned(cpuid->family);
  json.Key("model").Unsigned(cpuid->model);
  json.Key("stepping").Unsigned(cpuid->stepping);
  json.EndObject();
}

void WriteVersion(Writer& json, std::string_view key, const amd::FirmwareVersion& version) {
  json.Key(key).String(StrCat(version.major, ".", version.minor, ".", version.build));
}

void WriteSelection(Writer& json, const tpm::PcrSelection& selection) {
  json.Key("pcr_bank").String(tpm::PcrBankName(selection.bank));
  json.Key("pcr_selection").BeginArray();
  for (const uint8_t number : selection.pcrs) json.Unsigned(number);
  json.EndArray();
}

// What the quote covers: of one bank, as is usual, or a list.
void WriteTpmQuote(Writer& json, const tpm::QuoteClaims& quote) {
  json.Key("tpm_quote").BeginObject();
  json.Key("extra_data").Hex(quote.extra_data);
  if (quote.selections.size() == 1) {
    WriteSelection(json, quote.selections.front());
  } else {
    json.Key("pcr_selections").BeginArray();
    for (const tpm::PcrSelection& selection : quote.selections) {
      json.BeginObject();
      WriteSelection(json, selection);
      json.EndObject();
    }
    json.EndArray();
  }
  json.Key("pcr_digest").Hex(quote.pcr_digest);
  json.EndObject();
}

// The values that the quote proves: {"sha256": {"0": hex, ...}}.
void WritePcrs(Writer& json, const tpm::PcrValues& pcrs) {
  json.Key("tpm_pcrs").BeginObject();
  for (const auto& [bank, values] : pcrs) {
    json.Key(tpm::PcrBankName(bank)).BeginObject();
    for (const auto& [number, value] : values) json.Key(StrCat(number)).Hex(value);
    json.EndObject();
  }
  json.EndObject();
}

// Into the object that is open.
// Custom claims that the report data does not bind are counted and hashed, and not shown.
void WriteCustomClaims(Writer& json, const openenclave::CustomClaims& claims) {
  json.Key("custom_claims_size").Unsigned(claims.size);
  json.Key("custom_claims_sha256").Hex(claims.sha256.view());
  if (!claims.bytes.empty()) json.Key("custom_claims_buffer").Hex(claims.bytes);
  if (claims.list.empty()) return;
  json.Key("custom_claims").BeginArray();
  for (const openenclave::CustomClaim& claim : claims.list) {
    json.BeginObject();
    json.Key("name").String(claim.name);
    json.Key("value").Hex(claim.value);
    json.EndObject();
  }
  json.EndArray();
}

void WriteOpenEnclaveFields(Writer& json, const openenclave::Claims& claims) {
  json.Key("evidence_format").String(openenclave::FormatName(claims.format));
  if (claims.format == openenclave::Format::kCertificate) {
    json.Key("evidence_in_certificate")
        .String(claims.in_certificate ? openenclave::FormatName(*claims.in_certificate) : "quote");
  }
  if (!claims.format_id.empty()) json.Key("oe_format_id").String(claims.format_id);
  if (claims.custom_claims) WriteCustomClaims(json, *claims.custom_claims);
  if (claims.certificate_sha256) json.Key("certificate_sha256").Hex(claims.certificate_sha256->view());
  if (claims.certificate_key_sha256)
    json.Key("certificate_key_sha256").Hex(claims.certificate_key_sha256->view());
}

void WriteContainerFields(Writer& json, const uvm::Claims& claims) {
  if (claims.security_policy) json.Key("security_policy_sha256").Hex(claims.security_policy->view());
  if (!claims.endorsement) return;
  const uvm::Endorsement& endorsement = *claims.endorsement;
  json.Key("uvm").BeginObject();
  json.Key("issuer").String(endorsement.issuer);
  json.Key("feed").String(endorsement.feed);
  json.Key("svn").Unsigned(endorsement.svn);
  json.Key("measurement").Hex(endorsement.measurement.view());
  if (endorsement.signed_at) json.Key("signed_at").String(FormatRfc3339(*endorsement.signed_at));
  json.Key("format").String(uvm::FormatName(endorsement.format));
  json.Key("algorithm").String(endorsement.algorithm);
  json.Key("sha256").Hex(endorsement.sha256.view());
  json.Key("leaf_sha256").Hex(endorsement.leaf_sha256.view());
  json.Key("receipts").Unsigned(endorsement.receipts);
  if (endorsement.ledgers) {
    json.Key("ledgers").BeginArray();
    for (const std::string& ledger : *endorsement.ledgers) json.String(ledger);
    json.EndArray();
  }
  json.EndObject();
}

void WriteHclFields(Writer& json, const amd::HclClaims& hcl) {
  json.Key("hcl_version").Unsigned(hcl.version);
  json.Key("hcl_hash_type").Unsigned(hcl.hash_type);
  json.Key("runtime_data_sha256").Hex(hcl.runtime_data_sha256.view());
  if (hcl.ak_point.empty()) json.Key("ak_modulus_sha256").Hex(hcl.ak_modulus_sha256.view());
  if (!hcl.ak_point.empty()) json.Key("ak_point").Hex(hcl.ak_point);
  if (hcl.runtime_user_data) json.Key("runtime_user_data").String(*hcl.runtime_user_data);
  if (!hcl.runtime_data.empty()) json.Key("runtime_data").Raw(hcl.runtime_data);  // keys, vm-configuration
  if (hcl.tpm_quote) WriteTpmQuote(json, *hcl.tpm_quote);
  if (!hcl.pcrs.empty()) WritePcrs(json, hcl.pcrs);
}

void WriteSelections(Writer& json, const std::vector<tpm::PcrSelection>& selections) {
  json.BeginObject();
  for (const tpm::PcrSelection& selection : selections) {
    json.Key(tpm::PcrBankName(selection.bank)).BeginArray();
    for (const uint8_t number : selection.pcrs) json.Unsigned(number);
    json.EndArray();
  }
  json.EndObject();
}

// Of certificates whose issuers' CRLs nobody fetches or holds here: nothing is to be read out of silence.
constexpr std::string_view kNotChecked = "not_checked";

void WriteTpmFields(Writer& json, const tpm::Claims& claims) {
  if (claims.quote) WriteTpmQuote(json, *claims.quote);
  if (!claims.pcrs.empty()) WritePcrs(json, claims.pcrs);
  if (claims.key_sha256) json.Key("ak_sha256").Hex(claims.key_sha256->view());
  if (claims.certificate) {
    json.Key("ak_certificate").BeginObject();
    json.Key("sha256").Hex(claims.certificate->sha256.view());
    json.Key("subject").String(claims.certificate->subject);
    json.Key("issuer").String(claims.certificate->issuer);
    if (claims.certificate->vm) json.Key("azure_vm").String(tpm::AzureVmName(*claims.certificate->vm));
    json.Key("revocation").String(kNotChecked);
    json.EndObject();
  }
  if (claims.event_log) {
    json.Key("event_log").BeginObject();
    json.Key("events").Unsigned(claims.event_log->events);
    WriteSelections(json.Key("replayed"), claims.event_log->replayed);
    json.EndObject();
  }
}

void WriteVbsModule(Writer& json, const vbs::Module& module) {
  json.BeginObject();
  json.Key("name").String(module.name);
  json.Key("unique_id").Hex(module.unique_id.view());
  json.Key("author_id").Hex(module.author_id.view());
  json.Key("family_id").Hex(module.family_id.view());
  json.Key("image_id").Hex(module.image_id.view());
  json.Key("svn").Unsigned(module.svn);
  json.EndObject();
}

void WriteVbsFields(Writer& json, const vbs::Claims& claims) {
  json.Key("enclave_data").Hex(claims.enclave_data.view());
  json.Key("owner_id").Hex(claims.owner_id.view());
  json.Key("unique_id").Hex(claims.unique_id.view());
  json.Key("author_id").Hex(claims.author_id.view());
  json.Key("family_id").Hex(claims.family_id.view());
  json.Key("image_id").Hex(claims.image_id.view());
  json.Key("enclave_svn").Unsigned(claims.enclave_svn);
  json.Key("secure_kernel_svn").Unsigned(claims.secure_kernel_svn);
  json.Key("platform_svn").Unsigned(claims.platform_svn);
  json.Key("flags").Unsigned(claims.flags);
  json.Key("debug").Bool(claims.debug());
  json.Key("signing_level").Unsigned(claims.signing_level);
  json.Key("enclave_type").Unsigned(claims.enclave_type);
  json.Key("modules").BeginArray();
  for (const vbs::Module& module : claims.modules) WriteVbsModule(json, module);
  json.EndArray();
  if (claims.signer.empty()) return;
  json.Key("signer").String(claims.signer);
  json.Key("signer_sha256").Hex(claims.signer_sha256.view());
  json.Key("signer_revocation").String(kNotChecked);
}

void WriteSgxFields(Writer& json, const intel::SgxClaims& claims) {
  json.Key("mrenclave").Hex(claims.mr_enclave.view());
  json.Key("mrsigner").Hex(claims.mr_signer.view());
  json.Key("isvprodid").Unsigned(claims.isv_prod_id);
  json.Key("isvsvn").Unsigned(claims.isv_svn);
  json.Key("attributes").Hex(claims.attributes);
  json.Key("miscselect").Unsigned(claims.misc_select);
  json.Key("cpusvn").Hex(claims.cpu_svn);
  json.Key("debug").Bool(claims.debug());
  json.Key("report_data").Hex(claims.report_data.view());
  json.Key("configid").Hex(claims.config_id.view());
  json.Key("configsvn").Unsigned(claims.config_svn);
  json.Key("isvextprodid").Hex(claims.isv_ext_prod_id.view());
  json.Key("isvfamilyid").Hex(claims.isv_family_id.view());
}

void WriteTdxFields(Writer& json, const intel::TdxClaims& claims) {
  json.Key("mrtd").Hex(claims.mr_td.view());
  json.Key("rtmr0").Hex(claims.rtmr0.view());
  json.Key("rtmr1").Hex(claims.rtmr1.view());
  json.Key("rtmr2").Hex(claims.rtmr2.view());
  json.Key("rtmr3").Hex(claims.rtmr3.view());
  json.Key("report_data").Hex(claims.report_data.view());
  json.Key("td_attributes").Hex(claims.td_attributes.view());
  json.Key("td_attributes_set").BeginArray();
  for (const std::string& name : NamesOfBits(kTdAttributeBits, claims.attributes())) json.String(name);
  json.EndArray();
  json.Key("xfam").Hex(claims.xfam.view());
  json.Key("debug").Bool(claims.debug());
  json.Key("mrconfigid").Hex(claims.mr_config_id.view());
  json.Key("mrowner").Hex(claims.mr_owner.view());
  json.Key("mrownerconfig").Hex(claims.mr_owner_config.view());
  json.Key("tee_tcb_svn").Hex(claims.tee_tcb_svn);
  json.Key("mrseam").Hex(claims.mr_seam.view());
  json.Key("mrsignerseam").Hex(claims.mr_signer_seam.view());
  json.Key("seam_attributes").Hex(claims.seam_attributes.view());
  if (claims.tee_tcb_svn2) json.Key("tee_tcb_svn2").Hex(*claims.tee_tcb_svn2);
  if (claims.mr_service_td) json.Key("mrservicetd").Hex(claims.mr_service_td->view());
  if (claims.ex) json.Key("td_report_ex").Hex(claims.ex->view());
}

void WriteSnpFields(Writer& json, const amd::SnpClaims& claims) {
  json.Key("report_version").Unsigned(claims.version);
  json.Key("chip_id").Hex(claims.chip_id.view());
  WriteTcb(json, "reported_tcb", claims.reported_tcb);
  WriteTcb(json, "current_tcb", claims.current_tcb);
  WriteTcb(json, "committed_tcb", claims.committed_tcb);
  WriteTcb(json, "launch_tcb", claims.launch_tcb);
  json.Key("measurement").Hex(claims.measurement.view());
  json.Key("report_data").Hex(claims.report_data.view());
  json.Key("host_data").Hex(claims.host_data.view());
  json.Key("vmpl").Unsigned(claims.vmpl);
  json.Key("policy").Unsigned(claims.policy);
  json.Key("debug").Bool(claims.debug());
  json.Key("platform_info").Unsigned(claims.platform_info);
  json.Key("guest_svn").Unsigned(claims.guest_svn);
  json.Key("id_key_digest").Hex(claims.id_key_digest.view());
  json.Key("author_key_digest").Hex(claims.author_key_digest.view());
  json.Key("family_id").Hex(claims.family_id.view());
  json.Key("image_id").Hex(claims.image_id.view());
  json.Key("report_id").Hex(claims.report_id.view());
  json.Key("report_id_ma").Hex(claims.report_id_ma.view());
  json.Key("author_key_en").Bool(claims.author_key_en);
  json.Key("mask_chip_key").Bool(claims.mask_chip_key);
  WriteVersion(json, "current_version", claims.current_version);
  WriteVersion(json, "committed_version", claims.committed_version);
  WriteCpuId(json, claims.cpuid);
  if (claims.launch_mit_vector) json.Key("launch_mit_vector").Unsigned(*claims.launch_mit_vector);
  if (claims.current_mit_vector) json.Key("current_mit_vector").Unsigned(*claims.current_mit_vector);
  WriteEtcb(json, "current_etcb", claims.current_etcb);
  WriteEtcb(json, "committed_etcb", claims.committed_etcb);
  WriteEtcb(json, "launch_etcb", claims.launch_etcb);
}

void WriteIntelPlatform(Writer& json, const intel::PlatformFacts& facts) {
  json.Key("fmspc").Hex(facts.fmspc.view());
  json.Key("pce_id").Hex(facts.pce_id.view());
  json.Key("ppid").Hex(facts.ppid.view());
  json.Key("cpusvn").Hex(facts.cpu_svn);
  json.Key("pcesvn").Unsigned(static_cast<uint16_t>(facts.pce_svn));
  json.Key("pck_ca").String(intel::PckCaName(facts.ca));
  json.Key("sgx_type").String(intel::SgxTypeName(facts.sgx_type));
  if (facts.platform_instance_id) json.Key("platform_instance_id").Hex(facts.platform_instance_id->view());
  if (facts.dynamic_platform) json.Key("dynamic_platform").Bool(*facts.dynamic_platform);
  if (facts.cached_keys) json.Key("cached_keys").Bool(*facts.cached_keys);
  if (facts.smt_enabled) json.Key("smt_enabled").Bool(*facts.smt_enabled);
  json.Key("quote_version").Unsigned(facts.quote_version);
}

void WriteAmdPlatform(Writer& json, const amd::PlatformFacts& facts) {
  if (facts.product) json.Key("product").String(amd::ProductName(*facts.product));
  WriteCpuId(json, facts.cpuid);
  const amd::CpuLine* const line = facts.cpuid ? amd::CpuLineOf(*facts.cpuid) : nullptr;
  if (line != nullptr) json.Key("line").String(line->name);
  if (!facts.hwid.empty()) json.Key("hwid").Hex(facts.hwid);
  if (facts.csp_id) json.Key("csp_id").String(*facts.csp_id);
  json.Key("signing_key").String(amd::SigningKeyName(facts.signing_key));
}

}  // namespace

void WriteClaims(Writer& json, const Verdict& verdict) {
  json.BeginObject();
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) WriteSgxFields(json, *sgx);
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&verdict.claims)) WriteTdxFields(json, *tdx);
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) WriteSnpFields(json, *snp);
  const auto* amd_platform = std::get_if<amd::PlatformFacts>(&verdict.platform);
  if (amd_platform != nullptr && amd_platform->csp_id) json.Key("csp_id").String(*amd_platform->csp_id);
  if (verdict.hcl) WriteHclFields(json, *verdict.hcl);
  if (verdict.tpm) WriteTpmFields(json, *verdict.tpm);
  if (verdict.vbs) WriteVbsFields(json, *verdict.vbs);
  if (verdict.open_enclave) WriteOpenEnclaveFields(json, *verdict.open_enclave);
  if (verdict.container) WriteContainerFields(json, *verdict.container);
  json.EndObject();
}

void WritePlatform(Writer& json, const Verdict& verdict) {
  json.BeginObject();
  if (const auto* facts = std::get_if<intel::PlatformFacts>(&verdict.platform))
    WriteIntelPlatform(json, *facts);
  if (const auto* facts = std::get_if<amd::PlatformFacts>(&verdict.platform)) WriteAmdPlatform(json, *facts);
  json.EndObject();
}

}  // namespace thimble
