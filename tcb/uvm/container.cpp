// SPDX-License-Identifier: Apache-2.0
#include "tcb/uvm/container.h"

#include <algorithm>
#include <array>
#include <memory>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/didx509/resolve.h"
#include "tcb/findings.h"
#include "tcb/uvm/receipt.h"
#include "tcb/uvm/statement.h"

namespace thimble::uvm {
namespace {

constexpr std::array kReceiptChecks = {Check::kUvmReceiptMissing, Check::kUvmReceiptFormat,
                                       Check::kUvmReceiptKey, Check::kUvmReceiptSignature,
                                       Check::kUvmReceiptBinding};
constexpr std::array kOwnChecks = {Check::kUvmAlgorithm, Check::kUvmChain,   Check::kUvmSignature,
                                   Check::kUvmDid,       Check::kUvmPayload, Check::kUvmSigningTime};

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// -- the endorsement by itself, in the order of its checks --

Result<cose::Algorithm> CheckAlgorithm(const Statement& statement) {
  const auto algorithm = cose::AlgorithmFrom(statement.algorithm);
  if (!algorithm) {
    return Rejected(Check::kUvmAlgorithm, StrCat("UVM endorsement: algorithm ", statement.algorithm,
                                                 " is none of PS256, PS384, PS512, ES256, ES384, ES512"));
  }
  if (!cose::KeyFits(*algorithm, statement.x5chain.front()->key())) {
    return Rejected(Check::kUvmAlgorithm,
                    StrCat("UVM endorsement: the signer's key is not one that signs with ",
                           cose::AlgorithmName(*algorithm)));
  }
  return *algorithm;
}

Status CheckSignature(const Statement& statement, cose::Algorithm algorithm) {
  if (cose::SignatureHolds(statement.message, *statement.message.payload, algorithm,
                           statement.x5chain.front()->key()))
    return {};
  return Rejected(Check::kUvmSignature,
                  StrCat("UVM endorsement: the signature does not hold under the key of ",
                         statement.x5chain.front()->subject_cn()));
}

Status CheckDid(const Statement& statement) {
  TRY_ASSIGN(const didx509::Did did, didx509::ParseDid(statement.issuer, Check::kUvmDid));
  TRY(didx509::Match(did, statement.x5chain, Check::kUvmDid));
  // A key for key agreement resolves, too, and vouches for nothing.
  const auto usage = statement.x5chain.front()->key_usage();
  if (!usage || (*usage & kDigitalSignature) != 0) return {};
  return Rejected(Check::kUvmDid, "UVM endorsement: the signer's key usage has no digitalSignature");
}

Status CheckSigningTime(const Statement& statement) {
  if (!statement.signed_at) return {};
  for (const CertificatePtr& certificate : statement.x5chain) {
    const Validity& window = certificate->validity();
    if (window.Contains(*statement.signed_at)) continue;
    return Rejected(Check::kUvmSigningTime,
                    StrCat("UVM endorsement: signed ", FormatRfc3339(*statement.signed_at), ", and ",
                           certificate->subject_cn(), " is valid from ", FormatRfc3339(window.not_before),
                           " to ", FormatRfc3339(window.not_after)));
  }
  return {};
}

class Judge {
 public:
  Judge(const Statement& statement, ByteView bytes, SignatureMemo* memo)
      : statement_(statement), bytes_(bytes), memo_(memo) {
    out_.checks.Set(Check::kUvmFormat, CheckResult::kPassed);
    for (const Check check : kOwnChecks) out_.checks.SetNotRun(check, "not reached");
  }

  Judged Run(std::span<const LedgerKey> ledger_keys) && {
    for (const Check check : kReceiptChecks)
      out_.checks.SetNotRun(check, ledger_keys.empty() ? "the policy names no ledger_keys" : "not reached");
    const auto algorithm = CheckAlgorithm(statement_);
    if (!Take(Check::kUvmAlgorithm, algorithm ? Status() : algorithm.error())) return std::move(out_);
    if (!Take(Check::kUvmChain, didx509::VerifyPath(statement_.x5chain, memo_, Check::kUvmChain)) ||
        !Take(Check::kUvmSignature, CheckSignature(statement_, *algorithm)) ||
        !Take(Check::kUvmDid, CheckDid(statement_)))
      return std::move(out_);
    const auto payload = ReadPayload(statement_);
    if (!Take(Check::kUvmPayload, payload ? Status() : payload.error()) || !TakeSigningTime())
      return std::move(out_);
    Publish(*payload, *algorithm);
    if (!ledger_keys.empty()) TakeReceipts(ledger_keys);
    return std::move(out_);
  }

 private:
  bool Take(Check check, const Status& status) {
    out_.checks.Set(check, status.ok() ? CheckResult::kPassed : CheckResult::kFailed);
    if (!status.ok()) out_.failed = status.error();
    return status.ok();
  }

  bool TakeSigningTime() {
    if (statement_.signed_at) return Take(Check::kUvmSigningTime, CheckSigningTime(statement_));
    out_.checks.SetNotRun(Check::kUvmSigningTime, "the endorsement states no signing time");
    return true;
  }

  void Publish(const Payload& payload, cose::Algorithm algorithm) {
    out_.endorsement = Endorsement{.format = statement_.format,
                                   .issuer = statement_.issuer,
                                   .feed = statement_.feed,
                                   .svn = payload.svn,
                                   .measurement = payload.measurement,
                                   .signed_at = statement_.signed_at,
                                   .algorithm = std::string(cose::AlgorithmName(algorithm)),
                                   .sha256 = Sha256(bytes_),
                                   .leaf_sha256 = statement_.x5chain.front()->sha256(),
                                   .receipts = CountReceipts(statement_.message),
                                   .ledgers = {}};
  }

  void TakeReceipts(std::span<const LedgerKey> ledger_keys) {
    auto ledgers = CheckReceipts(statement_.message, ledger_keys);
    if (!ledgers) {
      out_.checks.Set(ledgers.error().check, CheckResult::kFailed);
      out_.receipt_failed = ledgers.error();
      return;
    }
    for (const Check check : kReceiptChecks) out_.checks.Set(check, CheckResult::kPassed);
    out_.endorsement->ledgers = std::move(*ledgers);
  }

  const Statement& statement_;
  ByteView bytes_;
  SignatureMemo* memo_;
  Judged out_;
};

// -- beside a report --

bool Fail(Verdict& verdict, const std::optional<Error>& error) {
  if (!error) return false;
  HardUnless(verdict, error->check, false, [&] { return error->message; });
  return true;
}

bool CheckMeasurement(Verdict& verdict, const Endorsement& endorsement, const amd::SnpClaims& report) {
  return HardUnless(verdict, Check::kUvmMeasurement,
                    Equal(endorsement.measurement.view(), report.measurement.view()), [&] {
                      return StrCat("measurement: report ", report.measurement.hex(), ", UVM endorsement ",
                                    endorsement.measurement.hex());
                    });
}

bool CheckSecurityPolicy(Verdict& verdict, ByteView policy, const amd::SnpClaims& report, Claims& claims) {
  const Digest256 digest = Sha256(policy);
  const bool bound =
      HardUnless(verdict, Check::kAciPolicy, Equal(digest.view(), report.host_data.view()), [&] {
        return StrCat("security policy of ", policy.size(), " bytes: HOST_DATA ", report.host_data.hex(),
                      ", its SHA-256 ", digest.hex());
      });
  if (bound) claims.security_policy = digest;
  return bound;
}

void CheckAll(Verdict& verdict, const Beside& beside, const amd::SnpClaims& report, Claims& claims) {
  const Judged* const judged = beside.endorsement;
  if (judged != nullptr) {
    if (Fail(verdict, judged->failed) || !CheckMeasurement(verdict, *judged->endorsement, report)) return;
  }
  if (beside.security_policy && !CheckSecurityPolicy(verdict, *beside.security_policy, report, claims))
    return;
  if (judged == nullptr || Fail(verdict, judged->receipt_failed)) return;
  claims.endorsement = judged->endorsement;
}

void DeclareChecks(CheckLog& checks, const Beside& beside) {
  if (beside.security_policy) checks.SetNotRun(Check::kAciPolicy, "not reached");
  if (beside.endorsement == nullptr) return;
  for (const CheckLog::Entry& entry : beside.endorsement->checks.Entries()) {
    entry.result == CheckResult::kNotRun ? checks.SetNotRun(entry.check, entry.reason)
                                         : checks.Set(entry.check, entry.result);
  }
  checks.SetNotRun(Check::kUvmMeasurement, "not reached");
}

}  // namespace

bool LooksLikeEndorsement(ByteView bytes) {
  return bytes.size() > 2 && bytes[0] == 0xd2 && bytes[1] == 0x84;  // tag 18, an array of four
}

Result<Judged> JudgeEndorsement(ByteView bytes, std::span<const LedgerKey> ledger_keys, SignatureMemo* memo) {
  TRY_ASSIGN(const Statement statement, ParseStatement(bytes));
  return Judge(statement, bytes, memo).Run(ledger_keys);
}

void CheckContainer(Verdict& verdict, const Beside& beside) {
  const auto* const report = std::get_if<amd::SnpClaims>(&verdict.claims);
  if (verdict.hard() != nullptr || report == nullptr) return;
  DeclareChecks(verdict.checks, beside);
  auto claims = std::make_shared<Claims>();
  CheckAll(verdict, beside, *report, *claims);
  if (verdict.hard() != nullptr) return Retract(verdict);
  if (AllowsEverything(Digest256(report->host_data.bytes()))) {
    NoteUnless(verdict, Check::kAciPolicyAllowsAll, false, [&] {
      return StrCat("HOST_DATA ", report->host_data.hex(), ": a known policy that lets any container run");
    });
  }
  verdict.container = std::move(claims);
}

bool AllowsEverything(const Digest256& security_policy) {
  // spec/azure-containers.md section 5: Azure CLI's and cleanroom's; CCF's and the sidecar's tests'.
  constexpr std::array<std::string_view, 2> kKnown = {
      "73973b78d70cc68353426de188db5dfc57e5b766e399935fb73a61127ea26d20",
      "4f4448c67f3c8dfc8de8a5e37125d807dadcc41f06cf23f615dbd52eec777d10"};
  return std::ranges::count(kKnown, security_policy.hex()) > 0;
}

void ApplySvnMinimums(Verdict& verdict, const SvnMinimums& minimums) {
  if (verdict.hard() != nullptr || !verdict.container || !verdict.container->endorsement) return;
  const Endorsement& endorsement = *verdict.container->endorsement;
  const auto minimum = minimums.find(endorsement.feed);
  if (minimum == minimums.end())
    return verdict.checks.SetNotRun(Check::kUvmSvn, "the baseline has no minimum for its feed");
  const uint32_t have = endorsement.svn, need = minimum->second;
  SoftUnless(verdict, Check::kUvmSvn, have >= need, [&] {
    return StrCat("utility VM ", endorsement.feed, ": SVN ", have, ", the baseline asks for ", need);
  });
  if (have < need)
    verdict.shortfalls.push_back(
        {.component = "uvm.svn", .have = have, .need = need, .update = "utility VM"});
}

}  // namespace thimble::uvm
