// SPDX-License-Identifier: Apache-2.0
#include "service/cli/manual/advice.h"

#include <algorithm>
#include <array>

namespace thimble {
namespace {

struct Advice {
  std::array<std::string_view, 9> checks;  // the rest of them empty
  std::string_view to_do;
};

constexpr std::string_view kSendWhole =
    "send the evidence whole, as the platform made it; `thimble inspect FILE` says what a file is";
constexpr std::string_view kForged =
    "do not trust it: these are not the bytes that the hardware signed. Get the evidence again from the "
    "platform; if it "
    "fails again, look for what changes it on the way";
constexpr std::string_view kForgedCollateral =
    "the item is not as the vendor signed it: fetch it again (`thimble refresh --item KEY`), and if it came "
    "through "
    "another cache, look there";
constexpr std::string_view kRoot =
    "the chain does not lead to the vendor's root: it was not made by the vendor's hardware, or comes from a "
    "simulator. Get the "
    "certificates again from the platform or the vendor. A root of your own tests is added by --anchor, at a "
    "server by "
    "server.anchors, and every result says so";
constexpr std::string_view kRevoked =
    "stop trusting this platform: the vendor has withdrawn the certificate. After the vendor's update the "
    "platform gets "
    "a new one; register it or fetch it again";
constexpr std::string_view kExpired =
    "renew it: `thimble refresh`, and `thimble status` says why it is not fresh. A policy can allow some "
    "days by "
    "collateral_grace";
constexpr std::string_view kTooEarly =
    "compare the clock of this host with the vendor's (`thimble doctor`); with --at, name a time at which "
    "the item "
    "existed";
constexpr std::string_view kMissing =
    "`thimble fetch --quote FILE` gets what this evidence needs; without a network import it, or bring it by "
    "--collateral";
constexpr std::string_view kOtherItem =
    "the item is of another platform or kind: bring the one of this evidence (`thimble fetch --quote FILE`)";
constexpr std::string_view kDebug =
    "build and start the workload without debugging. For tests a policy can say allow_debug = true: its "
    "memory can be "
    "read by the host";
constexpr std::string_view kUpstream =
    "`thimble doctor` tries each upstream and says what is wrong with it; evidence is judged by what is held "
    "meanwhile";
constexpr std::string_view kNothing = "nothing: it is a note, and decides nothing by itself";

constexpr std::array kAdvice = {
    Advice{{"quote.format", "snp.format", "snp.version", "hcl.format", "evidence.format", "tpm.format",
            "tpm.event_log_format", "vbs.format"},
           kSendWhole},
    Advice{{"tpm.signature_format", "vbs.signature_scheme"},
           "let the key sign with SHA-256 or SHA-384, by a scheme that fits it (`tpm2_quote -g sha256`), and "
           "send the "
           "signature as the tool wrote it"},
    Advice{{"tpm.quote_signature", "tpm.pcr_digest", "tpm.event_log_replay", "vbs.signature"}, kForged},
    Advice{{"tpm.ak_chain", "vbs.signer_chain"},
           "send the certificates between the key's and its root with it (ak_chain, signer); a root of your "
           "own is added "
           "by --anchor tpm=FILE or vbs=FILE, and every result says so"},
    Advice{{"tpm.ak_expired", "vbs.signer_expired"},
           "take the key's certificate again from the machine, which renews it, and make the evidence anew. "
           "A policy can "
           "allow some days by collateral_grace"},
    Advice{{"tpm.ak_key", "tpm.ak_usage"},
           "send the certificate of the key that signed: on Azure the key is 0x81000003, its certificate in "
           "NV 0x01C101D0. A key "
           "made in the guest is another one"},
    Advice{{"tpm.key_attributes"},
           "quote with a restricted signing key that the TPM made (`tpm2_createak`): another signs whatever "
           "it is given"},
    Advice{{"tpm.ak_unproven"},
           "send the certificate of the attestation key (ak_cert): without one a quote is anybody's. For "
           "tests a policy "
           "can say tpm.allow_uncertified_ak = true"},
    Advice{{"vbs.signer_missing"},
           "hand over the health certificate beside the report, as \"signer\", and name the certificate of "
           "the Host "
           "Guardian Service by --anchor vbs=FILE"},
    Advice{{"vbs.enclave_data"},
           "hand over the enclave's key or report_signed exactly as the enclave hashed them: a space more is "
           "other bytes"},
    Advice{{"quote.signature", "qe_report.signature", "qe_report.data", "snp.signature", "hcl.binding",
            "hcl.td_quote", "hcl.tpm_signature", "hcl.tpm_pcr_digest"},
           kForged},
    Advice{{"quote.trailing_bytes", "hint.dropped", "tdx.service_td", "snp.floor_unproven"}, kNothing},
    Advice{{"pck.chain", "pck.root", "snp.chain", "snp.leaf_signature", "signing_chain.untrusted"}, kRoot},
    Advice{{"pck.revoked", "signing_chain.revoked", "snp.revoked"}, kRevoked},
    Advice{{"pck.expired", "crl.root.expired", "crl.pck.expired", "signing_chain.expired", "tcb_info.expired",
            "qe_identity.expired", "snp.crl_expired", "snp.expired"},
           kExpired},
    Advice{{"pck.not_yet_valid", "signing_chain.not_yet_valid", "tcb_info.not_yet_issued",
            "qe_identity.not_yet_issued", "snp.not_yet_valid", "collateral.from_future"},
           kTooEarly},
    Advice{{"pck.missing", "collateral.missing", "snp.endorsement_missing", "snp.crl_missing"}, kMissing},
    Advice{
        {"crl.root.signature", "crl.root.issuer", "crl.pck.signature", "crl.pck.issuer", "tcb_info.signature",
         "qe_identity.signature", "evaluation_numbers.signature", "snp.crl", "collateral.malformed"},
        kForgedCollateral},
    Advice{
        {"tcb_info.mismatch", "collateral.mismatch", "snp.chip_id", "snp.product", "pck.platform_mismatch"},
        kOtherItem},
    Advice{{"snp.tcb_binding"},
           "bring the VCEK of the TCB that the report states (`thimble fetch --quote FILE`): the firmware "
           "was updated, or "
           "rolled back, since the certificate was made"},
    Advice{{"qe_identity.mismatch"},
           "the quote was made by an enclave that is not Intel's quoting enclave of that version: install "
           "Intel's, and "
           "make the quote again"},
    Advice{{"tdx_module.mismatch"},
           "the TDX module is none that Intel's TCB info knows: update the module, and the TCB info "
           "(`thimble refresh`)"},
    Advice{{"tcb.not_supported"},
           "the platform is below every TCB level that Intel publishes: update its BIOS and the TDX module"},
    Advice{{"sgx.debug", "tdx.debug", "snp.debug", "vbs.debug"}, kDebug},
    Advice{{"tdx.migratable", "snp.migration"},
           "start the guest without migration, or allow it by the policy (tdx.allow_migratable, "
           "allow_migration)"},
    Advice{{"tdx.reserved_attributes"},
           "the host has set bits that no specification names: start the TD without them, or allow them by "
           "tdx.allow_reserved_attributes"},
    Advice{{"tdx.sept_ve_disable_clear"},
           "start the TD with SEPT_VE_DISABLE where its kernel needs that; a policy asks for it by "
           "tdx.require_sept_ve_disable"},
    Advice{{"tdx.current_tcb"}, "update the platform that the TD runs on now"},
    Advice{{"tdx.initial_tcb"},
           "the TD came from a platform that is out of date: start it anew on one that is not"},
    Advice{{"qe.tcb_status"}, "update the quoting enclave (DCAP's package) on the platform"},
    Advice{{"snp.signature_algorithm", "snp.signing_key"},
           "the report is signed in a way that its key does not allow: get it again, with the certificate of "
           "the key that "
           "signed it (VCEK or VLEK)"},
    Advice{{"snp.chip_id_masked"},
           "set MASK_CHIP_ID off on the host, or accept by snp.allow_masked_chip_id that the certificate "
           "alone says which "
           "chip it is"},
    Advice{{"snp.tcb_order"}, "the report contradicts itself: do not trust it, and update the firmware"},
    Advice{{"oe.format", "oe.report_type", "oe.format_id"},
           "send the evidence as oe_get_evidence() or oe_get_report() made it for another machine "
           "(docs/EVIDENCE.md)"},
    Advice{
        {"oe.certificate_signature", "oe.certificate_key"},
        "do not trust the key: the certificate is not as the enclave made it. Get it again from the enclave"},
    Advice{{"oe.custom_claims"},
           "do not trust what stands beside the quote: the enclave did not say it. Send the claims with "
           "which the evidence was "
           "made, whole"},
    Advice{{"oe.endorsements"},
           "send oe_endorsements as they came with the evidence, or leave them out: they are fetched"},
    Advice{{"uvm.format"},
           "send the endorsement as the host gave it: reference-info-base64 of the security context, decoded "
           "once"},
    Advice{{"uvm.algorithm", "uvm.chain", "uvm.signature", "uvm.did", "uvm.payload", "uvm.signing_time"},
           "do not trust it: nobody vouches for this utility VM. Get the endorsement again from the security "
           "context of "
           "the container (UVM_SECURITY_CONTEXT_DIR)"},
    Advice{{"uvm.measurement"},
           "the endorsement is of another image than the one that runs: send the one from the same container "
           "as the report"},
    Advice{{"uvm.svn"},
           "move the container group to a newer utility VM: deploy it anew, Azure chooses the image"},
    Advice{{"aci.policy"},
           "send the policy that the container was started with, byte for byte: security-policy-base64 of "
           "the security "
           "context, decoded once"},
    Advice{{"aci.policy_allows_all"},
           "write a policy for your containers (`az confcom acipolicygen`), and ask for its digest by "
           "snp.host_data"},
    Advice{{"uvm.receipt_missing", "uvm.receipt_format"},
           "send transparent-reference-info-base64, which carries receipts, or leave ledger_keys out of the "
           "policy"},
    Advice{{"uvm.receipt_key"},
           "compare ledger_keys with what the ledger gives out now (`/jwks` of the host that the receipt "
           "names)"},
    Advice{{"uvm.receipt_signature", "uvm.receipt_binding"},
           "do not trust it: the receipt is of another statement, or of nobody"},
    Advice{{"snp.vmpl", "hcl.vmpl"},
           "ask for the report inside the guest, at the VMPL that the workload runs at"},
    Advice{{"snp.floor_unknown"},
           "the floors know no such CPU: take a newer document (docs/AMD-FLOORS.md), or say amd_floor = "
           "\"if_known\""},
    Advice{{"snp.floor_stale"},
           "take a newer floors document (docs/AMD-FLOORS.md), or say allow_stale_floor = true"},
    Advice{{"hcl.quote_missing"},
           "bring the TD quote beside the HCL report: Azure's IMDS makes it of the TDREPORT"},
    Advice{{"hcl.tpm_nonce", "tpm.nonce", "nonce.mismatch"},
           "ask for a new nonce (POST /v1/challenge), and make the evidence with it: each is good once, for "
           "a short time"},
    Advice{{"report_data.mismatch"},
           "the evidence was made for something else: compare what the workload puts into its report data "
           "(key, nonce, "
           "padding with zeros) with what you expect"},
    Advice{{"trust_anchor.extra"}, "nothing in tests; in production take the anchor out of [server] anchors"},
    Advice{{"collateral.dropped"},
           "look at the item: another number, root or platform than the baseline chooses"},
    Advice{{"collateral.rollback"},
           "the upstream gives an older item than is held, which stays: look whether it lags (`thimble "
           "status`)"},
    Advice{{"policy.format"}, "mend the line that the message names; docs/POLICIES.md has all keys"},
    Advice{{"miss.budget"}, "ask again later, or raise the budget; docs/OPERATIONS.md says which"},
    Advice{{"upstream.unreachable", "upstream.status", "upstream.answer"}, kUpstream},
    Advice{{"upstream.key"}, "put Intel's subscription key into the upstream's key file"},
    Advice{{"upstream.not_found"},
           "the vendor has no such item: compare FMSPC, chip and TCB with the platform's"},
    Advice{{"mode.forbids_fetch"},
           "fill the cache first (`thimble fetch`, `thimble import`), or change [pccs] mode"},
    Advice{{"answer.too_long"}, "the client cannot read so long an answer: update the client"},
    Advice{{"pck.not_registered"}, "register the platform (PCKIDRetrievalTool), or import its certificates"},
    Advice{{"pck.no_cert_for_tcb"},
           "update the platform, or register it again: no certificate is as old as its TCB"},
    Advice{{"store.io"}, "look at the disk and at who owns the data directory; docs/RELIABILITY.md"},
    Advice{{"store.corrupt"},
           "restore a back-up (`thimble restore`), or start anew and fetch; docs/RELIABILITY.md"},
    Advice{{"request.invalid"}, "mend what the message names; `thimble help COMMAND` has the options"},
};

}  // namespace

std::string_view AdviceOn(std::string_view check) {
  if (check.empty()) return {};
  for (const Advice& advice : kAdvice) {
    if (std::find(advice.checks.begin(), advice.checks.end(), check) != advice.checks.end())
      return advice.to_do;
  }
  return {};
}

}  // namespace thimble
