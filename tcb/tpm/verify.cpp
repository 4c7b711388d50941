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
constexpr std::array<uint8_t, 10> kDocumentSigning = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82,
                                                      0x37, 0x0a, 0x03, 0x0c};  // 1.3.6.1.4.1.311.10.3.12

bool HoldsUnless(Verdict& verdict, Check check, const std::string& problem) {
  return HardUnless(verdict, check, problem.empty(), [&] { return problem; });
}

std::optional<AzureVm> AzureVmOf(std::string_view common_name) {
  if (common_name.ends_with(".ConfidentialVM.Azure.windows.net")) return AzureVm::kConfidential;
  if (common_name.ends_with(".TrustedVM.Azure.windows.net")) return AzureVm::kTrustedLaunch;
  return std::nullopt;
}

std::string Named(const Certificate& certificate) {
  return StrCat("the attestation key's certificate \"", certificate.subject_cn(), "\"");
}

// spec/vbs-and-tpm.md section 3.2. Purposes do not nest: Azure's CAs lack some that their leaves have. Azure's older root
// has issued certificates for other things than VMs.
std::string UsageProblem(const Certificate& leaf, bool azures) {
  if (leaf.is_ca() == true) return StrCat(Named(leaf), ": is a CA's, must be a key's");
  if (!leaf.HasUsage(kDigitalSignature) || leaf.HasUsage(kKeyCertSign))
    return StrCat(Named(leaf), ": keyUsage ", KeyUsageText(leaf),
                  ", must have bit 0 (signatures) and not bit 5 (certificates)");
  const std::string purposes = StrCat(": purposes ", OidsText(ExtendedKeyUsages(leaf)), ", must have ");
  if (!HasExtendedKeyUsage(leaf, kAikCertificate))
    return StrCat(Named(leaf), purposes, "2.23.133.8.3 (AIK certificate)");
  if (!azures) return {};
  if (!HasExtendedKeyUsage(leaf, kDocumentSigning))
    return StrCat(Named(leaf), purposes, "1.3.6.1.4.1.311.10.3.12");
  if (!AzureVmOf(leaf.subject_cn()))
    return StrCat(Named(leaf),
                  ": under a root of Azure's, and not named <id>.ConfidentialVM.Azure.windows.net or "
                  "<id>.TrustedVM.Azure.windows.net");
  return {};
}

// A path to one of Azure's roots, or of the operator's: whether it is Azure's. nullopt: there is none.
std::optional<bool> CheckPathOf(Verdict& verdict, const KeyEvidence& key, const Context& context) {
  const PathAnchors& operators = context.anchors.For(AnchorUse::kTpm);
  std::vector<PathRoot> roots = AzureTpmRoots();
  roots.insert(roots.end(), operators.roots.begin(), operators.roots.end());
  std::vector<CertificatePtr> pool = key.chain;
  for (const auto* more : {&AzureTpmCertificates(), &operators.certificates})
    pool.insert(pool.end(), more->begin(), more->end());
  const auto path = BuildPath(key.certificate, pool, roots, context.at, Check::kTpmAkChain, context.memo);
  if (!HardUnless(verdict, Check::kTpmAkChain, path.ok(), [&] { return path.error().message; }))
    return std::nullopt;
  verdict.trust_anchor = path->root->name;
  verdict.trust_anchor_extra = path->root->extra;
  if (path->root->extra) {
    NoteUnless(verdict, Check::kTrustAnchorExtra, false,
               [&] { return StrCat("trust anchor \"", path->root->name, "\" was added by the operator"); });
  }
  verdict.window = Intersect(verdict.window, path->window);
  CheckWindow(verdict, path->window, "chain of the attestation key's certificate", Check::kTpmAkExpired,
              Check::kTpmAkExpired);
  return !path->root->extra;
}

KeyCertificateClaims ClaimsOf(const Certificate& certificate) {
  return {.sha256 = certificate.sha256(),
          .subject = certificate.subject_cn(),
          .issuer = certificate.issuer_cn(),
          .vm = AzureVmOf(certificate.subject_cn())};
}

VouchedKey GivenKey(const KeyEvidence& key) {
  const std::string digest = key.public_sha256 ? StrCat(" (SHA-256 ", key.public_sha256->hex(), ")") : "";
  return {key.key, StrCat("the key that is given", digest)};
}

// Chain, purpose, and that it certifies this key. Whose certificate it is counts only then.
bool CheckCertificate(Verdict& verdict, const KeyEvidence& key, const VouchedKey& signer,
                      const Context& context, Claims& claims) {
  constexpr std::array kAll = {Check::kTpmAkChain, Check::kTpmAkExpired, Check::kTpmAkUsage,
                               Check::kTpmAkKey};
  if (key.certificate == nullptr) {
    for (const Check check : kAll)
      verdict.checks.SetNotRun(check, "no certificate of the attestation key given");
    return true;
  }
  for (const Check check : kAll) verdict.checks.SetNotRun(check, "not reached");
  const auto azures = CheckPathOf(verdict, key, context);
  if (!azures || !HoldsUnless(verdict, Check::kTpmAkUsage, UsageProblem(*key.certificate, *azures)))
    return false;
  const bool same = !signer.key || SameKey(*signer.key, key.certificate->key());
  if (!HardUnless(verdict, Check::kTpmAkKey, same, [&] {
        return StrCat(Named(*key.certificate), ": is of the key with SHA-256 ",
                      key.certificate->spki_sha256().hex(), ", which is another than ", signer.name);
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

// Who asks for such a key gets a soft finding, which nothing but that request answers for. A key without its public area
// may be any program's.
bool CheckVouched(Verdict& verdict, const KeyEvidence& key, const Context& context) {
  if (key.certificate != nullptr) {
    verdict.checks.Set(Check::kTpmAkUnproven, CheckResult::kPassed);
    return true;
  }
  const bool will_do = context.allow_uncertified_key && key.attributes;
  RecordUnless(verdict, Check::kTpmAkUnproven, false, will_do ? Severity::kSoft : Severity::kHard, [&] {
    return StrCat("no certificate answers for ", GivenKey(key).name,
                  ": the quote shows that some key signed it, and not whose",
                  context.allow_uncertified_key && !will_do
                      ? "; without its public area (ak_public as TPMT_PUBLIC) not even that a TPM holds it"
                      : "");
  });
  return will_do;
}

// Somebody left out the report that says what the VM's hardware is.
void CheckVmAlone(Verdict& verdict, const Claims& claims) {
  if (!claims.certificate || claims.certificate->vm != AzureVm::kConfidential) return;
  SoftUnless(verdict, Check::kTpmAkUsage, false, [&] {
    return StrCat("the attestation key's certificate \"", claims.certificate->subject,
                  "\" is of a confidential VM, and no HCL report comes with the quote");
  });
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
  if (!key.attributes) claims->key_sha256 = key.public_sha256;
  verdict.tpm = claims;
  DeclareChecks(verdict.checks);
  if (!CheckCertificate(verdict, key, GivenKey(key), context, *claims) || !CheckAttributes(verdict, key))
    return verdict;
  const PublicKey* const signer = key.key                      ? &*key.key
                                  : key.certificate != nullptr ? &key.certificate->key()
                                                               : nullptr;
  if (signer == nullptr) {
    HardUnless(verdict, Check::kTpmAkUnproven, false,
               [] { return "neither the attestation key nor a certificate of it is given"; });
    return verdict;
  }
  // The log is the longest of what may be a stranger's: it is last.
  if (!CheckSignature(verdict, quote, *signer) || !CheckQuoted(verdict, quote, nonce, *claims) ||
      !CheckVouched(verdict, key, context) || !CheckEventLog(verdict, key, quote, *claims))
    return verdict;
  CheckVmAlone(verdict, *claims);
  verdict.authentic = true;
  return verdict;
}

namespace {

bool CheckVouchedKey(Verdict& verdict, const KeyEvidence& key, const VouchedKey& vouched,
                     const Context& context, Claims& claims) {
  if (!HardUnless(verdict, Check::kTpmAkKey, vouched.key.has_value(), [&] {
        return StrCat(vouched.name, " is no key that can be judged: ",
                      key.certificate != nullptr ? Named(*key.certificate) : GivenKey(key).name,
                      " cannot be of it");
      }))
    return false;
  if (!CheckCertificate(verdict, key, vouched, context, claims)) return false;
  const bool given = !key.key || SameKey(*key.key, *vouched.key);
  return HardUnless(verdict, Check::kTpmAkKey, given,
                    [&] { return StrCat(GivenKey(key).name, " is another than ", vouched.name); });
}

}  // namespace

void CheckKeyBeside(Verdict& verdict, const KeyEvidence& key, const VouchedKey& vouched,
                    const Context& context) {
  const auto claims = std::make_shared<Claims>();
  verdict.tpm = claims;
  if (verdict.hard() != nullptr) return;
  const std::string anchor = verdict.trust_anchor;
  const bool extra = verdict.trust_anchor_extra;
  const bool holds = CheckVouchedKey(verdict, key, vouched, context, *claims);
  // The hardware's anchor is the one that the verdict rests on.
  verdict.trust_anchor = anchor;
  verdict.trust_anchor_extra = extra;
  const bool trusted_launch = claims->certificate && claims->certificate->vm == AzureVm::kTrustedLaunch;
  const bool kind = holds && HardUnless(verdict, Check::kTpmAkUsage, !trusted_launch, [&] {
                      return StrCat(Named(*key.certificate),
                                    ": is of a Trusted Launch VM, and a hardware report lies beside it");
                    });
  if (kind && CheckAttributes(verdict, key)) return;
  Retract(verdict);
}

}  // namespace thimble::tpm
