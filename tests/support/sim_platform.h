// SPDX-License-Identifier: Apache-2.0
//
// Evidence that no TEE makes, simulated: the attestation key of a cloud's vTPM with its certificates, and the reports of
// VBS enclaves with a Host Guardian Service's (spec/vbs-and-tpm.md sections 1, 3). Keys are fixed; certificates are good
// around kNow, or when a bend says.
#pragma once

#include <string>

#include "tests/support/sim_hcl.h"
#include "tests/support/sim_pki.h"
#include "tests/support/sim_rsa_key.h"

namespace thimble::sim {

// What signs AK certificates: root > CA > AK. The key of the AK is VtpmKey().
Bytes TpmRootCertificate(const Bend<CertificateSpec>& bend = {});
Bytes TpmCaCertificate(const Bend<CertificateSpec>& bend = {});
Bytes AkCertificate(const Bend<CertificateSpec>& bend = {}, const SimRsaKey& key = VtpmKey());
inline constexpr const char* kTrustedLaunchName = "0123456789ab.TrustedVM.Azure.windows.net";
Bytes AkPurposes(std::string_view oid = "2.23.133.8.3");  // extKeyUsage

// TPMT_PUBLIC of VtpmKey().
Bytes AkPublicArea(uint32_t attributes = 0x00050072);

// An event log with one event for each of these PCRs, in the SHA-256 bank, and where it leads.
Bytes MakeEventLog(uint8_t pcrs, const Bend<Bytes>& bend = {});
tpm::PcrValues PcrsOfLog(uint8_t pcrs);

// {"tpm_quote": ..., "ak_cert": ..., "ak_chain": ...} of a good quote; each part may be replaced, and is left out if empty.
struct TpmEvidenceSpec {
  TpmQuoteSpec quote = {};
  Bytes certificate = AkCertificate();
  std::string chain = {};                   // PEM; empty: the CA's
  SimRsaKey signer = VtpmKey();             // of the quote
  std::optional<tpm::PcrValues> pcrs = {};  // that come with it; absent: those quoted
};
std::string TpmEvidenceJson(const TpmEvidenceSpec& spec = {});

// -- VBS --

struct VbsSpec {
  Bytes enclave_data = Bytes(64, 0x5e);
  uint32_t scheme = 1, enclave_svn = 3, secure_kernel_svn = 2, platform_svn = 1, flags = 0,
           enclave_type = 0x10;
  Bytes blocks = {};                // of variable data
  Bend<Bytes> bend_statement = {};  // before it is signed
  Bend<Bytes> bend = {};            // of the package
};
Bytes MakeVbsReport(const VbsSpec& spec = {});
Bytes VbsModule(std::string_view name);  // a block of type 1

Bytes HgsCertificate(const Bend<CertificateSpec>& bend = {});        // self-signed
Bytes VbsSignerCertificate(const Bend<CertificateSpec>& bend = {});  // of the key that signs reports
Bytes HealthPolicies(
    std::string_view oid = "1.3.6.1.4.1.311.48.1.2");  // application policies of such a signer
std::string VbsEvidenceJson(const VbsSpec& spec = {}, const std::string& report_signed = {},
                            const Bytes& signer = VbsSignerCertificate());

}  // namespace thimble::sim
