// SPDX-License-Identifier: Apache-2.0
//
// THE INDEX: every named check, what it says, the spec section it comes from, and the file that makes it.
// The names (the text in X(...)) are part of the public result and are stable.
// tests/checks_test.py holds that each is used by the code and fails in at least one test.
//
// "DCAP n" is section n of spec/intel-dcap-verification.md, "SNP x" section x of spec/amd-sev-snp.md,
// "HCL" is section 4 of spec/azure-thim.md, "OE n" section n of spec/open-enclave.md,
// "UVM n" section n of spec/azure-containers.md.
#pragma once

#include <cstdint>
#include <string_view>

namespace thimble {

// clang-format off
#define THIMBLE_CHECKS(X) \
  X(kNone, "") \
  /* -- Intel evidence -- */ \
  X(kQuoteFormat, "quote.format")                 /* lengths, versions, types, key on the curve; DCAP 1; intel/quote.cpp */ \
  X(kQuoteSignature, "quote.signature")           /* attestation key over header and body; DCAP 5.10; intel/verify.cpp */ \
  X(kQuoteTrailingBytes, "quote.trailing_bytes")  /* note: bytes after the auth data, counted; DCAP 1.3; intel/verify.cpp */ \
  X(kQeReportSignature, "qe_report.signature")    /* PCK key over the QE report; DCAP 5.6; intel/verify.cpp */ \
  X(kQeReportData, "qe_report.data")              /* SHA-256(attestation key, auth data), then zeros; DCAP 5.7; intel/verify.cpp */ \
  X(kPckChain, "pck.chain")                       /* three certificates, roles, names, profiles, signatures; DCAP 2; intel/pck_chain.cpp */ \
  X(kPckRoot, "pck.root")                         /* the root is a trust anchor; DCAP 2.2.5; intel/verify.cpp */ \
  X(kPckRevoked, "pck.revoked")                   /* leaf in the PCK CRL, or intermediate in the root CRL; DCAP 2.4; intel/collateral_checks.cpp */ \
  X(kPckExpired, "pck.expired")                   /* soft: a certificate of the PCK chain is past notAfter; DCAP 2.2.7; intel/verify.cpp */ \
  X(kPckNotYetValid, "pck.not_yet_valid")         /* soft: ... before notBefore; DCAP 2.2.7; intel/verify.cpp */ \
  X(kPckMissing, "pck.missing")                   /* certification data 1 to 4 and no PCK chain given; DCAP 1.5; intel/verify.cpp */ \
  /* -- Intel collateral -- */ \
  X(kCrlRootSignature, "crl.root.signature")      /* root CA CRL under the root key; DCAP 2.4; intel/collateral.cpp */ \
  X(kCrlRootIssuer, "crl.root.issuer")            /* complete, and of the root, of the same anchor; DCAP 2.4, RFC 5280 6.3.3; intel/collateral.cpp */ \
  X(kCrlRootExpired, "crl.root.expired")          /* soft: outside thisUpdate..nextUpdate; DCAP 2.4; intel/verify.cpp */ \
  X(kCrlPckSignature, "crl.pck.signature")        /* PCK CRL under the intermediate's key; DCAP 2.4; intel/collateral.cpp */ \
  X(kCrlPckIssuer, "crl.pck.issuer")              /* complete, and of the CA that issued this PCK leaf; DCAP 2.4, RFC 5280 6.3.3; intel/collateral.cpp, collateral_checks.cpp */ \
  X(kCrlPckExpired, "crl.pck.expired")            /* soft: outside thisUpdate..nextUpdate; DCAP 2.4; intel/verify.cpp */ \
  X(kSigningChainUntrusted, "signing_chain.untrusted") /* TCB signing chain: two certificates, roles, signature, anchor; DCAP 2; intel/collateral.cpp */ \
  X(kSigningChainExpired, "signing_chain.expired")     /* soft: past notAfter; DCAP 2.2.7; intel/verify.cpp */ \
  X(kSigningChainNotYetValid, "signing_chain.not_yet_valid") /* soft: before notBefore; DCAP 2.2.7; intel/verify.cpp */ \
  X(kSigningChainRevoked, "signing_chain.revoked")     /* TCB signing certificate in the root CRL; DCAP 2.4; intel/collateral_checks.cpp */ \
  X(kTcbInfoSignature, "tcb_info.signature")      /* over the raw bytes of the member; DCAP 3; intel/collateral.cpp */ \
  X(kTcbInfoMismatch, "tcb_info.mismatch")        /* TEE, FMSPC, PCE id are the quote's; DCAP 3 checks 4, 5; intel/collateral_checks.cpp */ \
  X(kTcbInfoExpired, "tcb_info.expired")          /* soft: past nextUpdate; DCAP 3 check 3; intel/verify.cpp */ \
  X(kTcbInfoNotYetIssued, "tcb_info.not_yet_issued")   /* soft: before issueDate; DCAP 3 check 3; intel/verify.cpp */ \
  X(kQeIdentitySignature, "qe_identity.signature")     /* over the raw bytes of the member; DCAP 4; intel/collateral.cpp */ \
  X(kQeIdentityMismatch, "qe_identity.mismatch")       /* id, MISCSELECT, ATTRIBUTES, MRSIGNER, ISVPRODID; DCAP 4.1-4.5; intel/collateral_checks.cpp */ \
  X(kQeIdentityExpired, "qe_identity.expired")         /* soft: past nextUpdate; DCAP 4; intel/verify.cpp */ \
  X(kQeIdentityNotYetIssued, "qe_identity.not_yet_issued") /* soft: before issueDate; DCAP 4; intel/verify.cpp */ \
  X(kEvaluationNumbersSignature, "evaluation_numbers.signature") /* over the raw bytes of the member; PCCS 10; intel/collateral.cpp */ \
  X(kTdxModuleMismatch, "tdx_module.mismatch")    /* identity known, MRSIGNERSEAM, SEAMATTRIBUTES; DCAP 3.2; intel/collateral_checks.cpp */ \
  X(kTcbNotSupported, "tcb.not_supported")        /* no TCB level matches platform, module or QE; DCAP 3.1, 3.2, 4.6; intel/collateral_checks.cpp */ \
  X(kSgxDebug, "sgx.debug")                       /* soft: enclave in debug mode; DCAP 5; intel/verify.cpp */ \
  X(kTdxDebug, "tdx.debug")                       /* soft: TD attributes byte 0 (TUD) not zero; DCAP 5; intel/td_checks.cpp */ \
  X(kTdxMigratable, "tdx.migratable")             /* soft: TD attribute bit 29; DCAP 5; intel/td_checks.cpp */ \
  X(kTdxReservedAttributes, "tdx.reserved_attributes") /* soft: TD attribute bits that no specification names; DCAP 5; intel/td_checks.cpp */ \
  X(kTdxServiceTd, "tdx.service_td")              /* note: MRSERVICETD is not zero; DCAP 5; intel/td_checks.cpp */ \
  X(kTdxSeptVeDisableClear, "tdx.sept_ve_disable_clear") /* note: TD attribute bit 28 is clear; DCAP 5; intel/td_checks.cpp */ \
  X(kTdxCurrentTcb, "tdx.current_tcb")            /* soft: the current TCB that the body states is Revoked or OutOfDate; DCAP 6.3; intel/tcb_level.cpp */ \
  X(kTdxInitialTcb, "tdx.initial_tcb")            /* soft: the TCB of before an import is; DCAP 1.2; intel/td_checks.cpp */ \
  X(kQeTcb, "qe.tcb_status")                      /* note: the quoting enclave's level is short of UpToDate; DCAP 4; intel/tcb_level.cpp */ \
  /* -- AMD evidence and endorsements -- */ \
  X(kSnpFormat, "snp.format")                     /* lengths, must-be-zero ranges; SNP c, d.1; amd/report.cpp */ \
  X(kSnpVersion, "snp.version")                   /* 2 to 6; SNP c; amd/report.cpp */ \
  X(kSnpSignatureAlgorithm, "snp.signature_algorithm") /* 1; SNP d.1; amd/verify.cpp */ \
  X(kSnpSigningKey, "snp.signing_key")            /* SIGNING_KEY fits the leaf's kind; SNP d.2; amd/binding.cpp */ \
  X(kSnpChain, "snp.chain")                       /* ARK anchored, ASK or ASVK under it, roles; SNP d.4, d.5; amd/chain.cpp */ \
  X(kSnpLeafSignature, "snp.leaf_signature")      /* leaf under the ASK or ASVK; SNP d.5; amd/chain.cpp */ \
  X(kSnpProduct, "snp.product")                   /* CPUID, productName and ARK agree; SNP d.3, d.7; amd/binding.cpp */ \
  X(kSnpChipId, "snp.chip_id")                    /* hwID = CHIP_ID; SNP d.9; amd/binding.cpp */ \
  X(kSnpChipIdMasked, "snp.chip_id_masked")       /* soft: CHIP_ID is zero under a VCEK; SNP d.9; amd/binding.cpp */ \
  X(kSnpTcbOrder, "snp.tcb_order")                /* hard: REPORTED <= COMMITTED <= CURRENT; SNP d.14; amd/binding.cpp */ \
  X(kSnpTcbBinding, "snp.tcb_binding")            /* each SPL = REPORTED_TCB; SNP d.8; amd/binding.cpp */ \
  X(kSnpSignature, "snp.signature")               /* leaf key over bytes 0..0x29F; SNP d.10; amd/binding.cpp */ \
  X(kSnpRevoked, "snp.revoked")                   /* ASK, ASVK or ARK serial in the CRL; SNP d.6; amd/verify.cpp */ \
  X(kSnpCrl, "snp.crl")                           /* CRL signature, complete, and of the ARK; SNP d.6, RFC 5280 6.3.3; amd/chain.cpp */ \
  X(kSnpCrlMissing, "snp.crl_missing")            /* no CRL and the policy requires one; SNP d.6; amd/verify.cpp */ \
  X(kSnpCrlExpired, "snp.crl_expired")            /* soft: CRL outside thisUpdate..nextUpdate; SNP d.6; amd/verify.cpp */ \
  X(kSnpEndorsementMissing, "snp.endorsement_missing") /* no leaf or chain to judge by; SNP d; amd/verify.cpp */ \
  X(kSnpExpired, "snp.expired")                   /* soft: a certificate is past notAfter; SNP d.5; amd/verify.cpp */ \
  X(kSnpNotYetValid, "snp.not_yet_valid")         /* soft: ... before notBefore; SNP d.5; amd/verify.cpp */ \
  X(kSnpVmpl, "snp.vmpl")                         /* hard: requested by the host (0xFFFFFFFF); SNP d.12; amd/verify.cpp */ \
  X(kSnpDebug, "snp.debug")                       /* soft: POLICY.DEBUG; SNP d.13; amd/verify.cpp */ \
  X(kSnpMigration, "snp.migration")               /* soft: POLICY.MIGRATE_MA; SNP d.13; amd/verify.cpp */ \
  X(kSnpFloorUnknown, "snp.floor_unknown")        /* soft: the local floor file has no entry for this CPU; SNP d.14; amd/floor.cpp */ \
  X(kSnpFloorUnproven, "snp.floor_unproven")      /* note: nothing is short, and a bulletin's cell is unknown; SNP d.14; amd/floor.cpp */ \
  X(kSnpFloorStale, "snp.floor_stale")            /* soft: the floors document is past its stale_after; SNP d.14; amd/floor.cpp */ \
  /* -- Azure HCL reports -- */ \
  X(kHclFormat, "hcl.format")                     /* header, lengths, types; HCL; amd/hcl.cpp */ \
  X(kHclBinding, "hcl.binding")                   /* REPORT_DATA = SHA-256(runtime data), then zeros; HCL; amd/hcl.cpp */ \
  X(kHclQuoteMissing, "hcl.quote_missing")        /* TDREPORT without a TD quote; HCL; amd/hcl.cpp */ \
  X(kHclTdQuote, "hcl.td_quote")                  /* TD quote's report data = TDREPORT's; HCL; amd/hcl.cpp */ \
  X(kHclTpmSignature, "hcl.tpm_signature")        /* vTPM quote under HCLAkPub; HCL; amd/hcl.cpp */ \
  X(kHclTpmPcrDigest, "hcl.tpm_pcr_digest")       /* SHA-256 over the selected PCRs; HCL; amd/hcl.cpp */ \
  X(kHclTpmNonce, "hcl.tpm_nonce")                /* extraData = expected nonce; HCL; amd/hcl.cpp */ \
  X(kHclVmpl, "hcl.vmpl")                         /* hard: the report in it is not of VMPL 0; HCL; amd/hcl.cpp */ \
  /* -- Open Enclave -- */ \
  X(kOeFormat, "oe.format")                       /* headers, sizes, the quote fills its wrapping; OE 1; openenclave/wrapping.cpp, certificate.cpp */ \
  X(kOeReportType, "oe.report_type")              /* an SGX remote report, not a local one; OE 1.1; openenclave/wrapping.cpp */ \
  X(kOeFormatId, "oe.format_id")                  /* a format id that can be judged here; OE 1.2; openenclave/wrapping.cpp */ \
  X(kOeCertificateSignature, "oe.certificate_signature") /* self-signature; OE 1.5; openenclave/evidence.cpp */ \
  X(kOeCustomClaims, "oe.custom_claims")          /* report data = SHA-256(custom claims), then zeros; OE 1.3; openenclave/evidence.cpp */ \
  X(kOeCertificateKey, "oe.certificate_key")      /* evidence binds the certificate's key; OE 1.5; openenclave/evidence.cpp */ \
  /* -- confidential containers on Azure -- */ \
  X(kUvmFormat, "uvm.format")                     /* one tagged COSE_Sign1, attached; labels once, x5chain, x5t, crit; UVM 3.1; uvm/statement.cpp */ \
  X(kUvmAlgorithm, "uvm.algorithm")               /* PSS or ECDSA, and the signer's key fits it; UVM 3.1; uvm/container.cpp */ \
  X(kUvmChain, "uvm.chain")                       /* x5chain is a path, all of it, in its order; UVM 4.2; uvm/container.cpp, statement.cpp */ \
  X(kUvmSignature, "uvm.signature")               /* over protected header and payload; UVM 3.1; uvm/container.cpp */ \
  X(kUvmDid, "uvm.did")                           /* the issuer's did:x509 is met by that path; UVM 4.3; uvm/container.cpp */ \
  X(kUvmPayload, "uvm.payload")                   /* a measurement and an SVN, in either form; UVM 3.2, 3.3; uvm/payload.cpp */ \
  X(kUvmSigningTime, "uvm.signing_time")          /* within the validity of each certificate; UVM 3.4; uvm/container.cpp */ \
  X(kUvmMeasurement, "uvm.measurement")           /* the endorsement's is the report's; UVM 5; uvm/container.cpp */ \
  X(kUvmSvn, "uvm.svn")                           /* soft: below what the baseline asks for; UVM 5; uvm/container.cpp */ \
  X(kAciPolicy, "aci.policy")                     /* SHA-256(security policy) = HOST_DATA; UVM 5; uvm/container.cpp */ \
  X(kAciPolicyAllowsAll, "aci.policy_allows_all") /* note: a known policy that lets anything run; UVM 5; uvm/container.cpp */ \
  X(kUvmReceiptMissing, "uvm.receipt_missing")    /* no receipt, and the policy names ledger keys; UVM 6; uvm/receipt.cpp */ \
  X(kUvmReceiptFormat, "uvm.receipt_format")      /* COSE_Sign1, detached, of CCF's profile, with a proof; UVM 6; uvm/receipt.cpp */ \
  X(kUvmReceiptKey, "uvm.receipt_key")            /* under one of the ledger keys; UVM 6; uvm/receipt.cpp */ \
  X(kUvmReceiptSignature, "uvm.receipt_signature") /* over the root that the proof comes to; UVM 6; uvm/receipt.cpp */ \
  X(kUvmReceiptBinding, "uvm.receipt_binding")    /* the leaf is of this statement; UVM 6; uvm/receipt.cpp */ \
  /* -- quotes of a TPM, and its key -- */ \
  X(kTpmFormat, "tpm.format")                     /* TPMS_ATTEST of a quote, whole; key and certificate readable; spec/vbs-and-tpm.md section 2.1; tpm/quote.cpp, key.cpp */ \
  X(kTpmSignatureFormat, "tpm.signature_format")  /* TPMT_SIGNATURE or bare, fits the key, not SHA-1; spec/vbs-and-tpm.md section 2.2; tpm/verify.cpp */ \
  X(kTpmAkChain, "tpm.ak_chain")                  /* a path from the AK certificate to a root; spec/vbs-and-tpm.md section 3.2; tpm/verify.cpp */ \
  X(kTpmAkExpired, "tpm.ak_expired")              /* soft: a certificate of that path is outside its window; spec/vbs-and-tpm.md section 3.2; tpm/verify.cpp */ \
  X(kTpmAkUsage, "tpm.ak_usage")                  /* purpose 2.23.133.8.3, signatures, no CA; of the VM that the evidence is of; spec/vbs-and-tpm.md section 3.2; tpm/verify.cpp */ \
  X(kTpmAkKey, "tpm.ak_key")                      /* certificate, key given and HCLAkPub are one key; spec/vbs-and-tpm.md section 3.3; tpm/verify.cpp */ \
  X(kTpmKeyAttributes, "tpm.key_attributes")      /* a restricted signing key of this TPM; spec/vbs-and-tpm.md section 2.3; tpm/verify.cpp */ \
  X(kTpmQuoteSignature, "tpm.quote_signature")    /* under the attestation key; spec/vbs-and-tpm.md section 2.2; tpm/verify.cpp */ \
  X(kTpmNonce, "tpm.nonce")                       /* extraData = expected nonce, whole; spec/vbs-and-tpm.md section 2.1; tpm/verify.cpp */ \
  X(kTpmPcrDigest, "tpm.pcr_digest")              /* over exactly the PCRs quoted, all given and no other; spec/vbs-and-tpm.md section 2.1; tpm/verify.cpp */ \
  X(kTpmEventLogFormat, "tpm.event_log_format")   /* events, banks, lengths; spec/vbs-and-tpm.md section 2.6; tpm/event_log.cpp */ \
  X(kTpmEventLogReplay, "tpm.event_log_replay")   /* the log leads to the quoted PCRs; spec/vbs-and-tpm.md section 2.6; tpm/verify.cpp */ \
  X(kTpmAkUnproven, "tpm.ak_unproven")            /* nothing answers for the attestation key; spec/vbs-and-tpm.md section 2.4; tpm/verify.cpp */ \
  /* -- reports of VBS enclaves -- */ \
  X(kVbsFormat, "vbs.format")                     /* sizes, versions, blocks; spec/vbs-and-tpm.md section 1.1; vbs/report.cpp */ \
  X(kVbsSignatureScheme, "vbs.signature_scheme")  /* 1, RSA-PSS with SHA-256; spec/vbs-and-tpm.md section 1.1; vbs/verify.cpp */ \
  X(kVbsSignerMissing, "vbs.signer_missing")      /* the certificate of the signing key is not there; spec/vbs-and-tpm.md section 1.2; vbs/verify.cpp */ \
  X(kVbsSignerChain, "vbs.signer_chain")          /* a path from it to an operator's anchor, no TPM key; spec/vbs-and-tpm.md section 1.2; vbs/verify.cpp */ \
  X(kVbsSignerExpired, "vbs.signer_expired")      /* soft: a certificate of that path is outside its window; spec/vbs-and-tpm.md section 1.2; vbs/verify.cpp */ \
  X(kVbsSignature, "vbs.signature")               /* over the statement, under the signer's key; spec/vbs-and-tpm.md section 1.1; vbs/verify.cpp */ \
  X(kVbsEnclaveData, "vbs.enclave_data")          /* SHA-256(enclave key) and zeros, or SHA-512(report_signed); spec/vbs-and-tpm.md section 1.2; vbs/verify.cpp */ \
  X(kVbsDebug, "vbs.debug")                       /* soft: any bit of Flags; spec/vbs-and-tpm.md section 1.1; vbs/verify.cpp */ \
  /* -- any result -- */ \
  X(kReportData, "report_data.mismatch")          /* hard: REPORTDATA is not the value expected; verify.cpp */ \
  X(kTrustAnchorExtra, "trust_anchor.extra")      /* note: rests on an anchor the operator added; intel/verify.cpp, amd/verify.cpp */ \
  X(kHintDropped, "hint.dropped")                 /* note: an unsigned hint that does not fit this evidence; amd/verify.cpp */ \
  X(kCollateralDropped, "collateral.dropped")     /* note: a brought item that does not count; service/verification/ */ \
  X(kNonce, "nonce.mismatch")                     /* hard: the nonce was not issued here, has expired, or was used before; service/verification/ */ \
  /* -- decoding collateral, obtaining it, and requests: not checks of evidence, but named causes of errors -- */ \
  X(kEvidenceFormat, "evidence.format")           /* neither quote, report nor HCL report; verify.cpp */ \
  X(kCollateralMalformed, "collateral.malformed") /* undecodable collateral; any decoder in tcb/ */ \
  X(kOeEndorsements, "oe.endorsements")           /* undecodable oe_endorsements; OE 2; openenclave/endorsements.cpp */ \
  X(kCollateralMissing, "collateral.missing")     /* an item is not there; intel/prepare.cpp, cache/ */ \
  X(kCollateralMismatch, "collateral.mismatch")   /* an item is not the one asked for; collateral.cpp */ \
  X(kCollateralFromFuture, "collateral.from_future") /* issued more than 5 minutes after now; collateral.cpp */ \
  X(kCollateralRollback, "collateral.rollback")   /* older than what is held; cache/collateral_cache.cpp */ \
  X(kPolicyFormat, "policy.format")               /* unreadable policy or baseline; policy/validate.cpp */ \
  X(kMissBudget, "miss.budget")                   /* too much was asked for that is not held; service/upstreams/miss_budgets.cpp */ \
  X(kUpstreamUnreachable, "upstream.unreachable") /* connect, TLS, time-out; fetchers/ */ \
  X(kUpstreamStatus, "upstream.status")           /* an HTTP status that is not an answer; fetchers/ */ \
  X(kUpstreamKey, "upstream.key")                 /* 401, 403: subscription key missing or not valid; fetchers/intel_pck.cpp */ \
  X(kUpstreamAnswer, "upstream.answer")           /* 200, but not what was asked: header missing, HTML, too long; fetchers/ */ \
  X(kUpstreamNotFound, "upstream.not_found")      /* the vendor says that it does not exist; fetchers/ */ \
  X(kModeForbidsFetch, "mode.forbids_fetch")      /* not held, and [pccs] mode lets no request fetch; service/platforms/pck_service.cpp, service/dialects/intel_dialect.cpp */ \
  X(kAnswerTooLong, "answer.too_long")            /* longer than the client that asks can read; service/dialects/pccs_answers.cpp */ \
  X(kPckNotRegistered, "pck.not_registered")      /* a platform that nobody has registered; service/platforms/pck_service.cpp */ \
  X(kPckNoCertForTcb, "pck.no_cert_for_tcb")      /* no PCK certificate is covered by the platform's TCB; service/platforms/pck_service.cpp */ \
  X(kStoreIo, "store.io")                         /* the store failed; cache/ */ \
  X(kStoreCorrupt, "store.corrupt")               /* a record fails its digest; cache/record.cpp */ \
  X(kRequest, "request.invalid")                  /* a request that cannot be understood; service/ */ \
  X(kPckPlatformMismatch, "pck.platform_mismatch") /* certificates of another PPID than the one a QE id is bound to; cache/platform_registry.cpp */
// clang-format on

#define THIMBLE_CHECK_ENUMERATOR(id, name) id,
enum class Check : uint8_t { THIMBLE_CHECKS(THIMBLE_CHECK_ENUMERATOR) kCount };
#undef THIMBLE_CHECK_ENUMERATOR

constexpr std::string_view CheckName(Check check) {
  switch (check) {
#define THIMBLE_CHECK_NAME(id, name) \
  case Check::id:                    \
    return name;
    THIMBLE_CHECKS(THIMBLE_CHECK_NAME)
#undef THIMBLE_CHECK_NAME
    case Check::kCount:
      break;
  }
  return "";
}

}  // namespace thimble
