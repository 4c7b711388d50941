// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/verify.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/pki/usages.h"
#include "tcb/tpm/azure_certificates.h"
#include "tcb/tpm/event_log.h"

namespace thimble::tpm {
namespace {

constexpr std::array<uint8_t, 5> kAikCertificate = {0x67, 0x81, 0x05, 0x08, 0x03};  // 2.23.133.8.3

bool HoldsUnless(Verdict& verdict, Check check, const std::string& problem) {
  return HardUnless(verdict, check, problem.empty(), [&] { return problem; });
}

std::optional<AzureVm> AzureVmOf(std::string_view common_name) {
  if (common_name.ends_with(".ConfidentialVM.Azure.windows.net")) return AzureVm::kConfidential;
  if (common_name.ends_with(".TrustedVM.Azure.windows.net")) return AzureVm::kTrustedLaunch;
  return std::nullopt;
}

// spec/vbs-and-tpm.md section 3.2. Purposes do not nest: Azure's CAs lack some that their leaves have.
std::string UsageProblem(const Certificate& leaf) {
  if (leaf.is_ca() == true) return "the attestation key's certificate is a CA's";
  if (!leaf.HasUsage(kDigitalSignature) || leaf.HasUsage(kKeyCertSign))
    return "the attestation key's certificate is not for signatures, or for certificates";
  if (!HasExtendedKeyUsage(leaf, kAikCertificate))
    return "the attestation key's certificate lacks the purpose 2.23.133.8.3 (AIK certificate)";
  return {};
}

// A path to one of Azure's roots, or of the operator's.
bool CheckPathOf(Verdict& verdict, const KeyEvidence& key, const Context& context) {
  std::vector<PathRoot> roots = AzureTpmRoots();
  roots.insert(roots.end(), context.anchors.path_roots().begin(), context.anchors.path_roots().end());
  std::vector<CertificatePtr> pool = key.chain;
  for (const auto* more : {&AzureTpmCertificates(), &context.anchors.path_certificates()})
    pool.insert(pool.end(), more->begin(), more->end());
  const auto path = BuildPath(key.certificate, pool, roots, context.at, Check::kTpmAkChain, context.memo);
  if (!HardUnless(verdict, Check::kTpmAkChain, path.ok(), [&] { return path.error().message; })) return false;
  verdict.trust_anchor = path->root->name;
  verdict.trust_anchor_extra = path->root->extra;
  if (path->root->extra) {
    NoteUnless(verdict, Check::kTrustAnchorExtra, false,
               [&] { return StrCat("trust anchor \"", path->root->name, "\" was added by the operator"); });
  }
  verdict.window = Intersect(verdict.window, path->window);
  CheckWindow(verdict, path->window, "chain of the attestation key's certificate", Check::kTpmAkExpired,
              Check::kTpmAkExpired);
  return true;
}

KeyCertificateClaims ClaimsOf(const Certificate& certificate) {
  return {.sha256 = certificate.sha256(),
          .subject = certificate.subject_cn(),
          .issuer = certificate.issuer_cn(),
          .vm = AzureVmOf(certificate.subject_cn())};
}

// Chain, purpose, and that it certifies this key. Whose certificate it is counts only then.
bool CheckCertificate(Verdict& verdict, const KeyEvidence& key, const PublicKey* signer,
                      const Context& context, Claims& claims) {
  constexpr std::array kAll = {Check::kTpmAkChain, Check::kTpmAkExpired, Check::kTpmAkUsage,
                               Check::kTpmAkKey};
  if (key.certificate == nullptr) {
    for (const Check check : kAll)
      verdict.checks.SetNotRun(check, "no certificate of the attestation key given");
    return true;
  }
  for (const Check check : kAll) verdict.checks.SetNotRun(check, "not reached");
  if (!CheckPathOf(verdict, key, context)) return false;
  if (!HoldsUnless(verdict, Check::kTpmAkUsage, UsageProblem(*key.certificate))) return false;
  const bool same = signer == nullptr || SameKey(*signer, key.certificate->key());
  if (!HardUnless(verdict, Check::kTpmAkKey, same, [&] {
        return StrCat("the certificate \"", key.certificate->subject_cn(),
                      "\" is of another key than the one that is given or vouched for");
      }))
    return false;
  claims.certificate = ClaimsOf(*key.certificate);
  return true;
}

bool CheckAttributes(Verdict& verdict, const KeyEvidence& key) {
  if (!key.attributes) {
    verdict.checks.SetNotRun(Check::kTpmKeyAttributes, "no public area of the attestation key given");
    return true;
  }
  return HoldsUnless(verdict, Check::kTpmKeyAttributes, AttributeProblem(*key.attributes));
}

// The quoted PCRs that the log leads to, or what is wrong.
std::string CompareReplay(const PcrValues& replayed, const Quote& quote, EventLogClaims& claims) {
  for (const PcrSelection& selection : quote.claims.selections) {
    const auto bank = replayed.find(selection.bank);
    if (bank == replayed.end()) continue;
    PcrSelection same{.bank = selection.bank, .pcrs = {}};
    for (const uint8_t number : selection.pcrs) {
      if (!bank->second.contains(number)) continue;
      const Bytes& quoted = quote.pcrs->at(selection.bank).at(number);
      if (bank->second.at(number) != quoted) {
        return StrCat("PCR ", number, " of ", PcrBankName(selection.bank), ": the event log leads to ",
                      HexLower(bank->second.at(number)), ", quoted is ", HexLower(quoted));
      }
      same.pcrs.push_back(number);
    }
    if (!same.pcrs.empty()) claims.replayed.push_back(std::move(same));
  }
  return {};
}

bool CheckEventLog(Verdict& verdict, const KeyEvidence& key, const Quote& quote, Claims& claims) {
  CheckLog& checks = verdict.checks;
  if (!key.event_log) {
    checks.SetNotRun(Check::kTpmEventLogFormat, "no event log given");
    checks.SetNotRun(Check::kTpmEventLogReplay, "no event log given");
    return true;
  }
  const auto log = ParseEventLog(*key.event_log);
  if (!HardUnless(verdict, Check::kTpmEventLogFormat, log.ok(), [&] { return log.error().message; }))
    return false;
  if (!quote.pcrs) {
    checks.SetNotRun(Check::kTpmEventLogReplay, "no PCRs given");
    return true;
  }
  EventLogClaims found{.events = log->events.size(), .replayed = {}};
  if (!HoldsUnless(verdict, Check::kTpmEventLogReplay, CompareReplay(Replay(*log), quote, found)))
    return false;
  if (found.replayed.empty()) {
    checks.SetNotRun(Check::kTpmEventLogReplay, "the event log has no PCR of the quote");
  } else {
    claims.event_log = std::move(found);
  }
  return true;
}

bool CheckQuoted(Verdict& verdict, const Quote& quote, const std::optional<Bytes>& nonce, Claims& claims) {
  if (nonce) {
    if (!HoldsUnless(verdict, Check::kTpmNonce, NonceProblem(quote, *nonce))) return false;
  } else {
    verdict.checks.SetNotRun(Check::kTpmNonce, "no nonce expected");
  }
  if (!quote.pcrs) {
    verdict.checks.SetNotRun(Check::kTpmPcrDigest, "no PCRs given");
    return true;
  }
  if (!HoldsUnless(verdict, Check::kTpmPcrDigest, PcrProblem(quote))) return false;
  claims.pcrs = *quote.pcrs;
  return true;
}

// SHA-1 and a scheme that does not fit the key are the form's fault, not the signature's (section 2.2).
bool CheckSignature(Verdict& verdict, const Quote& quote, const PublicKey& signer) {
  const bool form = quote.signature.hash == kSha256 || quote.signature.hash == kSha384;
  const bool fits = std::holds_alternative<RsaPublicKey>(signer) != quote.signature.rsa.empty();
  const std::string problem = SignatureProblem(quote.signature, quote.message, signer, "the attestation key");
  if (!HardUnless(verdict, Check::kTpmSignatureFormat, form && fits, [&] { return problem; })) return false;
  return HoldsUnless(verdict, Check::kTpmQuoteSignature, problem);
}

bool CheckVouched(Verdict& verdict, const KeyEvidence& key, const Context& context) {
  constexpr std::string_view kUnproven =
      "no certificate answers for the attestation key: the quote shows that some key signed it, and not "
      "whose";
  if (key.certificate != nullptr || !context.allow_uncertified_key) {
    return HardUnless(verdict, Check::kTpmAkUnproven, key.certificate != nullptr, [&] { return kUnproven; });
  }
  NoteUnless(verdict, Check::kTpmAkUnproven, false, [&] { return kUnproven; });
  return true;
}

void DeclareChecks(CheckLog& checks) {
  for (const Check check :
       {Check::kTpmSignatureFormat, Check::kTpmAkChain, Check::kTpmAkExpired, Check::kTpmAkUsage,
        Check::kTpmAkKey, Check::kTpmKeyAttributes, Check::kTpmQuoteSignature, Check::kTpmNonce,
        Check::kTpmPcrDigest, Check::kTpmEventLogFormat, Check::kTpmEventLogReplay, Check::kTpmAkUnproven})
    checks.SetNotRun(check, "not reached");
  checks.Set(Check::kTpmFormat, CheckResult::kPassed);
}

}  // namespace

Verdict VerifyQuote(const Quote& quote, const KeyEvidence& key, const std::optional<Bytes>& nonce,
                    const Context& context) {
  Verdict verdict;
  verdict.tee = Tee::kTpm;
  verdict.at = context.at;
  const auto claims = std::make_shared<Claims>();
  claims->quote = quote.claims;
  claims->key_sha256 = key.key_sha256;
  verdict.tpm = claims;
  DeclareChecks(verdict.checks);
  const PublicKey* const given = key.key ? &*key.key : nullptr;
  if (!CheckCertificate(verdict, key, given, context, *claims) || !CheckAttributes(verdict, key))
    return verdict;
  const PublicKey* const signer = given != nullptr             ? given
                                  : key.certificate != nullptr ? &key.certificate->key()
                                                               : nullptr;
  if (!HardUnless(verdict, Check::kTpmAkUnproven, signer != nullptr,
                  [] { return "neither the attestation key nor a certificate of it is given"; }))
    return verdict;
  if (!CheckSignature(verdict, quote, *signer) || !CheckQuoted(verdict, quote, nonce, *claims) ||
      !CheckEventLog(verdict, key, quote, *claims) || !CheckVouched(verdict, key, context))
    return verdict;
  verdict.authentic = true;
  return verdict;
}

void CheckKeyBeside(Verdict& verdict, const KeyEvidence& key, const PublicKey& vouched,
                    const Context& context) {
  const auto claims = std::make_shared<Claims>();
  verdict.tpm = claims;
  if (verdict.hard() != nullptr) return;
  const bool given = !key.key || SameKey(*key.key, vouched);
  const std::string anchor = verdict.trust_anchor;
  const bool extra = verdict.trust_anchor_extra;
  const bool holds = CheckCertificate(verdict, key, &vouched, context, *claims) &&
                     HardUnless(verdict, Check::kTpmAkKey, given, [] {
                       return "the attestation key that is given is another than the report's HCLAkPub";
                     });
  // The hardware's anchor is the one that the verdict rests on.
  verdict.trust_anchor = anchor;
  verdict.trust_anchor_extra = extra;
  const bool trusted_launch = claims->certificate && claims->certificate->vm == AzureVm::kTrustedLaunch;
  const bool kind = holds && HardUnless(verdict, Check::kTpmAkUsage, !trusted_launch, [] {
                      return "the attestation key's certificate is of a Trusted Launch VM, and a hardware "
                             "report lies beside it";
                    });
  if (kind && CheckAttributes(verdict, key)) return;
  Retract(verdict);
}

}  // namespace thimble::tpm
