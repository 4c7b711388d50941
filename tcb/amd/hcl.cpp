// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/hcl.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tcb/amd/judgement.h"
#include "tcb/amd/report.h"
#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr std::string_view kSignature = "HCLA";
constexpr size_t kReservedHeader = 24;  // report size, request type, status, and what is reserved behind them
constexpr uint32_t kDataHeaderSize = 20;
constexpr uint32_t kSha256Type = 1, kSha512Type = 3;
constexpr size_t kTdReportSize = 1024, kTdReportDataOffset = 0x80, kSnpReportDataOffset = 0x50,
                 kReportDataSize = 64;
constexpr uint8_t kTdReportType = 0x81;
constexpr int kMaxRuntimeDataDepth = 8;

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kHclFormat, StrCat("HCL report: ", message)};
}
Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// A base64url member of a JSON Web Key.
Result<Bytes> KeyNumber(const json::Value& key, std::string_view name) {
  TRY_ASSIGN(const json::Value member, key.Get(name));
  TRY_ASSIGN(const std::string_view text, member.String());
  auto bytes = FromBase64(text);
  if (!bytes) return Malformed(StrCat("HCLAkPub: \"", name, "\" is not base64url"));
  while (!bytes->empty() && bytes->front() == 0) bytes->erase(bytes->begin());
  if (bytes->empty()) return Malformed(StrCat("HCLAkPub: \"", name, "\" is zero"));
  return *std::move(bytes);
}

// The one key of this name. Old reports give it "key_ops" of an encryption key, so those are not asked.
Status ReadAttestationKey(const json::Value& root, HclClaims& claims) {
  TRY_ASSIGN(const json::Value keys, root.Get("keys"));
  TRY_ASSIGN(const auto elements, keys.Array());
  std::optional<json::Value> found;
  for (const json::Value& key : elements) {
    TRY_ASSIGN(const json::Value kid, key.Get("kid"));
    TRY_ASSIGN(const std::string_view name, kid.String());
    if (name != "HCLAkPub") continue;
    if (found) return Malformed("two keys HCLAkPub");
    found = key;
  }
  if (!found) return Malformed("no key HCLAkPub");
  TRY_ASSIGN(const json::Value kty, found->Get("kty"));
  TRY_ASSIGN(const std::string_view type, kty.String());
  if (type != "RSA") return Malformed(StrCat("HCLAkPub: \"kty\" is ", type, ", expected RSA"));
  TRY_ASSIGN(claims.ak_modulus, KeyNumber(*found, "n"));
  TRY_ASSIGN(claims.ak_exponent, KeyNumber(*found, "e"));
  claims.ak_modulus_sha256 = Sha256(claims.ak_modulus);
  return {};
}

// Results carry the runtime data inside their own JSON, and readers bound how deep that may be.
bool IsDeeper(const json::Value& value, int levels) {
  const auto deeper = [levels](const json::Value& inner) {
    return levels == 0 || IsDeeper(inner, levels - 1);
  };
  if (const auto elements = value.Array()) return std::ranges::any_of(*elements, deeper);
  const auto members = value.Members();
  return members && std::ranges::any_of(*members, [&](const auto& member) { return deeper(member.second); });
}

Status ReadRuntimeData(ByteView runtime_data, HclClaims& claims) {
  claims.runtime_data = std::string(AsText(runtime_data));
  claims.runtime_data_sha256 = Sha256(runtime_data);
  TRY_ASSIGN(const auto document, json::Document::Parse(claims.runtime_data, "HCL runtime data",
                                                        ErrorKind::kMalformed, Check::kHclFormat));
  if (IsDeeper(document->root(), kMaxRuntimeDataDepth)) {
    return Malformed(StrCat("runtime data nested deeper than ", kMaxRuntimeDataDepth));
  }
  TRY(ReadAttestationKey(document->root(), claims));
  const auto user_data = document->root().Find("user-data");
  if (!user_data) return {};
  TRY_ASSIGN(const std::string_view text, user_data->String());
  const auto bytes = FromHex(text);
  if (!bytes) return Malformed("\"user-data\" is not hex");
  claims.runtime_user_data = HexLower(*bytes);
  return {};
}

// The block between header and runtime data: SNP fills all of it.
Status ReadHardwareReport(ByteView block, uint32_t type, HclReport& report) {
  if (type == static_cast<uint32_t>(HclReportType::kSnp)) {
    report.type = HclReportType::kSnp;
    report.hardware_report = block;
    report.report_data = block.subspan(kSnpReportDataOffset, kReportDataSize);
    return {};
  }
  if (type != static_cast<uint32_t>(HclReportType::kTdx)) {
    return Malformed(StrCat("report type ", type, ", expected 2 (SNP) or 4 (TDX)"));
  }
  if (block.front() != kTdReportType)
    return Malformed(StrCat("TDREPORT of type ", block.front(), ", expected 129"));
  report.type = HclReportType::kTdx;
  report.hardware_report = block.first(kTdReportSize);
  report.report_data = block.subspan(kTdReportDataOffset, kReportDataSize);
  return {};
}

void DeclareChecks(CheckLog& checks, bool tdx) {
  constexpr std::array kAll = {Check::kHclBinding, Check::kHclTpmSignature, Check::kHclTpmPcrDigest,
                               Check::kHclTpmNonce};
  for (const Check check : kAll) checks.SetNotRun(check, "not reached");
  checks.Set(Check::kHclFormat, CheckResult::kPassed);
  if (!tdx) return;
  checks.SetNotRun(Check::kHclQuoteMissing, "not reached");
  checks.SetNotRun(Check::kHclTdQuote, "no TD quote given");
}

// REPORT_DATA is the hash of the exact bytes of the runtime data, then zeros. The header with the hash type
// is not authenticated, so only the type that is in use is taken.
Status CheckBinding(const HclReport& report) {
  const HclClaims& claims = *report.claims;
  if (claims.hash_type != kSha256Type) {
    return Rejected(Check::kHclBinding, StrCat("hash type ", claims.hash_type, ", expected 1 (SHA-256)"));
  }
  const Digest256& digest = claims.runtime_data_sha256;
  if (Equal(report.report_data.first(digest.kSize), digest.view()) &&
      AllZero(report.report_data.subspan(digest.kSize))) {
    return {};
  }
  return Rejected(Check::kHclBinding, StrCat("report data ", HexLower(report.report_data),
                                             ", SHA-256 of the runtime data ", digest.hex()));
}

Status CheckTdQuote(const HclReport& report, const Verdict& verdict) {
  const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims);
  if (td == nullptr) return Rejected(Check::kHclTdQuote, "the quote beside the TDREPORT is not of a TD");
  if (Equal(td->report_data.view(), report.report_data)) return {};
  return Rejected(Check::kHclTdQuote, StrCat("report data: TD quote ", td->report_data.hex(), ", TDREPORT ",
                                             HexLower(report.report_data)));
}

Status CheckTpmSignature(const TpmQuote& quote, const HclClaims& claims) {
  const auto key = RsaPublicKey::FromNumbers(claims.ak_modulus, claims.ak_exponent);
  if (key && key->VerifyPkcs1Sha256(quote.message, quote.signature)) return {};
  return Rejected(Check::kHclTpmSignature,
                  StrCat("signature of the vTPM quote does not hold under HCLAkPub, modulus SHA-256 ",
                         claims.ak_modulus_sha256.hex()));
}

Status CheckPcrDigest(const TpmQuote& quote) {
  const Digest256 digest = PcrDigest(*quote.pcrs, quote.claims.pcr_selection);
  if (Equal(digest.view(), quote.claims.pcr_digest)) return {};
  return Rejected(Check::kHclTpmPcrDigest, StrCat("PCR digest: quote ", HexLower(quote.claims.pcr_digest),
                                                  ", SHA-256 over the selected PCRs ", digest.hex()));
}

Status CheckNonce(const TpmQuote* quote, ByteView nonce) {
  if (quote == nullptr)
    return Rejected(Check::kHclTpmNonce, "a nonce is expected, and there is no vTPM quote to hold it");
  if (EqualConstantTime(quote->claims.extra_data, nonce)) return {};
  return Rejected(Check::kHclTpmNonce, StrCat("nonce: expected ", HexLower(nonce), ", quote ",
                                              HexLower(quote->claims.extra_data)));
}

// Signature, PCRs, nonce.
void CheckTpm(Verdict& verdict, const HclClaims& claims, const TpmQuote* quote,
              const std::optional<Bytes>& nonce) {
  CheckLog& checks = verdict.checks;
  if (quote == nullptr) {
    checks.SetNotRun(Check::kHclTpmSignature, "no vTPM quote given");
    checks.SetNotRun(Check::kHclTpmPcrDigest, "no vTPM quote given");
  } else {
    if (!Require(verdict, Check::kHclTpmSignature, CheckTpmSignature(*quote, claims))) return;
    if (!quote->pcrs) {
      checks.SetNotRun(Check::kHclTpmPcrDigest, "no PCRs given");
    } else if (!Require(verdict, Check::kHclTpmPcrDigest, CheckPcrDigest(*quote))) {
      return;
    }
  }
  if (!nonce) {
    checks.SetNotRun(Check::kHclTpmNonce, "no nonce expected");
  } else {
    (void)Require(verdict, Check::kHclTpmNonce, CheckNonce(quote, *nonce));
  }
}

}  // namespace

Result<HclReport> ParseHclReport(ByteView evidence) {
  ByteReader reader(evidence);
  const auto signature = reader.Take(kSignature.size());
  const auto version = reader.U32();
  const auto header = reader.Take(kReservedHeader);
  const auto block = reader.Take(kReportSize);
  const auto data_size = reader.U32(), data_version = reader.U32(), report_type = reader.U32();
  const auto hash_type = reader.U32(), runtime_size = reader.U32();
  if (!header || !block || !runtime_size) return Malformed(StrCat("cut short: ", evidence.size(), " bytes"));
  if (AsText(*signature) != kSignature) return Malformed("does not begin with HCLA");
  if (*version < 1 || *version > 2) return Malformed(StrCat("version ", *version, ", supported are 1 and 2"));
  if (*data_version != 1) return Malformed(StrCat("data version ", *data_version, ", expected 1"));
  if (*hash_type < kSha256Type || *hash_type > kSha512Type)
    return Malformed(StrCat("hash type ", *hash_type));
  const auto runtime_data = reader.Take(*runtime_size);
  if (!runtime_data || uint64_t{*data_size} != uint64_t{*runtime_size} + kDataHeaderSize) {
    return Malformed(StrCat("runtime data of ", *runtime_size, " bytes in a block of ", *data_size, " in ",
                            evidence.size()));
  }
  HclReport report;
  TRY(ReadHardwareReport(*block, *report_type, report));
  HclClaims claims;
  claims.version = *version;
  claims.hash_type = *hash_type;
  TRY(ReadRuntimeData(*runtime_data, claims));
  report.claims = std::make_shared<const HclClaims>(std::move(claims));
  return report;
}

void CheckHcl(Verdict& verdict, const HclReport& report, const TpmQuote* quote,
              const std::optional<Bytes>& nonce) {
  const bool tdx = report.type == HclReportType::kTdx;
  auto claims = std::make_shared<HclClaims>(*report.claims);
  if (quote != nullptr) claims->tpm_quote = quote->claims;
  verdict.hcl = std::move(claims);
  DeclareChecks(verdict.checks, tdx);
  if (verdict.hard() != nullptr) return;
  if (!Require(verdict, Check::kHclBinding, CheckBinding(report))) return;
  const bool has_td_quote = !std::holds_alternative<std::monostate>(verdict.claims);
  if (tdx && has_td_quote) {
    verdict.checks.Set(Check::kHclQuoteMissing, CheckResult::kPassed);
    if (!Require(verdict, Check::kHclTdQuote, CheckTdQuote(report, verdict))) return;
  }
  CheckTpm(verdict, *report.claims, quote, nonce);
}

Result<Verdict> JudgeWithoutTdQuote(const HclReport& report, const TpmQuote* quote,
                                    const std::optional<Bytes>& nonce, Instant at) {
  Verdict verdict;
  verdict.tee = Tee::kTdx;
  verdict.at = at;
  CheckHcl(verdict, report, quote, nonce);
  if (verdict.hard() != nullptr) return verdict;
  return Error{ErrorKind::kUnavailable, Check::kHclQuoteMissing,
               "missing: the TD quote of this TDREPORT; only a quote shows that it is genuine"};
}

}  // namespace thimble::amd
