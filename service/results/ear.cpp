// SPDX-License-Identifier: Apache-2.0
#include "service/results/ear.h"

#include <algorithm>
#include <array>

#include "service/results/render_claims.h"
#include "service/support/version.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"

namespace thimble {
namespace {

using json::Writer;

// Values of AR4SI (spec/attestation-results.md section 1).
constexpr int kTrustworthy = 2, kApprovedAtBoot = 3, kNoKnownVulnerabilities = 3, kUnsafe = 32,
              kIsolatedOnly = 32, kUnrecognizedCode = 33;
constexpr int kContraindicatedValue = 96, kUnrecognized = 97, kCryptoFailed = 99;

// -- the vector --

// As Outcome() below, of all rules whose names begin so.
int OutcomeOfAll(const Decision& decision, std::string_view prefix) {
  int outcome = 0;
  for (const RuleOutcome& rule : decision.rules) {
    if (!rule.rule.starts_with(prefix)) continue;
    if (!rule.ok) return -1;
    outcome = 1;
  }
  return outcome;
}

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
  if (verdict.vbs != nullptr) return verdict.vbs->debug();
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

// UpToDate by a level of AMD's floors that leaves bulletins open, or by floors that nobody has reviewed in time.
bool HasOpenBulletins(const Verdict& verdict) {
  const bool stale = verdict.floors && verdict.floors->stale;
  return verdict.tee == Tee::kSnp && (stale || !verdict.advisories.empty());
}

std::optional<int> Hardware(const Verdict& verdict) {
  if (!verdict.tcb_status) return std::nullopt;
  switch (*verdict.tcb_status) {
    case TcbStatus::kUpToDate:
      return ShortBeside(verdict) || HasOpenBulletins(verdict) ? kUnsafe : kTrustworthy;
    case TcbStatus::kRevoked:
      return kContraindicatedValue;
    default:
      return kUnsafe;
  }
}

// A TPM says what was measured, and nothing of how what runs beside it is configured or kept apart.
std::optional<int> Configuration(const Verdict& verdict, const Decision& decision) {
  if (verdict.tee == Tee::kTpm) return std::nullopt;
  if (Debug(verdict)) return kContraindicatedValue;
  const bool misconfigured = verdict.tcb_status && TcbStatusName(*verdict.tcb_status).find("Configuration") !=
                                                       std::string_view::npos;
  const bool refused =
      Outcome(decision, {"allow_smt", "allow_dynamic_platform", "allow_cached_keys", "allow_migration",
                         "tdx.td_attributes", "tdx.allow_migratable", "tdx.allow_reserved_attributes",
                         "sgx.attributes", "snp.policy_required", "snp.policy_forbidden"}) < 0;
  return misconfigured || refused ? kUnsafe : kNoKnownVulnerabilities;
}

// Memory that hardware encrypts; a hypervisor only keeps it apart, and of memory beside a TPM nobody says anything.
std::optional<int> RuntimeOpaque(const Verdict& verdict) {
  if (verdict.tee == Tee::kTpm) return std::nullopt;
  if (Debug(verdict)) return kContraindicatedValue;
  return IsHardwareTee(verdict.tee) ? kTrustworthy : kIsolatedOnly;
}

// What runs there is known only where the policy asks for it.
std::optional<int> Executables(const Verdict& verdict, const Decision& decision) {
  if (Outcome(decision, {"restricted"}) < 0) return kContraindicatedValue;
  const int outcome =
      Outcome(decision, {"sgx.mrenclave", "sgx.mrsigner", "tdx.mrtd", "tdx.rtmr0", "tdx.rtmr1", "tdx.rtmr2",
                         "tdx.rtmr3", "snp.measurement", "vbs.unique_id", "vbs.author_id"});
  // Beside a paravisor, and of a TPM by itself, the PCRs are the guest.
  const int guest = OutcomeOfAll(decision, verdict.tee == Tee::kTpm ? "tpm.pcr." : "hcl.pcr.");
  if (outcome < 0 || guest < 0 || OutcomeOfAll(decision, "vbs.") < 0) return kUnrecognizedCode;
  if (outcome == 0 && guest == 0) return std::nullopt;
  return verdict.tee == Tee::kSgx || verdict.tee == Tee::kVbs ? kTrustworthy : kApprovedAtBoot;
}

// Authentic only because the policy asks for no certificate: whose it is, nobody says.
bool IsUncertified(const Verdict& verdict) {
  return verdict.tee == Tee::kTpm && verdict.checks.Get(Check::kTpmAkUnproven) == CheckResult::kFailed;
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
  json.Key("tee").String(IsHardwareTee(verdict.tee) ? TeeName(verdict.tee) : "none");
  json.Key("evidence_class").String(ProofClassName(verdict.tee));
  json.Key("about").String(AboutText(result.outcome.about));
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
  if (const auto& mode = result.outcome.caller_collateral)
    json.Key("caller_collateral").String(CallerCollateralName(*mode));
  WriteGrace(json, result.outcome.grace_used);
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

// Whatever ends after `now` ends the token, too.
void Bound(Instant& end, const Validity& window, Instant now) {
  if (window.not_after >= now) end = std::min(end, window.not_after);
}

// The last time, from `now` to `end`, at which the policy still accepts: advisories are tolerated until a day, platforms
// and collateral for a grace. Rules only get stricter as time goes by, but for bans that end.
Instant LastAccepted(const ResultView& result, Instant now, Instant end) {
  const auto accepts = [&](Instant at) { return Appraise(result.verdict, result.policy, at).accept; };
  if (accepts(end)) return end;
  while (end - now > Seconds(1)) {
    const Instant middle = now + (end - now) / 2;
    (accepts(middle) ? now : end) = middle;
  }
  return now;
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
  vector.runtime_opaque = RuntimeOpaque(result.verdict);
  return vector;
}

Tier StatusOf(const ResultView& result) {
  if (!result.decision.accept) return Tier::kContraindicated;
  const bool warns = result.outcome.grace_used > Seconds(0) || IsUncertified(result.verdict);
  return std::max(TrustVectorOf(result).worst(), warns ? Tier::kWarning : Tier::kNone);
}

Instant EarExpiry(const ResultView& result) {
  const Instant now = result.verdict.at;
  Instant end = now + kEarLife;
  Bound(end, result.verdict.window, now);
  // One by one as well: once something has ended, the common window tells no more of the others.
  for (const UsedCollateral& used : result.outcome.collateral) Bound(end, used.window, now);
  for (const ItemPtr& item : result.verdict.collateral) Bound(end, item->chain_window(), now);
  return result.decision.accept ? LastAccepted(result, now, end) : end;
}

std::string EarClaims(const ResultView& result, const EarContext& context) {
  std::string out;
  Writer json(&out);
  json.BeginObject();
  json.Key("eat_profile").String(kEarProfile);
  json.Key("iss").String(context.issuer);
  json.Key("iat").Signed(Unix(result.verdict.at));
  json.Key("nbf").Signed(Unix(result.verdict.at));
  json.Key("exp").Signed(Unix(EarExpiry(result)));
  json.Key("jti").String(context.token_id);
  if (context.nonce) json.Key("eat_nonce").String(*context.nonce);
  json.Key("ear.verifier-id").BeginObject();
  json.Key("build").String(StrCat("thimble ", kVersion));
  json.Key("developer").String(kDefaultIssuer);
  json.EndObject();
  json.Key("submods").BeginObject();
  WriteSubmodule(json.Key("cpu0"), result);
  json.EndObject();
  json.EndObject();
  return out;
}

}  // namespace thimble
