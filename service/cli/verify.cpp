// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <functional>
#include <mutex>

#include "cache/rocks_store.h"
#include "service/app.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/evidence/answer.h"
#include "service/cli/evidence/policy_choice.h"
#include "service/cli/evidence/verify_each.h"
#include "service/cli/inspection/decoded.h"
#include "service/cli/thimble_client.h"
#include "service/config/anchors.h"
#include "service/results/render.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/support/version.h"
#include "service/verification/evidence_files.h"
#include "service/verification/handed_evidence.h"
#include "service/verification/oe_endorsements.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxRuntimeData = 1u << 20;

Error WrongFlag(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<std::optional<Bytes>> ParseNonce(const std::optional<std::string>& text) {
  if (!text) return std::optional<Bytes>();
  auto bytes = FromHex(*text);
  if (!bytes || bytes->empty()) return WrongFlag("--nonce must be hex");
  return bytes;
}

Result<std::optional<Bytes>> ParseReportData(const std::optional<std::string>& text) {
  if (!text) return std::optional<Bytes>();
  auto bytes = FromHex(*text);
  if (!bytes || bytes->size() > ReportData::kSize) {
    return WrongFlag("--report-data must be hex of at most 64 bytes");
  }
  return bytes;
}

Result<std::optional<Bytes>> ReadRuntimeData(const std::optional<std::string>& path) {
  if (!path) return std::optional<Bytes>();
  TRY_ASSIGN(const std::string text, ReadFile(*path, kMaxRuntimeData));
  const ByteView bytes = AsBytes(text);
  return std::optional(Bytes(bytes.begin(), bytes.end()));
}

// The files beside evidence are of the evidence's kind. An HCL report may come with a TD quote, and that with its own.
Status ReadCollateral(const std::string& path, EvidenceKind kind, VerificationRequest& request) {
  if (kind == EvidenceKind::kQuote || kind == EvidenceKind::kOpenEnclave) {
    TRY_ASSIGN(request.collateral, ReadOeEndorsementsFile(path));
    request.plugin_evidence = request.collateral.has_value();
    if (!request.collateral) {
      TRY_ASSIGN(request.collateral, ReadIntelCollateral(path));
    }
    return {};
  }
  if (kind == EvidenceKind::kTpmQuote || kind == EvidenceKind::kVbsReport) {
    return WrongFlag(
        "--collateral: this evidence rests on certificates that come with it in its JSON, and on --anchor");
  }
  std::error_code ignored;  // what is no directory is a file
  const bool td_collateral = request.td_quote && !std::filesystem::is_directory(path, ignored);
  AmdFiles files;
  if (!td_collateral) {
    TRY_ASSIGN(files, ReadAmdCollateral(path));
  }
  if (kind == EvidenceKind::kHclReport) {
    if (files.tpm_quote) request.tpm_quote = std::move(files.tpm_quote);
    if (files.td_quote) request.td_quote = std::move(files.td_quote);
  }
  if (files.uvm_endorsement && request.uvm_endorsement &&
      *files.uvm_endorsement != *request.uvm_endorsement) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat(
            path,
            ": has another endorsement of the utility VM than the evidence: hand over the one that counts")};
  }
  if (files.uvm_endorsement) request.uvm_endorsement = std::move(files.uvm_endorsement);
  if (files.security_policy && request.security_policy && *files.security_policy != *request.security_policy)
    return WrongFlag(StrCat("--security-policy: ", path, " has another: hand over the one that counts"));
  if (files.security_policy) request.security_policy = std::move(files.security_policy);
  if (request.td_quote) {
    TRY_ASSIGN(request.collateral, ReadIntelCollateral(path));
    return {};
  }
  auto& hints = request.endorsements.hints;  // of the evidence's container
  files.endorsements.hints.insert(files.endorsements.hints.end(), hints.begin(), hints.end());
  request.endorsements = std::move(files.endorsements);
  return {};
}

Result<VerificationRequest> MakeRequest(const VerifyOptions& options, const Config& config) {
  VerificationRequest request;
  TRY_ASSIGN(input::Evidence evidence, ReadEvidence(options.evidence));
  if (!options.each) PrintDecoded(evidence.decoded);
  TRY_ASSIGN(request.at, ParseTimeFlag("--at", options.at));
  TRY_ASSIGN(request.report_data, ParseReportData(options.report_data));
  TRY_ASSIGN(request.nonce, ParseNonce(options.nonce));
  TRY_ASSIGN(request.product, ParseProductFlag(options.product));
  TRY_ASSIGN(request.runtime_data, ReadRuntimeData(options.runtime_data));
  TRY_ASSIGN(request.uvm_endorsement, ReadUvmEndorsementFile(options.uvm_endorsement));
  TRY_ASSIGN(request.security_policy, ReadSecurityPolicyFile(options.security_policy));
  TRY(ChoosePolicy(options, config, request));
  const EvidenceKind kind = evidence.kind;
  TRY(TakeEvidence(std::move(evidence), request));
  if (options.collateral) TRY(ReadCollateral(*options.collateral, kind, request));
  if (options.collateral) request.caller_collateral = CallerCollateral::kAny;
  if (!IsJudgedAsBrought(request)) {
    request.baseline_name = options.baseline.value_or("default");
  } else if (options.baseline) {
    return WrongFlag("--baseline has nothing to choose beside --collateral, which is judged by as it is");
  }
  return request;
}

// Where what is missing may be.
std::string Elsewhere(const ConfigFlags& flags, const Config& config) {
  const std::string& data = config.cache.data;
  if (!flags.data)
    return RocksStore::IsIn(data) ? StrCat("; a store is in ", data, ": add --data ", data) : "";
  if (flags.pcs_url || flags.kds_url) return "";
  return StrCat("; beside --data ", data,
                " nobody is asked: import what is missing, or say whom to ask by --pcs-url or --kds-url");
}

// This process.
class LocalJudge {
 public:
  LocalJudge(const VerifyOptions& options, Config config)
      : options_(options), config_(WithoutUpstreams(options.flags, std::move(config))) {}

  // What was asked of upstreams for it, so far.
  std::string Fetched() const {
    uint64_t answers = 0;
    if (app_) {
      for (const Summary::Upstream& upstream : app_->summary().upstreams) answers += upstream.answered;
    }
    return answers == 0 ? "nothing was fetched"
                        : StrCat("fetched for it: ", answers, answers == 1 ? " answer" : " answers");
  }

  // Thread-safe.
  Answer Of(const std::string& evidence) {
    VerifyOptions options = options_;
    options.evidence = evidence;
    const auto request = MakeRequest(options, config_);
    if (!request) return ProblemAnswer(request.error());
    const auto verification = VerificationFor(*request);
    if (!verification) return ProblemAnswer(verification.error());
    VerificationOutcome outcome = (*verification)->Run(*request);
    if (outcome.error) {
      if (outcome.error->kind == ErrorKind::kUnavailable)
        outcome.error->message += Elsewhere(options_.flags, config_);
      return ProblemAnswer(*outcome.error, &outcome.verdict.checks);
    }
    const ResultView view{outcome, *request->policy, request->baseline_name};
    return ResultAnswer(RenderResult(view), outcome.decision.accept);
  }

 private:
  // Whoever names a store wants its word, with no network perhaps: nobody is asked who is not named beside it.
  static Config WithoutUpstreams(const ConfigFlags& flags, Config config) {
    if (flags.data && !flags.pcs_url) config.intel_upstreams.clear();
    if (flags.data && !flags.kds_url) config.amd_upstreams.clear();
    return config;
  }

  // What is brought is enough where it counts as it is; else it is held against what is stored or can be fetched.
  Result<Verification*> VerificationFor(const VerificationRequest& request) {
    const std::lock_guard lock(mutex_);
    const bool enough = options_.collateral && !options_.flags.data;
    if (enough && (request.at || ModeOf(request) == CallerCollateral::kAny)) return Alone();
    if (!app_) {
      const Storage storage = options_.flags.data ? Storage::kReadOnly : Storage::kMemory;
      auto app = App::Make(config_, {.storage = storage, .frozen_time = {}});
      if (!app) return app.error();
      app_ = std::move(app).value();
    }
    return &app_->verification();
  }
  Result<Verification*> Alone() {
    if (alone_) return alone_.get();
    auto anchors = ReadAnchors(config_.server.anchors);
    if (!anchors) return anchors.error();
    TRY_ASSIGN(FloorRules floors, FloorRules::Read(config_.floors));
    anchors_ = std::make_unique<const TrustAnchors>(std::move(anchors).value());
    alone_ = std::make_unique<Verification>(*anchors_, nullptr, clock_);
    alone_->UseFloors(FloorsOfFiles(std::move(floors)));
    return alone_.get();
  }

  const VerifyOptions& options_;
  const Config config_;
  const Clock clock_;
  std::mutex mutex_;  // over what is made for the first request that needs it
  std::unique_ptr<const TrustAnchors> anchors_;
  std::unique_ptr<Verification> alone_;
  std::unique_ptr<App> app_;
};

using Members = std::vector<std::pair<std::string_view, std::string>>;

// What the command line says is checked here: a mistake in it costs no request.
Result<Members> MembersOf(const VerifyOptions& options) {
  TRY_ASSIGN(const auto at, ParseTimeFlag("--at", options.at));
  TRY(ParseReportData(options.report_data));
  TRY(ParseNonce(options.nonce));
  TRY(ParseProductFlag(options.product));
  TRY_ASSIGN(const auto runtime_data, ReadRuntimeData(options.runtime_data));
  Members members;
  const auto add = [&members](std::string_view name, const std::optional<std::string>& value) {
    if (value) members.emplace_back(name, *value);
  };
  add("at", at ? std::optional(FormatRfc3339(*at)) : std::nullopt);
  add("policy", options.policy);
  add("baseline", options.baseline);
  add("report_data", options.report_data);
  add("product", options.product);
  add("nonce", options.nonce);
  add("runtime_data", runtime_data ? std::optional(Base64(*runtime_data)) : std::nullopt);
  return members;
}

// What a container holds beside the evidence is for the server to see, too.
ThimbleClient::Call RawRequest(const input::Evidence& evidence, const std::string& text,
                               const Members& members, bool ear) {
  std::string target = "/v1/verify";
  for (const auto& [name, value] : members)
    target += StrCat(target.find('?') == std::string::npos ? '?' : '&', name, "=", PercentEncode(value));
  if (ear) target += StrCat(members.empty() ? '?' : '&', "ear=true");
  return {.method = "POST",
          .target = std::move(target),
          .body = evidence.alone() ? std::string(AsText(evidence.bytes)) : text,
          .content_type = "application/octet-stream"};
}

void WriteHandedOver(json::Writer& json, const input::Evidence& evidence, const std::string& text) {
  const std::string_view begins = TrimBlanks(text);
  const bool is_json = begins.starts_with('{') || begins.starts_with('[');
  const bool is_text =
      std::ranges::all_of(text, [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r'; });
  if (evidence.alone()) {
    json.String(Base64(evidence.bytes));
  } else if (is_json) {
    json.Raw(begins);
  } else {
    json.String(is_text ? text : Base64(AsBytes(text)));
  }
}

// The form that has a place for what lies beside a container's report, and for runtime data longer than an address may be.
ThimbleClient::Call JsonRequest(const input::Evidence& evidence, const std::string& text,
                                const Members& members, bool ear) {
  std::string body;
  json::Writer writer(&body);
  writer.BeginObject();
  WriteHandedOver(writer.Key("evidence"), evidence, text);
  for (const auto& [name, value] : members) writer.Key(name).String(value);
  if (ear) writer.Key("ear").Bool(true);
  writer.EndObject();
  return {
      .method = "POST", .target = "/v1/verify", .body = std::move(body), .content_type = "application/json"};
}

Result<ThimbleClient::Call> RequestTo(const VerifyOptions& options, const input::Evidence& evidence,
                                      const std::string& text) {
  TRY_ASSIGN(Members members, MembersOf(options));
  TRY_ASSIGN(const auto endorsement, ReadUvmEndorsementFile(options.uvm_endorsement));
  TRY_ASSIGN(const auto security_policy, ReadSecurityPolicyFile(options.security_policy));
  if (!endorsement && !security_policy && !options.runtime_data)
    return RawRequest(evidence, text, members, options.ear);
  if (endorsement) members.emplace_back("uvm_endorsement", Base64(*endorsement));
  if (security_policy) members.emplace_back("security_policy", Base64(*security_policy));
  return JsonRequest(evidence, text, members, options.ear);
}

Answer AskServer(const VerifyOptions& options, const std::string& file, ThimbleClient& client) {
  const auto text = ReadEvidenceText(file);
  if (!text) return ProblemAnswer(text.error());
  const auto evidence = EvidenceIn(file, *text);
  if (!evidence) return ProblemAnswer(evidence.error());
  if (!options.each) PrintDecoded(evidence->decoded);
  const auto request = RequestTo(options, *evidence, *text);
  if (!request) return ProblemAnswer(request.error());
  const auto answer = client.Send(*request);
  Answer out = answer ? AnswerOf(*answer) : ProblemAnswer(answer.error());
  if (answer) out.request = answer->Header("request-id").value_or("");
  if (answer && !out.problem.empty() && !options.each) out.problem = StrCat(file, ": ", out.problem);
  return out;
}

// One, or each of many.
ExitCode JudgeAll(const VerifyOptions& options, const std::function<std::string()>& judge,
                  const std::function<Answer(const std::string&)>& of) {
  if (options.json && options.server) PrintErrorLines({StrCat("judged by: ", judge())});
  if (!options.each) {
    const Answer answer = of(options.evidence);
    const std::string in_trail = answer.request.empty() ? "" : StrCat(" (request ", answer.request, ")");
    return PrintAnswer(answer, judge() + in_trail, {options.json, options.verbose});
  }
  const auto files = FilesNamedBy(*options.each);
  if (!files) return Fail(files.error(), options.json);
  return VerifyEach(*files, of, options.json);
}

}  // namespace

ExitCode Run(const VerifyOptions& options) {
  SetLogLevel(LogLevel::kError);
  if (options.server) {
    auto client = ThimbleClient::AtUrl(*options.server, options.flags);
    if (!client) return Fail(client.error(), options.json);
    return JudgeAll(
        options, [&] { return client->name(); },
        [&](const std::string& file) { return AskServer(options, file, *client); });
  }
  auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  LocalJudge judge(options, std::move(config).value());
  return JudgeAll(
      options, [&] { return StrCat("this process, thimble ", kVersion, " (", judge.Fetched(), ")"); },
      [&](const std::string& file) { return judge.Of(file); });
}

}  // namespace thimble
