// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/collateral_checks.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/intel/tcb_level.h"
#include "tcb/intel/td_checks.h"

namespace thimble::intel {
namespace {

std::string_view TeeOf(IntelTee tee) { return tee == IntelTee::kSgx ? "SGX" : "TDX"; }

bool MaskedEqual(ByteView value, ByteView mask, ByteView expected) {
  for (size_t i = 0; i < value.size(); ++i) {
    if ((value[i] & mask[i]) != expected[i]) return false;
  }
  return true;
}

}  // namespace

void JudgeWindows(const VerifiedCollateral& collateral, Verdict& verdict) {
  const auto windows = [](const ItemPtr& item) { return ItemWindows{item->window(), item->chain_window()}; };
  CheckItemWindows(verdict, ItemKind::kRootCaCrl, windows(collateral.root_ca_crl));
  CheckItemWindows(verdict, ItemKind::kPckCrl, windows(collateral.pck_crl));
  CheckItemWindows(verdict, ItemKind::kTcbInfo, windows(collateral.tcb_info));
  CheckItemWindows(verdict, ItemKind::kEnclaveIdentity, windows(collateral.qe_identity));
}

void TakeCollateral(const VerifiedCollateral& collateral, Verdict& verdict) {
  verdict.collateral = {collateral.root_ca_crl, collateral.pck_crl, collateral.tcb_info,
                        collateral.qe_identity};
  for (const ItemPtr& item : verdict.collateral) {
    verdict.window = Intersect(verdict.window, Intersect(item->window(), item->chain_window()));
  }
  verdict.crl_issued = std::min(collateral.root_ca_crl->issued(), collateral.pck_crl->issued());
  verdict.tcb_info_issued = collateral.tcb_info->issued();
  verdict.qe_identity_issued = collateral.qe_identity->issued();
  verdict.tcb_info_evaluation = collateral.tcb_info->tcb_info()->evaluation_number;
  verdict.qe_identity_evaluation = collateral.qe_identity->identity()->evaluation_number;
}

// PrepareCollateral has verified each item up to an anchor; here all of them must rest on the quote's own.
bool CheckSameAnchor(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict) {
  const auto same = [&](const ItemPtr& item, Check check) {
    return HardUnless(verdict, check, item->anchor_spki() == chain.root->spki_sha256(), [&] {
      return StrCat(item->name(), " rests on root ", item->anchor_spki().hex(), ", the quote on ",
                    chain.root->spki_sha256().hex());
    });
  };
  for (const Check check : {Check::kCrlRootSignature, Check::kCrlPckSignature, Check::kTcbInfoSignature,
                            Check::kQeIdentitySignature}) {
    verdict.checks.Set(check, CheckResult::kPassed);
  }
  return same(collateral.root_ca_crl, Check::kCrlRootIssuer) &&
         same(collateral.tcb_info, Check::kSigningChainUntrusted) &&
         same(collateral.qe_identity, Check::kSigningChainUntrusted);
}

// The CRL is of the CA that issued this leaf: same name and same key, whatever issue of its certificate
// (DCAP 2.4, 8.17).
bool CheckPckCrlIssuer(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict) {
  const Certificate& crl_issuer = *collateral.pck_crl->signers().front();
  const bool same = Equal(collateral.pck_crl->crl()->issuer(), chain.leaf->issuer()) &&
                    crl_issuer.spki_sha256() == chain.intermediate->spki_sha256();
  return HardUnless(verdict, Check::kCrlPckIssuer, same, [&] {
    return StrCat("PCK CRL is of \"", crl_issuer.subject_cn(), "\" (key ", crl_issuer.spki_sha256().hex(),
                  "), the PCK certificate of \"", chain.intermediate->subject_cn(), "\" (key ",
                  chain.intermediate->spki_sha256().hex(), ")");
  });
}

bool CheckRevocation(const VerifiedCollateral& collateral, const PckChain& chain, Verdict& verdict) {
  const Crl& root_crl = *collateral.root_ca_crl->crl();
  const auto not_revoked = [&](Check check, const Crl& crl, const Certificate& certificate) {
    return HardUnless(verdict, check, !crl.Revokes(certificate), [&] {
      return StrCat("\"", certificate.subject_cn(), "\", serial ", HexLower(certificate.serial()),
                    ", is in the CRL of \"", crl.issuer_cn(), "\"");
    });
  };
  return not_revoked(Check::kSigningChainRevoked, root_crl, *collateral.tcb_info->signers().front()) &&
         not_revoked(Check::kSigningChainRevoked, root_crl, *collateral.qe_identity->signers().front()) &&
         not_revoked(Check::kPckRevoked, root_crl, *chain.root) &&
         not_revoked(Check::kPckRevoked, root_crl, *chain.intermediate) &&
         not_revoked(Check::kPckRevoked, root_crl, *collateral.pck_crl->signers().front()) &&
         not_revoked(Check::kPckRevoked, *collateral.pck_crl->crl(), *chain.leaf);
}

// DCAP 3, checks 4 and 5.
bool CheckTcbInfoMatches(const Quote& quote, const PckChain& chain, const TcbInfo& info, Verdict& verdict) {
  const IntelTee tee = quote.tdx ? IntelTee::kTdx : IntelTee::kSgx;
  const bool same = info.tee == tee && info.fmspc == chain.facts.fmspc && info.pce_id == chain.facts.pce_id;
  return HardUnless(verdict, Check::kTcbInfoMismatch, same, [&] {
    return StrCat("quote: ", TeeOf(tee), ", FMSPC ", chain.facts.fmspc.HexUpper(), ", PCE id ",
                  chain.facts.pce_id.HexUpper(), "; TCB info: ", TeeOf(info.tee), ", FMSPC ",
                  info.fmspc.HexUpper(), ", PCE id ", info.pce_id.HexUpper());
  });
}

// DCAP 3.2, steps 1 to 3.
bool CheckTdxModule(const TdxClaims& td, const TcbInfo& info, Verdict& verdict) {
  const uint8_t version = td.tee_tcb_svn[1];
  const TdxModule* module = info.tdx_module ? &*info.tdx_module : nullptr;
  if (version > 0) {
    const TdxModuleIdentity* const identity = FindModuleIdentity(info, version);
    module = identity != nullptr ? &identity->module : nullptr;
  }
  if (module == nullptr) {
    return HardUnless(verdict, Check::kTdxModuleMismatch, false, [&] {
      return StrCat("no identity for TDX module version ", version, " in the TCB info");
    });
  }
  const bool same =
      td.mr_signer_seam == module->mr_signer && td.seam_attributes.zero() && AllZero(module->attributes);
  return HardUnless(verdict, Check::kTdxModuleMismatch, same, [&] {
    return StrCat("quote: MRSIGNERSEAM ", td.mr_signer_seam.hex(), ", SEAMATTRIBUTES ",
                  td.seam_attributes.hex(), "; identity: ", module->mr_signer.hex(), ", ",
                  HexLower(module->attributes), " (attributes must be zero)");
  });
}

// DCAP 4, checks 1 to 5.
bool CheckQeIdentityMatches(const Quote& quote, const EnclaveIdentity& identity, Verdict& verdict) {
  const SgxClaims& qe = quote.qe_report;
  const EnclaveId expected = quote.tdx ? EnclaveId::kTdQe : EnclaveId::kQe;
  const auto problem = [&]() -> std::string {
    if (identity.id != expected) {
      return StrCat("identity of ", EnclaveIdName(identity.id), ", the quote needs ",
                    EnclaveIdName(expected));
    }
    if ((qe.misc_select & identity.misc_select_mask) != identity.misc_select) {
      return StrCat("MISCSELECT: QE ", qe.misc_select, ", identity ", identity.misc_select, " under mask ",
                    identity.misc_select_mask);
    }
    if (!MaskedEqual(qe.attributes, identity.attributes_mask, identity.attributes)) {
      return StrCat("ATTRIBUTES: QE ", HexLower(qe.attributes), ", identity ", HexLower(identity.attributes),
                    " under mask ", HexLower(identity.attributes_mask));
    }
    if (qe.mr_signer != identity.mr_signer) {
      return StrCat("MRSIGNER: QE ", qe.mr_signer.hex(), ", identity ", identity.mr_signer.hex());
    }
    if (qe.isv_prod_id != identity.isv_prod_id) {
      return StrCat("ISVPRODID: QE ", qe.isv_prod_id, ", identity ", identity.isv_prod_id);
    }
    return {};
  }();
  return HardUnless(verdict, Check::kQeIdentityMismatch, problem.empty(), [&] { return problem; });
}

// DCAP 6, with the relaunch step 6.3 for TD reports 1.5.
void EvaluateStatus(const Quote& quote, const PckChain& chain, const VerifiedCollateral& collateral,
                    Verdict& verdict) {
  const TcbInfo& info = *collateral.tcb_info->tcb_info();
  const EnclaveIdentity& identity = *collateral.qe_identity->identity();
  PlatformTcb tcb{chain.facts.cpu_svn, chain.facts.pce_svn, std::nullopt, quote.qe_report.isv_svn};
  const auto* td = std::get_if<TdxClaims>(&quote.body);
  if (td != nullptr) tcb.tee_tcb_svn = td->tee_tcb_svn;

  verdict.qe_isv_svn = tcb.qe_isv_svn;
  verdict.shortfalls = FindShortfalls(info, identity, tcb);
  auto judged = JudgeTcb(info, identity, tcb, td != nullptr ? td->tee_tcb_svn2 : std::nullopt);
  if (!HardUnless(verdict, Check::kTcbNotSupported, judged.ok(), [&] { return judged.error().message; }))
    return;
  TakeJudgement(std::move(judged).value(), verdict);
  if (td != nullptr) JudgeInitialTcb(*td, info, identity, tcb, verdict);
}

}  // namespace thimble::intel
