// SPDX-License-Identifier: Apache-2.0
//
// The PCK certificates of one platform, as the PCS's `pckcerts` returns them: a JSON array of {tcb, tcbm, cert},
// the certificate as percent-encoded PEM or the words "Not available" (spec/intel-pccs-api.md section 10).
// Nothing signs the array; each certificate speaks for itself, so `tcb` is not read.
#pragma once

#include <string>
#include <vector>

#include "tcb/intel/claims.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/pki/certificate.h"

namespace thimble::intel {

struct PckCertificate {
  PckTcb tcb;  // what it certifies; in text, its TCBm
  CertificatePtr certificate;
};

// At least one certificate; all chain to one PCK CA and one anchor and are of one platform.
struct PckSet {
  Fmspc fmspc;
  PceId pce_id;
  Ppid ppid;
  PckCa ca = PckCa::kProcessor;
  std::vector<PckCertificate> certificates;  // in the order of the array
  std::vector<PckTcb> not_available;         // TCBs that the vendor has not certified yet
};

// The array again, as the PCS writes it: what an upload or a cache that gives single certificates is kept as.
std::string EncodePckCerts(const std::vector<PckCertificate>& certificates,
                           const std::vector<PckTcb>& not_available);

}  // namespace thimble::intel
