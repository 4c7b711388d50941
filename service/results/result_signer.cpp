// SPDX-License-Identifier: Apache-2.0
#include "service/results/result_signer.h"

#include <algorithm>

#include "service/results/ear.h"
#include "service/results/jwt.h"
#include "service/results/result_key_files.h"
#include "service/support/randomness.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// Signers that are under way take their time, and relying parties' clocks differ.
constexpr Seconds kMargin{60};

Error NotSigned(std::string_view why) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("ear: ", why)};
}

// What a signature of ours may stand for: decisions about now, on collateral that this server vouches for.
Status CheckSignable(const VerificationOutcome& outcome) {
  if (outcome.about) return NotSigned("a result about another time is never signed: leave out ear, or at");
  if (outcome.caller_collateral == CallerCollateral::kAny)
    return NotSigned("a result on whatever collateral the caller brought is never signed");
  return {};
}

}  // namespace

Result<std::unique_ptr<ResultSigner>> ResultSigner::AtFile(const std::string& path, std::string issuer) {
  TRY_ASSIGN(ResultKeys keys, OpenResultKeys(path));
  return std::unique_ptr<ResultSigner>(new ResultSigner(path, std::move(issuer), std::move(keys)));
}

std::unique_ptr<ResultSigner> ResultSigner::InMemory(std::string issuer) {
  return std::unique_ptr<ResultSigner>(new ResultSigner("", std::move(issuer), {MakeResultKey(), {}}));
}

Result<SignedResult> ResultSigner::Sign(const ResultView& result,
                                        const std::optional<std::string>& nonce) const {
  TRY(CheckSignable(result.outcome));
  TRY(MaySign());
  const auto keys = keys_.Get();
  SignedResult out{.token = {}, .id = HexLower(RandomBytes(16))};
  TRY_ASSIGN(out.token, SignJwt(keys->current, EarClaims(result, {out.id, issuer_, nonce})));
  return out;
}

std::string ResultSigner::Jwks(Instant now) const {
  std::vector<Bytes> points = Points(now);
  for (Bytes& point : others_ ? others_() : std::vector<Bytes>()) {
    if (std::ranges::find(points, point) == points.end()) points.push_back(std::move(point));
  }
  return JwksJson(points);
}

std::vector<Bytes> ResultSigner::Points(Instant now) const {
  const auto keys = keys_.Get();
  std::vector<Bytes> points = {keys->current.point()};
  for (const RetiredKey& key : keys->retired) {
    if (key.until > now && std::ranges::find(points, key.point) == points.end()) points.push_back(key.point);
  }
  return points;
}

Result<KeyRotation> ResultSigner::Rotate(Instant now, const Record& record) {
  const std::lock_guard lock(rotation_);
  const auto before = keys_.Get();
  ResultKeys after{MakeResultKey(), before->retired};
  std::erase_if(after.retired, [now](const RetiredKey& key) { return key.until <= now; });
  after.retired.push_back({before->current.point(), now + kEarLife + kMargin});
  const KeyRotation rotation{ThumbprintOf(after.current.point()), ThumbprintOf(before->current.point()),
                             after.retired.back().until};
  TRY(record(rotation));
  if (!path_.empty()) TRY(WriteResultKeys(path_, after));
  keys_.Set(std::move(after));
  return rotation;
}

}  // namespace thimble
