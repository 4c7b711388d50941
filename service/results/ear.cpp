// SPDX-License-Identifier: Apache-2.0
#include "service/results/ear.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "service/results/render_claims.h"
#include "service/support/version.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

using json::Writer;

constexpr Seconds kLifetime{300};
constexpr Seconds kClockSkew{60};  // between who signs and who reads
constexpr std::string_view kDeveloper = "Thimble";

// Values of AR4SI (spec/attestation-results.md section 1).
constexpr int kTrustworthy = 2, kApprovedAtBoot = 3, kNoKnownVulnerabilities = 3, kUnsafe = 32,
              kUnrecognizedCode = 33;
constexpr int kContraindicatedValue = 96, kUnrecognized = 97, kCryptoFailed = 99;

// -- the vector --

const RuleOutcome* FindRule(const Decision& decision, std::string_view name) {
  const auto found = std::find_if(decision.rules.begin(), decision.rules.end(),
                                  [&](const RuleOutcome& rule) { return rule.rule == name; });
  return found != decision.rules.end() ? &*found : nullptr;
}

// 0: none of them is asked; else 1 when all that are asked hold, and -1 when one does not.
int Outcome(const Decision& decision, std::initializer_list<std::string_view> rules) {
  int outcome = 0;
  for (const std::string_view name : rules) {
    const RuleOutcome* rule = FindRule(decision, name);
    if (rule == nullptr) continue;
    if (!rule->ok) return -1;
    outcome = 1;
  }
  return outcome;
}

bool Debug(const Verdict& verdict) {
  return std::visit(
      [](const auto& claims) {
        if constexpr (requires { claims.debug(); }) return claims.debug();
        return false;
      },
      verdict.claims);
}

// Short of UpToDate where the status does not say so: the quoting enclave, or a second TCB of the TD.
bool ShortBeside(const Verdict& verdict) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(), [](const Finding& finding) {
    return finding.check == Check::kQeTcb || finding.check == Check::kTdxCurrentTcb ||
           finding.check == Check::kTdxInitialTcb;
  });
}

std::optional<int> Hardware(const Verdict& verdict) {
  if (!verdict.tcb_status) return std::nullopt;
  switch (*verdict.tcb_status) {
    case TcbStatus::kUpToDate:
      return ShortBeside(verdict) ? kUnsafe : kTrustworthy;
    case TcbStatus::kRevoked:
      return kContraindicatedValue;
    default:
      return kUnsafe;
  }
}

int Configuration(const Verdict& verdict, const Decision& decision) {
  if (Debug(verdict)) return kContraindicatedValue;
  const bool misconfigured = verdict.tcb_status && TcbStatusName(*verdict.tcb_status).find("Configuration") !=
                                                       std::string_view::npos;
  const bool refused =
      Outcome(decision, {"allow_smt", "allow_dynamic_platform", "allow_cached_keys", "allow_migration",
                         "tdx.td_attributes", "tdx.allow_migratable", "tdx.allow_reserved_attributes",
                         "sgx.attributes", "snp.policy_required", "snp.policy_forbidden"}) < 0;
  return misconfigured || refused ? kUnsafe : kNoKnownVulnerabilities;
}

// What runs there is known only where the policy asks for it.
std::optional<int> Executables(const Verdict& verdict, const Decision& decision) {
  if (Outcome(decision, {"restricted"}) < 0) return kContraindicatedValue;
  const int outcome = Outcome(decision, {"sgx.mrenclave", "sgx.mrsigner", "tdx.mrtd", "tdx.rtmr0",
                                         "tdx.rtmr1", "tdx.rtmr2", "tdx.rtmr3", "snp.measurement"});
  if (outcome == 0) return std::nullopt;
  if (outcome < 0) return kUnrecognizedCode;
  return verdict.tee == Tee::kSgx ? kTrustworthy : kApprovedAtBoot;
}

std::array<std::pair<std::string_view, const std::optional<int>*>, 5> Named(const TrustVector& vector) {
  return {{{"instance-identity", &vector.instance_identity},
           {"configuration", &vector.configuration},
           {"executables", &vector.executables},
           {"hardware", &vector.hardware},
           {"runtime-opaque", &vector.runtime_opaque}}};
}

// -- the claims --

void WriteEvidence(Writer& json, const ResultView& result) {
  const Verdict& verdict = result.verdict;
  json.BeginObject();
  json.Key("tee").String(TeeName(verdict.tee));
  json.Key("decision").String(result.decision.accept ? "accept" : "reject");
  json.Key("tcb_status");
  verdict.tcb_status ? json.String(TcbStatusName(*verdict.tcb_status)) : json.Null();
  json.Key("advisories").BeginArray();
  for (const std::string& advisory : verdict.advisories) json.String(advisory);
  json.EndArray();
  json.Key("findings").BeginArray();
  for (const Finding& finding : verdict.findings) json.String(CheckName(finding.check));
  json.EndArray();
  WriteEvaluation(json, result);
  WriteClaims(json.Key("claims"), verdict);
  WriteCollateral(json, result.outcome.collateral);
  if (!verdict.trust_anchor.empty()) json.Key("trust_anchor").String(verdict.trust_anchor);
  json.EndObject();
}

void WriteSubmodule(Writer& json, const ResultView& result) {
  json.BeginObject();
  json.Key("ear.status").String(TierName(StatusOf(result)));
  json.Key("ear.appraisal-policy-id")
      .String(StrCat(result.policy.id, "@sha256:", result.policy.sha256.hex()));
  json.Key("ear.trustworthiness-vector").BeginObject();
  const TrustVector vector = TrustVectorOf(result);
  for (const auto& [name, value] : Named(vector)) {
    if (*value) json.Key(name).Signed(**value);
  }
  json.EndObject();
  json.Key("ear.veraison.annotated-evidence");
  WriteEvidence(json, result);
  json.EndObject();
}

int64_t Unix(Instant at) { return at.time_since_epoch().count(); }

// No longer than what was used; what had expired and was let pass by the policy bounds nothing.
Instant ExpiryOf(const Verdict& verdict, Instant now) {
  const Instant latest = now + kLifetime;
  const Instant bound = verdict.window.not_after;
  return bound > now ? std::min(latest, bound) : latest;
}

// -- reading --

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kEvidenceFormat, StrCat("EAR: ", message)};
}
Error Rejected(std::string message) {
  return {ErrorKind::kRejected, Check::kEvidenceFormat, StrCat("EAR: ", message)};
}

Result<std::string> Text(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  TRY_ASSIGN(const std::string_view text, value.String());
  return std::string(text);
}

Result<Instant> Time(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  TRY_ASSIGN(const uint64_t seconds, value.Unsigned(uint64_t{1} << 40));
  return Instant(Seconds(static_cast<int64_t>(seconds)));
}

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

Result<Tier> ReadSubmodule(const json::Value& submodule, std::string_view name) {
  TRY_ASSIGN(const std::string status, Text(submodule, "ear.status"));
  const auto tier = TierFromName(status);
  if (!tier) return Malformed(StrCat(name, ": unknown status ", status));
  if (const auto vector = submodule.Find("ear.trustworthiness-vector")) {
    TRY_ASSIGN(const Tier worst, WorstOf(*vector));
    if (*tier < worst)
      return Rejected(StrCat(name, ": status ", status, " is better than its vector, ", TierName(worst)));
  }
  return *tier;
}

Status CheckWindow(const EarSummary& summary, const json::Value& root, Instant now) {
  if (now + kClockSkew < summary.issued)
    return Rejected(StrCat("issued at ", FormatRfc3339(summary.issued), ", it is ", FormatRfc3339(now)));
  if (root.Find("nbf")) {
    TRY_ASSIGN(const Instant not_before, Time(root, "nbf"));
    if (now + kClockSkew < not_before)
      return Rejected(StrCat("not before ", FormatRfc3339(not_before), ", it is ", FormatRfc3339(now)));
  }
  if (now >= summary.expires)
    return Rejected(StrCat("expired at ", FormatRfc3339(summary.expires), ", it is ", FormatRfc3339(now)));
  return {};
}

}  // namespace

std::string_view TierName(Tier tier) {
  switch (tier) {
    case Tier::kNone:
      return "none";
    case Tier::kAffirming:
      return "affirming";
    case Tier::kWarning:
      return "warning";
    case Tier::kContraindicated:
      break;
  }
  return "contraindicated";
}

std::optional<Tier> TierFromName(std::string_view name) {
  for (const Tier tier : {Tier::kNone, Tier::kAffirming, Tier::kWarning, Tier::kContraindicated}) {
    if (TierName(tier) == name) return tier;
  }
  return std::nullopt;
}

Tier TierOf(int value) {
  if (value >= -1 && value <= 1) return Tier::kNone;
  if (value >= -32 && value <= 31) return Tier::kAffirming;
  if (value >= -96 && value <= 95) return Tier::kWarning;
  return Tier::kContraindicated;
}

Tier TrustVector::worst() const {
  Tier worst = Tier::kNone;
  for (const auto& [name, value] : Named(*this)) {
    if (*value) worst = std::max(worst, TierOf(**value));
  }
  return worst;
}

TrustVector TrustVectorOf(const ResultView& result) {
  TrustVector vector;
  if (!result.verdict.authentic) {
    for (auto* claim : {&vector.instance_identity, &vector.configuration, &vector.executables,
                        &vector.hardware, &vector.runtime_opaque}) {
      *claim = kCryptoFailed;
    }
    return vector;
  }
  const int identity = Outcome(result.decision, {"snp.chip_id", "snp.csp_id"});
  if (identity != 0) vector.instance_identity = identity > 0 ? kTrustworthy : kUnrecognized;
  vector.configuration = Configuration(result.verdict, result.decision);
  vector.executables = Executables(result.verdict, result.decision);
  vector.hardware = Hardware(result.verdict);
  vector.runtime_opaque = Debug(result.verdict) ? kContraindicatedValue : kTrustworthy;
  return vector;
}

Tier StatusOf(const ResultView& result) {
  return result.decision.accept ? TrustVectorOf(result).worst() : Tier::kContraindicated;
}

std::string EarClaims(const ResultView& result, const EarContext& context) {
  std::string out;
  Writer json(&out);
  json.BeginObject();
  json.Key("eat_profile").String(kEarProfile);
  json.Key("iss").String(kDeveloper);
  json.Key("iat").Signed(Unix(context.now));
  json.Key("nbf").Signed(Unix(context.now));
  json.Key("exp").Signed(Unix(ExpiryOf(result.verdict, context.now)));
  json.Key("jti").String(context.token_id);
  if (context.nonce) json.Key("eat_nonce").String(*context.nonce);
  json.Key("ear.verifier-id").BeginObject();
  json.Key("build").String(StrCat("thimble ", kVersion));
  json.Key("developer").String(kDeveloper);
  json.EndObject();
  json.Key("submods").BeginObject();
  WriteSubmodule(json.Key("cpu0"), result);
  json.EndObject();
  json.EndObject();
  return out;
}

Result<EarSummary> CheckEar(std::string_view claims, Instant now, const std::optional<std::string>& nonce) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(claims, "EAR", ErrorKind::kMalformed, Check::kEvidenceFormat));
  const json::Value root = document->root();
  TRY_ASSIGN(const std::string profile, Text(root, "eat_profile"));
  if (profile != kEarProfile) return Rejected(StrCat("profile ", profile, ", not ", kEarProfile));

  EarSummary summary;
  TRY_ASSIGN(summary.issued, Time(root, "iat"));
  TRY_ASSIGN(summary.expires, Time(root, "exp"));
  TRY(CheckWindow(summary, root, now));
  if (nonce) {
    const auto found = root.Find("eat_nonce");
    const auto text = found ? found->String() : Result<std::string_view>(Rejected("no nonce"));
    if (!text.ok() || *text != *nonce)
      return Rejected(StrCat("nonce ", text.ok() ? *text : "absent", ", expected ", *nonce));
  }
  TRY_ASSIGN(summary.token_id, Text(root, "jti"));
  TRY_ASSIGN(const json::Value submods, root.Get("submods"));
  TRY_ASSIGN(const auto members, submods.Members());
  if (members.empty()) return Malformed("no submodule");
  for (const auto& [name, submodule] : members) {
    TRY_ASSIGN(const Tier tier, ReadSubmodule(submodule, name));
    summary.status = std::max(summary.status, tier);
    TRY_ASSIGN(summary.policy, Text(submodule, "ear.appraisal-policy-id"));
  }
  return summary;
}

}  // namespace thimble
