// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "service/app.h"
#include "service/audit/audit_records.h"
#include "service/audit/audit_trail.h"
#include "service/audit/request_parts.h"
#include "service/cli/audit/records.h"
#include "service/cli/client/server_choice.h"
#include "service/cli/command_support.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/verification/evidence_files.h"
#include "service/verification/handed_evidence.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/canonical_policy.h"

namespace thimble {
namespace {

using json::Value;

constexpr size_t kMaxRuntimeData = 1u << 20;

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// The policy of that time: out of the trail, or out of the configuration where it still says the same.
Result<PolicyPtr> PolicyOf(const Value& decision, const std::vector<std::string>& files, uint64_t seq,
                           const Config& config) {
  TRY_ASSIGN(const Value policy, decision.Get("policy"));
  TRY_ASSIGN(const std::string_view id, policy.GetString("id"));
  TRY_ASSIGN(const std::string_view hex, policy.GetString("sha256"));
  const auto digest = Digest256::FromHex(hex);
  if (!digest) return Wrong("the record has no digest of a policy");
  for (const auto& [name, configured] : config.policies) {
    if (configured.sha256 != *digest) continue;
    Policy same = configured;
    same.id = id;
    return std::make_shared<const Policy>(std::move(same));
  }
  TRY_ASSIGN(const auto text, FindPolicy(files, *digest, seq));
  if (!text) {
    return Wrong(StrCat("policy ", id, "@", hex, " is neither in the trail before record ", seq,
                        " nor in the configuration: name the configuration of that time by --config"));
  }
  TRY_ASSIGN(Policy read, ReadCanonicalPolicy(*text, id));
  return std::make_shared<const Policy>(std::move(read));
}

Status SameDigest(const Value& decision, std::string_view member, ByteView bytes, std::string_view what) {
  TRY_ASSIGN(const std::string_view recorded, decision.GetString(member));
  const std::string here = Sha256(bytes).hex();
  if (recorded == here) return {};
  return Wrong(StrCat(what, " has SHA-256 ", here, ", the record is about ", recorded));
}

Result<std::optional<Bytes>> HexMember(const Value& decision, std::string_view member) {
  TRY_ASSIGN(const auto text, decision.FindString(member));
  if (!text) return std::optional<Bytes>();
  auto bytes = FromHex(*text);
  if (!bytes) return Wrong(StrCat("the record's ", member, " is not hex"));
  return bytes;
}

// In a container the evidence may bring it itself.
Status ReadRuntimeData(const Value& decision, const AuditOptions& options, VerificationRequest& request) {
  if (!decision.Find("runtime_data_sha256") || request.runtime_data) return {};
  if (!options.runtime_data)
    return Wrong("runtime data came beside the evidence: name its file by --runtime-data");
  TRY_ASSIGN(const std::string text, ReadFile(*options.runtime_data, kMaxRuntimeData));
  const ByteView bytes = AsBytes(text);
  request.runtime_data = Bytes(bytes.begin(), bytes.end());
  return {};
}

std::string HowToBring(std::string_view part) {
  if (part == "uvm_endorsement") return "name its file by --uvm-endorsement";
  if (part == "security_policy") return "name its file by --security-policy";
  return "put both into one container (docs/EVIDENCE.md)";
}

// All that counted then is here, and nothing else.
Status CheckParts(const Value& decision, const VerificationRequest& request, const std::string& file) {
  const RequestParts parts = PartsOf(request);
  for (const std::string_view name : kPartNames) {
    TRY_ASSIGN(const auto recorded, decision.FindString(StrCat(name, "_sha256")));
    const auto here = parts.find(name);
    if (!recorded && here == parts.end()) continue;
    if (here == parts.end()) {
      return Wrong(StrCat(name, " came beside the evidence, with SHA-256 ", *recorded, ", and is not in ",
                          file, ": ", HowToBring(name)));
    }
    if (!recorded)
      return Wrong(StrCat(name, " is given, and did not come beside the evidence that the record is about"));
    if (*recorded != here->second.hex())
      return Wrong(StrCat(name, " has SHA-256 ", here->second.hex(), ", the record is about ", *recorded));
  }
  return {};
}

Result<VerificationRequest> RequestOf(const AuditRecord& record, const AuditOptions& options,
                                      const std::vector<std::string>& files, const Config& config) {
  const Value decision = record.document->root();
  if (record.kind != "decision")
    return Wrong(StrCat("record ", record.seq, " is of kind ", record.kind, ", not a decision"));
  if (decision.Find("caller_collateral"))
    return Wrong(
        "the decision rests on collateral that its caller brought, which the trail does not hold: "
        "thimble verify EVIDENCE --collateral ... --at");
  VerificationRequest request;
  TRY_ASSIGN(request.uvm_endorsement, ReadUvmEndorsementFile(options.uvm_endorsement));
  TRY_ASSIGN(request.security_policy, ReadSecurityPolicyFile(options.security_policy));
  TRY_ASSIGN(input::Evidence evidence, ReadEvidence(options.evidence_file));
  TRY(TakeEvidence(std::move(evidence), request));
  TRY(SameDigest(decision, "evidence_sha256", request.evidence, options.evidence_file));
  TRY_ASSIGN(request.at, decision.GetTime("at"));
  TRY_ASSIGN(request.report_data, HexMember(decision, "report_data"));
  TRY_ASSIGN(request.nonce, HexMember(decision, "nonce"));
  TRY(ReadRuntimeData(decision, options, request));
  TRY(CheckParts(decision, request, options.evidence_file));
  if (const auto product = decision.Find("product")) {
    TRY_ASSIGN(const std::string_view name, product->String());
    request.product = amd::ProductFromName(name);
    if (!request.product) return Wrong(StrCat("the record's product ", name, " is none that is known"));
  }
  TRY_ASSIGN(request.policy, PolicyOf(decision, files, record.seq, config));
  if (const auto baseline = decision.Find("baseline")) {
    TRY_ASSIGN(request.baseline_name, baseline->GetString("name"));
    TRY_ASSIGN(const uint64_t version, baseline->GetUnsigned("version", UINT32_MAX));
    request.baseline_version = static_cast<uint32_t>(version);
    TRY(ReadBaselineMembers(*baseline, request.baseline));
  }
  return request;
}

struct Difference {
  std::string member, then, now;
};

// What a decision comes to and rests on. That it is about another time now is no difference.
Result<std::vector<Difference>> Compare(const Value& then, const std::string& now_text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(now_text, "decision", ErrorKind::kInternal, Check::kStoreCorrupt));
  std::vector<Difference> differences;
  for (const std::string_view member :
       {"decision", "authentic", "tee", "tcb_status", "trust_anchor", "findings", "refused_by", "tcb_info",
        "qe_identity", "floor_sha256", "floor_level", "collateral"}) {
    std::map<std::string, std::pair<std::string, std::string>> both;
    const auto was = then.Find(member), is = document->root().Find(member);
    if (was) {
      for (auto& [name, value] : Flatten(*was)) both[name].first = value;
    }
    if (is) {
      for (auto& [name, value] : Flatten(*is)) both[name].second = value;
    }
    for (const auto& [name, values] : both) {
      if (values.first != values.second)
        differences.push_back({StrCat(member, name.starts_with('.') || name.empty() ? "" : ".", name),
                               values.first, values.second});
    }
  }
  return differences;
}

// What rested on an anchor that was added then is not to be told apart from a forgery without it.
Status CheckAnchors(const Value& decision, const std::vector<std::string>& files, uint64_t seq,
                    const TrustAnchors& anchors) {
  TRY_ASSIGN(const auto findings, decision.GetArray("findings"));
  const bool rests_on_added = std::ranges::any_of(findings, [](const Value& finding) {
    const auto name = finding.String();
    return name.ok() && *name == CheckName(Check::kTrustAnchorExtra);
  });
  if (!rests_on_added) return {};
  TRY_ASSIGN(const auto added, FindAddedAnchors(files, seq));
  for (const auto& [name, spki] : added) {
    const auto is_it = [&spki = spki](const auto& anchor) { return anchor.spki_sha256 == spki; };
    if (std::ranges::any_of(anchors.all(), is_it)) continue;
    if (std::ranges::any_of(
            kAnchorUses, [&](AnchorUse use) { return std::ranges::any_of(anchors.For(use).roots, is_it); }))
      continue;
    return Wrong(StrCat("the record may rest on the anchor ", name, " (", spki.hex().substr(0, 8),
                        "), which its server had added and this command does not have: --anchor PEM, or "
                        "server.anchors of --config"));
  }
  return {};
}

// A store that is only read, whether a server runs on it or not; nobody is asked for anything.
Result<std::vector<Difference>> Repeat(const AuditOptions& options) {
  TRY_ASSIGN(const auto files, TrailFiles(options));
  TRY_ASSIGN(const AuditRecord record, FindRecord(files, options.seq));
  TRY_ASSIGN(Config config, EffectiveConfig(WithInstalled(options.flags)));
  TRY_ASSIGN(const VerificationRequest request, RequestOf(record, options, files, config));
  config.pccs.mode = CachingMode::kOffline;
  TRY_ASSIGN(const auto app,
             App::Make(std::move(config), {.storage = Storage::kReadOnly, .frozen_time = {}}));
  TRY(CheckAnchors(record.document->root(), files, options.seq, app->anchors()));
  const VerificationOutcome outcome = app->verification().Run(request);
  if (outcome.error) return *outcome.error;
  return Compare(record.document->root(), DecisionJson(request, outcome));
}

std::string Json(uint64_t seq, const std::vector<Difference>& differences) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("seq").Unsigned(seq).Key("same").Bool(differences.empty());
  json.Key("differences").BeginArray();
  for (const Difference& difference : differences) {
    json.BeginObject().Key("member").String(difference.member);
    json.Key("then").String(difference.then).Key("now").String(difference.now).EndObject();
  }
  json.EndArray().EndObject();
  return out;
}

}  // namespace

ExitCode RepeatDecision(const AuditOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto differences = Repeat(options);
  if (!differences) return Fail(differences.error(), options.json);
  if (options.json) {
    PrintJson(Json(options.seq, *differences));
  } else {
    PrintLine(StrCat("record ", options.seq, differences->empty() ? ": the same came of it" : ": DIFFERS"));
    for (const Difference& difference : *differences)
      PrintLine(
          StrCat("  ", difference.member, ": then \"", difference.then, "\", now \"", difference.now, "\""));
  }
  return differences->empty() ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
