// SPDX-License-Identifier: Apache-2.0
#include "service/results/ear_check.h"

#include <algorithm>
#include <charconv>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr Seconds kClockSkew{60};  // between who signs and who reads
constexpr Seconds kLongestLife{24 * 3600};
constexpr std::string_view kSha256 = "sha256:";

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kEvidenceFormat, StrCat("EAR: ", message)};
}
Error Rejected(std::string message) {
  return {ErrorKind::kRejected, Check::kEvidenceFormat, StrCat("EAR: ", message)};
}
Error WrongFlag(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// NumericDate of RFC 7519.
Result<Instant> GetNumericDate(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const uint64_t seconds, object.GetUnsigned(name, uint64_t{1} << 40));
  return Instant(Seconds(static_cast<int64_t>(seconds)));
}

// -- the whole token --

Status CheckProfile(const json::Value& root, const EarExpectation& expected) {
  TRY_ASSIGN(const std::string_view profile, root.GetString("eat_profile"));
  if (profile != kEarProfile) return Rejected(StrCat("profile ", profile, ", not ", kEarProfile));
  const auto issuer = root.GetString("iss");
  if (!issuer) return Rejected("names no issuer");
  if (*issuer != expected.issuer)
    return Rejected(StrCat("issued by ", *issuer, ", expected ", expected.issuer));
  return {};
}

Status CheckWindow(const EarSummary& summary, const json::Value& root, Instant now) {
  const auto refuse = [now](std::string_view what, Instant at) {
    return Rejected(StrCat(what, " ", FormatRfc3339(at), ", it is ", FormatRfc3339(now)));
  };
  if (summary.expires - summary.issued > kLongestLife) {
    return Rejected(StrCat("lives from ", FormatRfc3339(summary.issued), " to ",
                           FormatRfc3339(summary.expires), ", which is more than 24h"));
  }
  if (now + kClockSkew < summary.issued) return refuse("issued at", summary.issued);
  if (root.Find("nbf")) {
    TRY_ASSIGN(const Instant not_before, GetNumericDate(root, "nbf"));
    if (now + kClockSkew < not_before) return refuse("not before", not_before);
  }
  if (now >= summary.expires) return refuse("expired at", summary.expires);
  return {};
}

Status CheckNonce(const json::Value& root, const std::optional<std::string>& expected) {
  if (!expected) return {};
  const auto found = root.GetString("eat_nonce");
  if (found && *found == *expected) return {};
  return Rejected(StrCat("nonce ", found ? *found : "absent", ", expected ", *expected));
}

// -- a submodule --

// The reader has no signed numbers: negative values of a vector are no claim of ours, and are refused.
Result<Tier> WorstOf(const json::Value& vector) {
  Tier worst = Tier::kNone;
  TRY_ASSIGN(const auto members, vector.Members());
  for (const auto& [name, value] : members) {
    TRY_ASSIGN(const uint64_t number, value.Unsigned(127));
    worst = std::max(worst, TierOf(static_cast<int>(number)));
  }
  return worst;
}

Result<Tier> CheckStatus(const json::Value& submodule) {
  TRY_ASSIGN(const std::string_view status, submodule.GetString("ear.status"));
  const auto tier = TierFromName(status);
  if (!tier) return Malformed(StrCat("unknown status ", status));
  if (const auto vector = submodule.Find("ear.trustworthiness-vector")) {
    TRY_ASSIGN(const Tier worst, WorstOf(*vector));
    if (*tier < worst)
      return Rejected(StrCat("status ", status, " is better than its vector, ", TierName(worst)));
  }
  return *tier;
}

// "NAME@sha256:DIGEST", as EarClaims() writes it.
Result<std::string> CheckPolicy(const json::Value& submodule, const EarExpectation& expected) {
  const auto id = submodule.GetString("ear.appraisal-policy-id");
  if (!id) return Rejected("names no policy");
  const size_t at = id->rfind(StrCat("@", kSha256));
  if (id->substr(0, at) != expected.policy)
    return Rejected(StrCat("policy ", *id, ", expected ", expected.policy));
  if (!expected.policy_digest) return std::string(*id);
  const auto digest =
      at == std::string_view::npos ? std::nullopt : Digest256::FromHex(id->substr(at + 1 + kSha256.size()));
  if (digest == expected.policy_digest) return std::string(*id);
  return Rejected(
      StrCat("policy ", *id, ", expected ", expected.policy, "@", kSha256, expected.policy_digest->hex()));
}

Result<std::string> CheckBaseline(const json::Value& submodule, const EarExpectation& expected) {
  const auto evidence = submodule.Find("ear.veraison.annotated-evidence");
  const auto evaluation = evidence ? evidence->Find("evaluation") : std::nullopt;
  const auto name = evaluation ? evaluation->GetString("baseline") : Result<std::string_view>(Rejected(""));
  if (!name) return Rejected("names no baseline");
  if (*name != expected.baseline)
    return Rejected(StrCat("baseline ", *name, ", expected ", expected.baseline));
  const auto member = evaluation->Find("baseline_version");
  const auto version = member ? member->Unsigned(UINT32_MAX) : Result<uint64_t>(Rejected(""));
  std::string text = version ? StrCat(*name, "@", *version) : std::string(*name);
  if (expected.baseline_version && !(version && *version == *expected.baseline_version)) {
    return Rejected(
        StrCat("baseline ", text, ", expected ", expected.baseline, "@", *expected.baseline_version));
  }
  return text;
}

Status CheckSubmodule(const json::Value& submodule, const EarExpectation& expected, EarSummary& summary) {
  TRY_ASSIGN(const Tier tier, CheckStatus(submodule));
  summary.status = std::max(summary.status, tier);
  TRY_ASSIGN(summary.policy, CheckPolicy(submodule, expected));
  TRY_ASSIGN(summary.baseline, CheckBaseline(submodule, expected));
  return {};
}

}  // namespace

Status ExpectPolicy(std::string_view text, EarExpectation& expected) {
  const size_t at = text.find('@');
  expected.policy = text.substr(0, at);
  if (expected.policy.empty()) return WrongFlag("--policy must be NAME or NAME@DIGEST");
  expected.policy_digest.reset();
  if (at == std::string_view::npos) return {};
  std::string_view digest = text.substr(at + 1);
  if (digest.starts_with(kSha256)) digest.remove_prefix(kSha256.size());
  expected.policy_digest = Digest256::FromHex(digest);
  if (!expected.policy_digest)
    return WrongFlag(
        StrCat("--policy \"", text, "\": after the @ must be 64 hex digits, the policy's digest"));
  return {};
}

Status ExpectBaseline(std::string_view text, EarExpectation& expected) {
  const size_t at = text.find('@');
  expected.baseline = text.substr(0, at);
  if (expected.baseline.empty()) return WrongFlag("--baseline must be NAME or NAME@VERSION");
  expected.baseline_version.reset();
  if (at == std::string_view::npos) return {};
  const std::string_view digits = text.substr(at + 1);
  uint32_t version = 0;
  const auto parsed = std::from_chars(digits.begin(), digits.end(), version);
  if (parsed.ec != std::errc() || parsed.ptr != digits.end())
    return WrongFlag(
        StrCat("--baseline \"", text, "\": after the @ must be a number, the baseline's version"));
  expected.baseline_version = version;
  return {};
}

Result<EarSummary> CheckEar(std::string_view claims, Instant now, const EarExpectation& expected) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(claims, "EAR", ErrorKind::kMalformed, Check::kEvidenceFormat));
  const json::Value root = document->root();
  TRY(CheckProfile(root, expected));
  EarSummary summary;
  TRY_ASSIGN(summary.issued, GetNumericDate(root, "iat"));
  TRY_ASSIGN(summary.expires, GetNumericDate(root, "exp"));
  TRY(CheckWindow(summary, root, now));
  TRY(CheckNonce(root, expected.nonce));
  TRY_ASSIGN(summary.token_id, root.GetString("jti"));
  TRY_ASSIGN(const json::Value submods, root.Get("submods"));
  TRY_ASSIGN(const auto members, submods.Members());
  if (members.empty()) return Malformed("no submodule");
  for (const auto& [name, submodule] : members) {
    if (Status checked = CheckSubmodule(submodule, expected, summary); !checked) {
      Error error = checked.error();
      error.message = StrCat("submodule ", name, ": ", error.message);
      return error;
    }
  }
  return summary;
}

}  // namespace thimble
