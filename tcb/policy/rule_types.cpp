// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/rule_types.h"

namespace thimble {

std::string_view EvidenceClassName(EvidenceClass evidence) {
  switch (evidence) {
    case EvidenceClass::kSgx:
      return "sgx";
    case EvidenceClass::kTdx10:
      return "tdx_1.0";
    case EvidenceClass::kTdx15:
      return "tdx_1.5";
    case EvidenceClass::kSnp:
      return "snp";
    case EvidenceClass::kOpenEnclave:
      return "open_enclave";
    case EvidenceClass::kTpm:
      return "tpm";
    case EvidenceClass::kVbs:
      return "vbs";
  }
  return "";
}

}  // namespace thimble
