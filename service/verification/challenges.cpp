// SPDX-License-Identifier: Apache-2.0
#include "service/verification/challenges.h"

#include <algorithm>

#include "service/support/randomness.h"
#include "tcb/base/signing_key.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr Seconds kLifetime{300};
constexpr Seconds kNoLonger{24 * 3600};  // that clocks of replicas differ, or somebody tries an old nonce
constexpr size_t kExpiry = 8, kRandom = 8, kMac = 16, kNonce = kExpiry + kRandom + kMac;
constexpr size_t kMaxTaken = 100'000;

Instant ExpiryIn(ByteView nonce) {
  uint64_t seconds = 0;
  for (const uint8_t byte : nonce.subspan(0, kExpiry)) seconds = seconds << 8 | byte;
  return Instant(Seconds(static_cast<int64_t>(seconds)));
}

Error Stale(std::string_view why) { return {ErrorKind::kRejected, Check::kNonce, StrCat("nonce: ", why)}; }

// Of the first bytes.
Bytes Mac(ByteView secret, ByteView first) {
  const Digest256 mac = HmacSha256(secret, first);
  return Bytes(mac.view().begin(), mac.view().begin() + kMac);
}

// By its form, as far as that tells without the secret: random bytes say such a time once in 2^47.
bool LooksIssued(ByteView nonce, Instant now) {
  if (nonce.size() != kNonce) return false;
  const Instant expires = ExpiryIn(nonce);
  return expires > now - kNoLonger && expires < now + kNoLonger;
}

}  // namespace

Challenges::Challenges(NonceLedger* ledger)
    : ledger_(ledger), own_secret_(ledger == nullptr ? RandomBytes(32) : Bytes()) {}

Result<Bytes> Challenges::Secret() const {
  if (ledger_ == nullptr) return own_secret_;
  return ledger_->Secret();
}

Result<Challenges::Challenge> Challenges::Issue(Instant now) const {
  if (ledger_ != nullptr) TRY(ledger_->Reachable());
  TRY_ASSIGN(const Bytes secret, Secret());
  Challenge challenge{{}, now + kLifetime};
  const auto seconds = static_cast<uint64_t>(challenge.expires.time_since_epoch().count());
  for (size_t i = 0; i < kExpiry; ++i)
    challenge.nonce.push_back(static_cast<uint8_t>(seconds >> (8 * (kExpiry - 1 - i))));
  const Bytes random = RandomBytes(kRandom);
  challenge.nonce.insert(challenge.nonce.end(), random.begin(), random.end());
  const Bytes mac = Mac(secret, challenge.nonce);
  challenge.nonce.insert(challenge.nonce.end(), mac.begin(), mac.end());
  return challenge;
}

Result<bool> Challenges::Issued(ByteView nonce, Instant now) const {
  if (nonce.size() != kNonce) return false;
  const auto secret = Secret();
  if (!secret) return LooksIssued(nonce, now) ? Result<bool>(secret.error()) : Result<bool>(false);
  if (EqualConstantTime(nonce.subspan(kExpiry + kRandom), Mac(*secret, nonce.subspan(0, kExpiry + kRandom))))
    return true;
  if (ledger_ != nullptr && LooksIssued(nonce, now))
    return Stale("looks like one of the replicas', and was not made with their secret");
  return false;
}

Status Challenges::Take(ByteView nonce, Instant now) {
  TRY_ASSIGN(const bool issued, Issued(nonce, now));
  if (!issued) return Stale("was not issued here");
  const Instant expires = ExpiryIn(nonce);
  if (now >= expires)
    return Stale(StrCat("expired at ", FormatRfc3339(expires), ", it is ", FormatRfc3339(now)));
  TRY_ASSIGN(const bool first,
             ledger_ == nullptr ? TakeHere(nonce, expires, now) : ledger_->Take(nonce, expires));
  return first ? Status() : Status(Stale("was used before"));
}

Result<bool> Challenges::TakeHere(ByteView nonce, Instant expires, Instant now) {
  const std::lock_guard lock(mutex_);
  taken_.erase(taken_.begin(), taken_.upper_bound(now));
  const auto [begin, end] = taken_.equal_range(expires);
  const bool before = std::any_of(begin, end, [&](const auto& entry) { return Equal(entry.second, nonce); });
  if (before) return false;
  if (taken_.size() >= kMaxTaken)
    return Error{ErrorKind::kUnavailable, Check::kNonce, "nonce: too many are waiting to expire"};
  taken_.emplace(expires, Bytes(nonce.begin(), nonce.end()));
  return true;
}

}  // namespace thimble
