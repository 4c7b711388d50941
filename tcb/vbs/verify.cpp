// SPDX-License-Identifier: Apache-2.0
#include "tcb/vbs/verify.h"

#include <algorithm>
#include <array>
#include <memory>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/usages.h"

namespace thimble::vbs {
namespace {

bool IsUnder(ByteView oid, ByteView arc) {
  return oid.size() > arc.size() && Equal(oid.first(arc.size()), arc);
}

// The purposes of TPMs' keys, 2.23.133.8.n. One of those signs what its TPM is asked to, a statement too.
bool IsOfTpm(ByteView usage) {
  constexpr std::array<uint8_t, 4> kArc = {0x67, 0x81, 0x05, 0x08};
  return IsUnder(usage, kArc);
}

// The health of a host, 1.3.6.1.4.1.311.48.1.n: what a Host Guardian Service certifies, and a root of other things as well
// does not.
bool IsOfHost(ByteView policy) {
  constexpr std::array<uint8_t, 9> kArc = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x30, 0x01};
  return IsUnder(policy, kArc);
}

// spec/vbs-and-tpm.md section 1.2. What the operator trusts itself need not say what it is for.
std::string SignerProblem(const Certificate& signer, bool pinned) {
  const std::string name = StrCat("the signer's certificate \"", signer.subject_cn(), "\": ");
  const auto usages = ExtendedKeyUsages(signer);
  if (!usages) return StrCat(name, "extKeyUsage is ", OidsText(usages));
  if (std::ranges::any_of(*usages, IsOfTpm))
    return StrCat(name, "purposes ", OidsText(usages), ", those under 2.23.133.8 are a TPM key's");
  if (signer.is_ca() == true) return StrCat(name, "is a CA's, must be a key's");
  if ((!pinned || signer.key_usage()) && !signer.HasUsage(kDigitalSignature))
    return StrCat(name, "keyUsage ", KeyUsageText(signer), ", must have bit 0 (signatures)");
  const auto policies = ApplicationPolicies(signer);
  if (pinned || (policies && std::ranges::any_of(*policies, IsOfHost))) return {};
  return StrCat(name, "application policies ", OidsText(policies),
                ", must have one under 1.3.6.1.4.1.311.48.1 (health of a host), or be an anchor itself");
}

// The path, and that its leaf may sign. The window is soft, as of every certificate.
bool CheckSigner(Verdict& verdict, const Supplement& beside, const TrustAnchors& anchors,
                 SignatureMemo* memo) {
  const CertificatePtr& signer = beside.signer.front();
  const PathAnchors& operators = anchors.For(AnchorUse::kVbs);
  std::vector<CertificatePtr> pool(beside.signer.begin() + 1, beside.signer.end());
  pool.insert(pool.end(), operators.certificates.begin(), operators.certificates.end());
  const auto path = BuildPath(signer, pool, operators.roots, verdict.at, Check::kVbsSignerChain, memo);
  const bool pinned = path && std::ranges::count(path->root->certificates, signer->sha256()) > 0;
  const std::string problem = path ? SignerProblem(*signer, pinned) : path.error().message;
  if (!HardUnless(verdict, Check::kVbsSignerChain, problem.empty(), [&] { return problem; })) return false;
  verdict.trust_anchor = path->root->name;
  verdict.trust_anchor_extra = true;
  NoteUnless(verdict, Check::kTrustAnchorExtra, false,
             [&] { return StrCat("trust anchor \"", path->root->name, "\" was added by the operator"); });
  verdict.window = Intersect(verdict.window, path->window);
  CheckWindow(verdict, path->window, "chain of the VBS report's signer", Check::kVbsSignerExpired,
              Check::kVbsSignerExpired);
  return true;
}

std::string EnclaveDataProblem(const Claims& claims, const Supplement& beside) {
  const ByteView data = claims.enclave_data.view();
  if (beside.enclave_key) {
    const Digest256 digest = Sha256(*beside.enclave_key);
    if (!Equal(data.first(Digest256::kSize), digest.view()) || !AllZero(data.subspan(Digest256::kSize)))
      return StrCat("EnclaveData ", HexLower(data), ", SHA-256 of the enclave's key ", digest.hex(),
                    " and zeros");
  }
  if (beside.report_signed) {
    const Digest512 digest = Sha512(AsBytes(*beside.report_signed));
    if (!Equal(data, digest.view()))
      return StrCat("EnclaveData ", HexLower(data), ", SHA-512 of report_signed ", digest.hex());
  }
  return {};
}

void CheckEnclaveData(Verdict& verdict, const Claims& claims, const Supplement& beside) {
  if (!beside.enclave_key && !beside.report_signed) {
    verdict.checks.SetNotRun(Check::kVbsEnclaveData, "neither the enclave's key nor report_signed given");
    return;
  }
  const std::string problem = EnclaveDataProblem(claims, beside);
  (void)HardUnless(verdict, Check::kVbsEnclaveData, problem.empty(), [&] { return problem; });
}

void DeclareChecks(CheckLog& checks) {
  for (const Check check :
       {Check::kVbsSignatureScheme, Check::kVbsSignerMissing, Check::kVbsSignerChain,
        Check::kVbsSignerExpired, Check::kVbsSignature, Check::kVbsEnclaveData, Check::kVbsDebug})
    checks.SetNotRun(check, "not reached");
  checks.Set(Check::kVbsFormat, CheckResult::kPassed);
}

}  // namespace

Result<std::vector<CertificatePtr>> ReadSigner(ByteView certificates) {
  constexpr size_t kMost = 16;
  TRY_ASSIGN(const auto blocks, DecodeCertificates(certificates, kMost, Check::kCollateralMalformed));
  std::vector<CertificatePtr> out;
  for (const Bytes& block : blocks) {
    TRY_ASSIGN(auto one,
               Certificate::Parse(block, CertificateProfile::kMicrosoft, Check::kCollateralMalformed));
    out.push_back(std::move(one));
  }
  return out;
}

Result<Verdict> VerifyReport(const Report& report, const Supplement& beside, const TrustAnchors& anchors,
                             Instant at, SignatureMemo* memo) {
  Verdict verdict;
  verdict.tee = Tee::kVbs;
  verdict.at = at;
  const auto claims = std::make_shared<Claims>(report.claims);
  verdict.vbs = claims;
  DeclareChecks(verdict.checks);
  if (!HardUnless(verdict, Check::kVbsSignatureScheme, report.scheme == kRsaPssSha256, [&] {
        return StrCat("signature scheme ", report.scheme, ", known is 1 (RSA-PSS with SHA-256)");
      }))
    return verdict;
  if (beside.signer.empty()) {
    return Error{
        ErrorKind::kUnavailable, Check::kVbsSignerMissing,
        "missing: the certificate of the key that signed this VBS report; hand it over as \"signer\""};
  }
  verdict.checks.Set(Check::kVbsSignerMissing, CheckResult::kPassed);
  if (!CheckSigner(verdict, beside, anchors, memo)) return verdict;
  const Certificate& signer = *beside.signer.front();
  const bool holds =
      VerifySignature(signer.key(), SignatureAlgorithm::kRsaPssSha256, report.statement, report.signature);
  if (!HardUnless(verdict, Check::kVbsSignature, holds, [&] {
        return StrCat("the report's signature does not hold under \"", signer.subject_cn(), "\", SHA-256 ",
                      signer.sha256().hex());
      }))
    return verdict;
  claims->signer = signer.subject_cn();
  claims->signer_sha256 = signer.sha256();
  CheckEnclaveData(verdict, *claims, beside);
  if (verdict.hard() != nullptr) return verdict;
  SoftUnless(verdict, Check::kVbsDebug, !claims->debug(),
             [&] { return StrCat("the enclave can be debugged: flags ", claims->flags); });
  verdict.authentic = true;
  return verdict;
}

}  // namespace thimble::vbs
