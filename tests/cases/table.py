# SPDX-License-Identifier: Apache-2.0
"""The cases of shared/cases/service and shared/cases/amd: how each is put, and what its README file calls right."""

import base64
import ssl
from dataclasses import dataclass, field


@dataclass
class Right:
    """`failing`: exactly the findings that are no notes, and the rules of the policy that break beside them; for an
    answer without a verdict, the check that the problem names. `shows`: what the answer has, lists among others;
    `says`: words of it."""
    outcome: str
    failing: str = ""
    shows: dict = field(default_factory=dict)
    says: str = ""


def accept(failing="", **shows):
    """`failing`: soft findings that the policy allows by name."""
    return Right("accept", failing, shows)


def reject(failing, **shows):
    return Right("reject", failing, shows)


def unavailable(check):
    return Right("unavailable", check)


def refused(check="request.invalid", says=""):
    return Right("refused", check, {}, says)


def note(check):
    return {"check": check, "severity": "note"}


def short(bulletin, component, have, need, view="reported"):
    return {"bulletin": bulletin, "component": component, "have": have, "need": need, "view": view}


# Beside `[intel] upstream = []` and `[amd] upstream = []`.
POLICIES = {
    "newest": "",
    "any": '[policy.default]\ncaller_collateral = "any"\n',
    "entrysign": '[policy.default]\ncaller_collateral = "any"\namd_level = "entrysign"\n',
    "migratable": '[policy.default]\ncaller_collateral = "any"\n[policy.default.tdx]\nallow_migratable = true\n',
    "reserved": '[policy.default]\ncaller_collateral = "any"\n[policy.default.tdx]\nallow_reserved_attributes = true\n',
    "no service TD": '[policy.default]\ncaller_collateral = "any"\n[policy.default.tdx]\nforbid_service_td = true\n',
    "no floors": '[policy.default]\namd_floor = "if_known"\namd_crl = "if_available"\n[baseline.default]\namd = ""\n',
}
SERVICE_NOW, AMD_NOW = "2026-11-30T07:00:00Z", "2026-11-20T00:00:00Z"
AS_BROUGHT = {"caller_collateral": "any"}  # a local `thimble verify --collateral` says that it is no more than that
SAME = None

# Case, policy, right by HTTP, right by command line; and the tests of ours that hold the other half, where the server
# holds something beside it which takes keys that are not here.
SERVICE = [
    ("d0010db6-a4c32be3.request", "newest", refused(says="ear: "), accept(about="2025-06-26T21:50:26Z"), ""),
    ("caller-older-crl", "newest", unavailable("upstream.unreachable"), accept(**AS_BROUGHT),
     "OlderCollateralTest.AnOlderCrlHidesNoRevocation VerifyApiTest.TheCallersAloneMayRefuseAndNeverAccept"),
    ("baseline-bypass", "newest", unavailable("upstream.unreachable"), accept(**AS_BROUGHT),
     "VerifyApiTest.TheBaselineChoosesTheNumberWhateverTheCallerBrings"),
    ("caller-older-amd-crl", "newest", unavailable("upstream.unreachable"), unavailable("snp.endorsement_missing"),
     "OlderCollateralTest.AnOlderCrlOfAmdsHidesNoRevocation SnpVerifyTest.ABroughtCrlMayRevokeAndSatisfiesNothing"),
    ("table_with_all_host_CRL_only", "newest", unavailable("snp.crl_missing"), SAME, ""),
    ("table_with_all_host_CRL_only", "any", unavailable("snp.crl_missing"), SAME, ""),
    ("hcl_vmpl_1", "any", reject("hcl.vmpl"), SAME, ""),
    ("hcl_empty_selection_pcrs_given", "any", reject("hcl.tpm_pcr_digest"), SAME, ""),
    ("hcl_one_byte_nonce", "any", refused(says="nonce: 1 bytes"), SAME, ""),
    ("nonce_of_zeros_on_zero_report_data", "any", refused(says="nonce: all zero"), SAME, ""),
    ("nonce_with_trailing_zero", "any",
     accept(nonce={"expected": "010203040506070800", "report_data": "0102030405060708" + 56 * "00"}), SAME, ""),
    # The floors: REPORTED_TCB meets EntrySign's, launch and the platform's bit do not meet what they have to.
    ("launch_TCB_below_floor", "any",
     reject("policy.accepted_statuses", tcb_status="OutOfDate",
            shortfalls=short("AMD-SB-3019", "snp.snp", 8, 24, "launch")), SAME, ""),
    ("launch_TCB_below_floor", "entrysign", reject("policy.accepted_statuses", tcb_status="RelaunchAdvised"), SAME, ""),
    ("current_TCB_below_reported", "any", reject("snp.tcb_order"), SAME, ""),
    ("ALIAS_CHECK_COMPLETE_clear_BadRAM", "any",
     reject("policy.accepted_statuses", tcb_status="OutOfDateConfigurationNeeded",
            shortfalls={"bulletin": "AMD-SB-3015", "component": "snp.platform_info", "need": "bit 5"}), SAME, ""),
    # TDX's attributes.
    ("tdx_MIGRATABLE_bit29", "any", reject("tdx.migratable policy.tdx.allow_migratable", authentic=True), SAME, ""),
    ("tdx_MIGRATABLE_bit29", "migratable", accept("tdx.migratable"), SAME, ""),
    ("tdx_reserved_bits_32", "any",
     reject("tdx.reserved_attributes policy.tdx.allow_reserved_attributes", authentic=True), SAME, ""),
    ("tdx_reserved_bits_32", "reserved", accept("tdx.reserved_attributes"), SAME, ""),
    ("td15_service_TD_bound_migration_TD", "any", accept(findings=note("tdx.service_td")), SAME, ""),
    ("td15_service_TD_bound_migration_TD", "no service TD",
     reject("policy.tdx.forbid_service_td", authentic=True), SAME, ""),
    # RFC 5280.
    ("PCK_CA_without_cRLSign_signs_its_CRL", "any", reject("crl.pck.issuer"), SAME, ""),
    ("root_pathlen_0_above_an_intermediate", "any", reject("pck.chain"), SAME, ""),
    ("PCK_leaf_keyAgreement_only", "any", reject("pck.chain"), SAME, ""),
    ("crl_entry_unknown_critical_ext", "any", reject("crl.pck.issuer"), SAME, ""),
    ("delta_CRL_indicator_non-critical", "any", reject("crl.pck.issuer"), SAME, ""),
    ("crl_AKI_of_another_key", "any", reject("crl.pck.issuer"), SAME, ""),
    ("leaf_keyCertSign_only", "any", reject("snp.chain"), SAME, ""),
]

# Case, what of it is handed over beside the evidence, policy ("its own": policy.toml), right both ways. The command
# gets the whole directory, or a THIM document.
CHAIN = "vcek.der chain.pem"
AMD = [
    ("floor-milan-microcode", CHAIN + " crl.der", "any",
     reject("policy.accepted_statuses", tcb_status="OutOfDate", advisories="AMD-SB-3019",
            shortfalls=short("AMD-SB-3019", "snp.microcode", 213, 219))),
    ("floor-milan-2026-bulletins", CHAIN + " crl.der", "any",
     reject("policy.accepted_statuses", tcb_status="OutOfDate",
            shortfalls=[short("AMD-SB-3016", "snp.snp", 24, 27), short("AMD-SB-3023", "snp.snp", 24, 27),
                        short("AMD-SB-3030", "snp.snp", 24, 29)])),
    ("floor-siena", CHAIN + " crl.der", "any",
     reject("policy.accepted_statuses", tcb_status="OutOfDate",
            shortfalls=short("AMD-SB-3019", "snp.microcode", 21, 25))),
    ("hcl-vmpl2", CHAIN, "its own", reject("hcl.vmpl")),
    ("policy-product-aliases", CHAIN + " crl.der", "its own", reject("policy.snp.min_reported_tcb")),
    ("snpguest-certs-dir", "ark.pem ask.pem vcek.pem", "no floors", accept()),
    ("table-mixed-endian-guids", "", "no floors", accept()),
    ("table-stale-vcek", CHAIN, "no floors", accept(findings=note("hint.dropped"))),
    ("thim-json-as-collateral", "thim.json", "no floors", accept()),
    ("tpm-sha384-bank", CHAIN, "its own", accept()),
    ("tpm2-tools-signature", CHAIN, "its own", accept()),
]
TPM_NONCE = 32 * "6e"


def other_bit(data):
    return data[:-1] + bytes([data[-1] ^ 1])


def other_pcr(data):
    return data.replace(b'"b', b'"c', 1)


def other_scheme(data):  # of a TPMT_SIGNATURE: TPM_ALG_SM2, which nobody reads here
    return b"\x00\x1b" + data[2:]


def in_der(data):
    return ssl.PEM_cert_to_DER_cert(data.decode())


# What else the cases ask for. Case, the files that differ (new name, of which and how it is made; None: not there),
# what is handed over beside the evidence, policy, right.
VARIATIONS = [
    ("tpm-sha384-bank", {"tpm_pcrs.json": None}, CHAIN, "its own", accept()),
    ("tpm-sha384-bank", {"tpm_pcrs.json": ("tpm_pcrs.json", other_pcr)}, CHAIN, "its own",
     reject("hcl.tpm_pcr_digest")),
    ("tpm-sha384-bank", {"tpm_quote.sig": ("tpm_quote.sig", other_bit)}, CHAIN, "its own", reject("hcl.tpm_signature")),
    ("tpm2-tools-signature", {"tpm_quote.sig": ("tpm_quote.sig", other_bit)}, CHAIN, "its own",
     reject("hcl.tpm_signature")),
    ("tpm2-tools-signature", {"tpm_quote.sig": ("tpm_quote.sig", lambda data: data[6:])}, CHAIN, "its own", accept()),
    ("tpm2-tools-signature", {"tpm_quote.sig": ("tpm_quote.sig", lambda data: data[:100])}, CHAIN, "its own",
     refused("hcl.format")),
    ("tpm2-tools-signature", {"tpm_quote.sig": ("tpm_quote.sig", other_scheme)}, CHAIN, "its own",
     refused("hcl.format")),
    ("snpguest-certs-dir", {f"{name}.der": (f"{name}.pem", in_der) for name in ("ark", "ask", "vcek")} |
     {f"{name}.pem": None for name in ("ark", "ask", "vcek")}, "ark.der ask.der vcek.der", "no floors", accept()),
    ("thim-json-as-collateral", {"thim.json": ("thim.json", base64.b64encode)}, "thim.json", "no floors", accept()),
]
# These have tests of their own below.
ALSO = {"table-empty-entry", "table-stale-vcek", "text-hex-report", "thim-only-upstream"}
ALSO_SERVICE = {"terminal-forgery.bin", "ext-term.raw", "view-slow-nothing.db", "anchors.pem"}
