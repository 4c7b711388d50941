// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/reference_status.h"

#include <algorithm>

#include "tcb/check.h"

namespace thimble::intel {
namespace {

// Hard checks of evidence and collateral; the order is that of check.h.
std::string_view NameOf(Check check) {
  switch (check) {
    case Check::kQuoteFormat:
      return "STATUS_UNSUPPORTED_QUOTE_FORMAT";
    case Check::kQuoteSignature:
      return "STATUS_INVALID_QUOTE_SIGNATURE";
    case Check::kQeReportSignature:
      return "STATUS_INVALID_QE_REPORT_SIGNATURE";
    case Check::kQeReportData:
      return "STATUS_INVALID_QE_REPORT_DATA";
    case Check::kPckChain:
      return "STATUS_SGX_PCK_INVALID_ISSUER";
    case Check::kPckRoot:
      return "STATUS_SGX_PCK_CERT_CHAIN_UNTRUSTED";
    case Check::kPckRevoked:
      return "STATUS_SGX_PCK_REVOKED";
    case Check::kPckMissing:
      return "STATUS_UNSUPPORTED_QE_CERTIFICATION_DATA_TYPE";
    case Check::kCrlRootSignature:
    case Check::kCrlPckSignature:
      return "STATUS_SGX_CRL_INVALID_SIGNATURE";
    case Check::kCrlRootIssuer:
    case Check::kCrlPckIssuer:
      return "STATUS_SGX_CRL_UNKNOWN_ISSUER";
    case Check::kSigningChainUntrusted:
      return "STATUS_SGX_TCB_SIGNING_CERT_CHAIN_UNTRUSTED";
    case Check::kSigningChainRevoked:
      return "STATUS_SGX_TCB_SIGNING_CERT_REVOKED";
    case Check::kTcbInfoSignature:
      return "STATUS_TCB_INFO_INVALID_SIGNATURE";
    case Check::kTcbInfoMismatch:
      return "STATUS_TCB_INFO_MISMATCH";
    case Check::kQeIdentitySignature:
      return "STATUS_SGX_ENCLAVE_IDENTITY_INVALID_SIGNATURE";
    case Check::kQeIdentityMismatch:
      return "STATUS_QE_IDENTITY_MISMATCH";
    case Check::kTdxModuleMismatch:
      return "STATUS_TDX_MODULE_MISMATCH";
    case Check::kTcbNotSupported:
      return "STATUS_TCB_NOT_SUPPORTED";
    case Check::kCollateralMissing:
      return "STATUS_MISSING_PARAMETERS";
    case Check::kCollateralMalformed:
      return "STATUS_INVALID_PARAMETER";
    default:
      return "";
  }
}

std::string_view NameOf(TcbStatus status) {
  switch (status) {
    case TcbStatus::kUpToDate:
      return "STATUS_OK";
    case TcbStatus::kSWHardeningNeeded:
      return "STATUS_TCB_SW_HARDENING_NEEDED";
    case TcbStatus::kConfigurationNeeded:
      return "STATUS_TCB_CONFIGURATION_NEEDED";
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
      return "STATUS_TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED";
    case TcbStatus::kOutOfDate:
      return "STATUS_TCB_OUT_OF_DATE";
    case TcbStatus::kOutOfDateConfigurationNeeded:
      return "STATUS_TCB_OUT_OF_DATE_CONFIGURATION_NEEDED";
    case TcbStatus::kTDRelaunchAdvised:
      return "STATUS_TCB_TD_RELAUNCH_ADVISED";
    case TcbStatus::kTDRelaunchAdvisedConfigurationNeeded:
      return "STATUS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED";
    case TcbStatus::kRevoked:
      return "STATUS_TCB_REVOKED";
    case TcbStatus::kRelaunchAdvised:  // AMD's
    case TcbStatus::kRelaunchAdvisedConfigurationNeeded:
      break;
  }
  return "";
}

std::string_view ExpirationOf(Check check) {
  switch (check) {
    case Check::kPckExpired:
      return "STATUS_SGX_PCK_CERT_CHAIN_EXPIRED";
    case Check::kCrlRootExpired:
    case Check::kCrlPckExpired:
      return "STATUS_SGX_CRL_EXPIRED";
    case Check::kSigningChainExpired:
      return "STATUS_SGX_SIGNING_CERT_CHAIN_EXPIRED";
    case Check::kTcbInfoExpired:
      return "STATUS_SGX_TCB_INFO_EXPIRED";
    case Check::kQeIdentityExpired:
      return "STATUS_SGX_ENCLAVE_IDENTITY_EXPIRED";
    default:
      return "";
  }
}

}  // namespace

std::string_view ReferenceStatus(const Verdict& verdict) {
  if (verdict.tee == Tee::kSnp) return "";
  if (const Finding* hard = verdict.hard()) return NameOf(hard->check);
  return verdict.tcb_status ? NameOf(*verdict.tcb_status) : "";
}

std::string_view ReferenceStatus(const Error& error) { return NameOf(error.check); }

std::vector<std::string_view> ReferenceExpirations(const Verdict& verdict) {
  std::vector<std::string_view> names;
  for (const auto& entry : verdict.checks.Entries()) {
    const std::string_view name = ExpirationOf(entry.check);
    if (entry.result != CheckResult::kFailed || name.empty()) continue;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace thimble::intel
