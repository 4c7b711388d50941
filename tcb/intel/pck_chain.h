// SPDX-License-Identifier: Apache-2.0
//
// Intel's certificate chains and the PCK certificate's SGX extension (DCAP 2).
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/intel/claims.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/certificate_pool.h"

namespace thimble::intel {

// A PCK chain whose roles, names, profiles and signatures hold, its root's own too; whether that root is an
// anchor is asked at each use (TrustAnchors::Find), and the windows are judged at each use. Immutable.
struct PckChain {
  CertificatePtr leaf, intermediate, root;
  PlatformFacts facts;  // all but quote_version

  Validity window() const;  // intersection of the three
};

// Exactly three certificates in any order, classified by role (DCAP 2.2). Malformed (`malformed_check`) when
// a certificate or the SGX extension cannot be decoded; Rejected (pck.chain) when a role, name, profile or
// signature fails.
Result<std::shared_ptr<const PckChain>> BuildPckChain(const std::vector<Bytes>& certificates,
                                                      Check malformed_check, CertificatePool& pool);

// TCB signing chain: exactly two, in any order. Rejected (signing_chain.untrusted) when it does not hold.
struct SigningChain {
  CertificatePtr signer, root;
};
Result<SigningChain> BuildSigningChain(const std::vector<Bytes>& certificates, CertificatePool& pool);

// Issuer chain of a CRL: root alone, or intermediate and root, in any order.
struct CaChain {
  CertificatePtr intermediate;  // null: the root itself is the issuer
  CertificatePtr root;
};
Result<CaChain> BuildCaChain(const std::vector<Bytes>& certificates, Check failed_check,
                             CertificatePool& pool);

// The SGX extension of a PCK leaf (OID 1.2.840.113741.1.13.1), exactly the entries of DCAP 2.3: all seven, or under the
// Processor CA the first five.
Result<PlatformFacts> ParseSgxExtension(const Certificate& leaf, PckCa ca, Check malformed_check);

}  // namespace thimble::intel
