// SPDX-License-Identifier: Apache-2.0
#include "fetchers/url.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/results/ear_check.h"
#include "service/results/jwt.h"
#include "service/support/clock.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxToken = 1u << 20;

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// Whoever sits on the way of plain HTTP could put his own keys in place of theirs.
Status CheckWayOfKeys(const std::string& server) {
  const auto url = ParseUrl(server);
  if (!url || url->tls || ReachOf(*url) == Reach::kLoopback) return {};
  return Wrong(StrCat(
      "--server \"", server,
      "\": keys over http:// are taken from this host alone, as anybody on the way could put others in "
      "their place: use https://, or --jwks FILE"));
}

Result<std::vector<Jwk>> KeysOf(const VerifyResultOptions& options) {
  if (options.jwks) {
    TRY_ASSIGN(const std::string text, ReadFile(*options.jwks, kMaxToken));
    return ParseJwks(text);
  }
  if (!options.server) return Wrong("--jwks FILE or --server URL must say whose results are trusted");
  TRY(CheckWayOfKeys(*options.server));
  TRY_ASSIGN(ThimbleClient client, ThimbleClient::AtUrl(*options.server, options.flags));
  TRY_ASSIGN(const std::string answer, client.Ask({.target = "/.well-known/jwks.json"}));
  return ParseJwks(answer);
}

// The token by itself, or in the member "ear" of a result.
Result<std::string> TokenIn(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  if (begin == std::string::npos) return Wrong("the file is empty");
  const std::string trimmed = text.substr(begin, end - begin + 1);
  if (trimmed.front() != '{') return trimmed;
  TRY_ASSIGN(const auto document,
             json::Document::Parse(trimmed, "result", ErrorKind::kMalformed, Check::kEvidenceFormat));
  TRY_ASSIGN(const std::string_view token, document->root().GetString("ear"));
  return std::string(token);
}

Result<EarExpectation> ExpectationOf(const VerifyResultOptions& options) {
  EarExpectation expected;
  if (options.issuer) expected.issuer = *options.issuer;
  if (options.policy) TRY(ExpectPolicy(*options.policy, expected));
  if (options.baseline) TRY(ExpectBaseline(*options.baseline, expected));
  if (options.nonce) {
    const auto bytes = FromHex(*options.nonce);
    if (!bytes) return Wrong("--nonce must be hex");
    expected.nonce = Base64Url(*bytes);
  }
  return expected;
}

struct Checked {
  EarSummary summary;
  std::string claims;
};

Result<Checked> CheckToken(const VerifyResultOptions& options) {
  TRY_ASSIGN(const auto at, ParseTimeFlag("--at", options.at));
  TRY_ASSIGN(const EarExpectation expected, ExpectationOf(options));
  TRY_ASSIGN(const std::string text, ReadFile(options.file, kMaxToken));
  TRY_ASSIGN(const std::string token, TokenIn(text));
  TRY_ASSIGN(const std::vector<Jwk> keys, KeysOf(options));
  Checked checked;
  TRY_ASSIGN(checked.claims, VerifyJwt(token, keys));
  TRY_ASSIGN(checked.summary, CheckEar(checked.claims, at.value_or(Clock().Now()), expected));
  return checked;
}

Lines Text(const EarSummary& summary) {
  return {StrCat("status    ", TierName(summary.status)), StrCat("policy    ", summary.policy),
          StrCat("baseline  ", summary.baseline), StrCat("issued    ", FormatRfc3339(summary.issued)),
          StrCat("expires   ", FormatRfc3339(summary.expires))};
}

}  // namespace

ExitCode Run(const VerifyResultOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto checked = CheckToken(options);
  if (!checked) return Fail(checked.error(), options.json);
  options.json ? PrintJson(checked->claims) : Print(Text(checked->summary));
  const bool trusted =
      checked->summary.status == Tier::kAffirming || checked->summary.status == Tier::kWarning;
  return trusted ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
